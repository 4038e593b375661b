//! The W3C trace context of one call: read strictly, written as version 00.

use std::fmt;

/// A place in a trace: the trace, the span that is the parent of what follows, and whether it is being recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    pub(crate) trace: u128,
    pub(crate) span: u64,
    pub(crate) is_sampled: bool,
}

/// The length of a `traceparent` of version 00.
const LENGTH: usize = 55;

impl TraceContext {
    /// Reads a `traceparent` (W3C Trace Context, section 3.2). A later version is read as far as it is like this one;
    /// what is malformed is no context at all, as the recommendation wants it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (known, rest) = text.split_at_checked(LENGTH)?;
        let mut parts = known.split('-');
        let [version, trace, span, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        let (version, flags) = (hexadecimal(version, 2)?, hexadecimal(flags, 2)?);
        let ends_well = rest.is_empty() || (version > 0 && rest.starts_with('-'));
        let (trace, span) = (hexadecimal(trace, 32)?, hexadecimal(span, 16)?);
        let is_valid = parts.next().is_none() && ends_well && version != 0xff && trace != 0 && span != 0;
        is_valid.then_some(Self { trace, span: span as u64, is_sampled: flags & 1 == 1 })
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.is_sampled))
    }
}

/// A number in exactly that many lower-case digits.
fn hexadecimal(text: &str, digits: usize) -> Option<u128> {
    let is_shaped = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_shaped { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::TraceContext;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_written_as_it_was_read() {
        assert_eq!(TraceContext::parse(GOOD).unwrap().to_string(), GOOD);
        let unsampled = GOOD.replace("-01", "-00");
        let read = TraceContext::parse(&unsampled).unwrap();
        assert!(!read.is_sampled);
        assert_eq!(read.to_string(), unsampled);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = GOOD.replacen("00", "cc", 1);
        for text in [later.clone(), format!("{later}-what-the-future-brings")] {
            assert_eq!(TraceContext::parse(&text), TraceContext::parse(GOOD), "{text}");
        }
        assert_eq!(TraceContext::parse(&format!("{later}.nothing")), None);
    }

    #[test]
    fn what_is_malformed_is_no_context() {
        let zero_trace = "00-00000000000000000000000000000000-00f067aa0ba902b7-01".to_owned();
        let zero_span = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01".to_owned();
        let bad = [
            String::new(),
            "é".repeat(40),
            zero_trace,
            zero_span,
            GOOD.to_uppercase(),
            GOOD.replace('-', "_"),
            GOOD[..54].to_owned(),
            format!("{GOOD}-more"),
            GOOD.replacen("00", "ff", 1),
            GOOD.replacen("00", "0g", 1),
            GOOD.replacen("00-4", "00--", 1),
        ];
        for text in bad {
            assert_eq!(TraceContext::parse(&text), None, "{text}");
        }
    }
}
