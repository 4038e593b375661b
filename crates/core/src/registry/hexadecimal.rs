//! Digests in registry files: 64 hexadecimal digits.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(crate) fn text(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn serialize<S: Serializer>(digest: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(digest))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let digits = String::deserialize(deserializer)?;
    parse(&digits).ok_or_else(|| D::Error::custom("a digest has 64 hexadecimal digits"))
}

fn parse(digits: &str) -> Option<[u8; 32]> {
    // Parsing a number would let `+5` through.
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(digits.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::{parse, text};

    #[test]
    fn a_digest_is_64_hexadecimal_digits_and_nothing_else() {
        let good = "0123456789abcdefABCDEF0123456789".repeat(2);
        assert_eq!(text(&parse(&good).unwrap()), good.to_lowercase());
        let [short, long] = [&good[..62], &format!("{good}00")].map(str::to_owned);
        let [signed, foreign, other] = ["+f", "é", "0g"].map(|pair| format!("{}{pair}", &good[..62]));
        for bad in [String::new(), short, good[..63].to_owned(), long, signed, foreign, other] {
            assert_eq!(parse(&bad), None, "{bad}");
        }
    }
}
