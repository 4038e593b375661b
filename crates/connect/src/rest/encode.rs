//! Percent-encoding of what goes into an address.

use std::fmt::Write as _;

/// Percent-encodes everything but the unreserved characters (RFC 3986, section 2.3).
pub(super) fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string takes all that is written to it");
        }
    }
}
