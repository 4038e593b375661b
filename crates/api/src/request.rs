//! What every request carries beside its message: the caller, the trace and the deadline.

use std::time::Duration;

use tonic::{Extensions, Status, metadata::MetadataMap};
use unefois_broker::Failure;
use unefois_core::{Caller, Reason};
use unefois_telemetry::Trace;

use crate::status::status_of;

/// The caller, as the door identified it.
pub(crate) fn caller(extensions: &Extensions) -> Result<Caller, Status> {
    let caller = extensions.get::<Caller>().cloned();
    caller.ok_or_else(|| status_of(&Failure::new(Reason::CertificateMissing)))
}

/// The trace of the call, as it was begun when the call came in.
pub(crate) fn trace(extensions: &Extensions) -> Trace {
    extensions.get::<Trace>().cloned().unwrap_or_default()
}

/// How long the caller waits: the `grpc-timeout` header, at most eight digits and a unit.
pub(crate) fn deadline(metadata: &MetadataMap) -> Option<Duration> {
    let value = metadata.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.len() > 8 {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 60 * 60)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// A reference that is required: 1 to `length_max` characters.
pub(crate) fn reference(text: String, field: &str, length_max: usize) -> Result<String, Status> {
    if text.is_empty() {
        return Err(status_of(&Failure::field(Reason::ContextIncomplete, field, "it is required")));
    }
    if text.chars().count() > length_max {
        let rule = format!("at most {length_max} characters");
        return Err(status_of(&Failure::field(Reason::ArgumentTooLong, field, rule)));
    }
    Ok(text)
}

/// A filter of a search, absent when it is empty: at most `length_max` characters, because the ledger keeps it.
pub(crate) fn filter(text: String, field: &str, length_max: usize) -> Result<Option<String>, Status> {
    if text.is_empty() { Ok(None) } else { reference(text, field, length_max).map(Some) }
}

/// How many items a page holds: what is asked, or the default for 0, within the limit.
pub(crate) fn page_size(asked: i32, (default, max): (u32, u32)) -> Result<u32, Status> {
    match u32::try_from(asked) {
        Ok(0) => Ok(default),
        Ok(size) => Ok(size.min(max)),
        Err(_negative) => Err(status_of(&Failure::field(Reason::ArgumentInvalid, "page_size", "it is not negative"))),
    }
}
