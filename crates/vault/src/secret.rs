//! Thirty-two secret bytes: erased when dropped, never shown.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::random;

/// Length of every secret of the keyring.
pub(crate) const SECRET_BYTES: usize = 32;

/// One secret of 256 bits.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<[u8; SECRET_BYTES]>);

impl Secret {
    pub(crate) fn generate() -> Self {
        Self(Zeroizing::new(random::fill()))
    }

    /// Reads padded standard base64 of exactly 32 bytes; `None` for anything else.
    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        // Room for the longest text that could decode to 32 bytes, as the decoder counts.
        let mut decoded = Zeroizing::new([0; SECRET_BYTES + 4]);
        let Ok(SECRET_BYTES) = STANDARD.decode_slice(text, decoded.as_mut_slice()) else {
            return None;
        };
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        secret.copy_from_slice(&decoded[..SECRET_BYTES]);
        Some(Self(secret))
    }

    pub(crate) fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_slice()))
    }

    pub(crate) fn expose(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }
}

#[cfg(test)]
impl From<[u8; SECRET_BYTES]> for Secret {
    fn from(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_survives_its_text_form() {
        let secret = Secret::generate();
        let read = Secret::from_base64(&secret.to_base64()).unwrap();
        assert_eq!(read.expose(), secret.expose());
    }

    #[test]
    fn only_thirty_two_bytes_are_a_secret() {
        use base64::Engine as _;
        for length in [0, 1, 31, 33, 34, 35, 36, 64] {
            let text = base64::engine::general_purpose::STANDARD.encode(vec![7; length]);
            assert!(Secret::from_base64(&text).is_none(), "{length} bytes were accepted");
        }
        assert!(Secret::from_base64("not base64 at all").is_none());
    }

    #[test]
    fn a_secret_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::from([65; 32])), "Secret(..)");
    }
}
