//! Tokens: what a caller brings back to say where something goes on. Signed, so that none can be made up, or used elsewhere.

use unefois_vault::Pseudonyms;

/// What a token is for: another one's, or one of another kind, is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenOf<'a> {
    /// What kind of token it is.
    pub(crate) kind: &'static str,
    /// The agency that it is given to.
    pub(crate) agency: &'a str,
    /// What it goes on with, such as the filters of a search.
    pub(crate) context: &'a [u8],
}

/// A token that was not given by this hub for this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidToken;

const TAG_BYTES: usize = 16;

impl TokenOf<'_> {
    /// The token that holds these bytes, which its reader can read too.
    pub(crate) fn sign(&self, pseudonyms: &Pseudonyms, bytes: &[u8]) -> String {
        let tag = self.tag(pseudonyms, bytes);
        // Not by `format!`: each event that is told has its cursor.
        let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
        bytes.iter().chain(&tag).flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }

    /// The bytes of a token.
    pub(crate) fn read(&self, pseudonyms: &Pseudonyms, token: &str) -> Result<Vec<u8>, InvalidToken> {
        let digits = token.as_bytes();
        if !digits.len().is_multiple_of(2) {
            return Err(InvalidToken);
        }
        // As they were given only: one token has one text.
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let bytes: Option<Vec<u8>> =
            digits.chunks(2).map(|pair| Some(digit(pair[0])? * 16 + digit(pair[1])?)).collect();
        let mut bytes = bytes.ok_or(InvalidToken)?;
        let at = bytes.len().checked_sub(TAG_BYTES).ok_or(InvalidToken)?;
        let given = bytes.split_off(at);
        if given != self.tag(pseudonyms, &bytes) { Err(InvalidToken) } else { Ok(bytes) }
    }

    fn tag(&self, pseudonyms: &Pseudonyms, bytes: &[u8]) -> [u8; TAG_BYTES] {
        // With its length: otherwise what it holds could move into the context of another.
        let length = (bytes.len() as u64).to_be_bytes();
        let parts = [self.kind.as_bytes(), &[0], &length, bytes, self.context];
        let digest = pseudonyms.request(self.agency, &parts.concat());
        *digest.first_chunk::<TAG_BYTES>().expect("a digest has 32 bytes")
    }
}

#[cfg(test)]
mod tests {
    use unefois_vault::Keyring;

    use super::*;

    const OF: TokenOf<'_> = TokenOf { kind: "test", agency: "cnaf", context: b"filters" };

    #[test]
    fn a_token_comes_back_as_its_bytes_and_for_what_it_was_given_only() {
        let pseudonyms = Keyring::generate().pseudonyms();
        for bytes in [&b""[..], b"7", &[0, 255, 16]] {
            let token = OF.sign(&pseudonyms, bytes);
            assert_eq!(OF.read(&pseudonyms, &token).unwrap(), bytes);
            let others = [
                TokenOf { kind: "other", ..OF },
                TokenOf { agency: "cnav", ..OF },
                TokenOf { context: b"filter", ..OF },
            ];
            assert!(others.iter().all(|other| other.read(&pseudonyms, &token) == Err(InvalidToken)));
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let pseudonyms = Keyring::generate().pseudonyms();
        let good = OF.sign(&pseudonyms, b"somewhere");
        let upper = good.to_uppercase();
        for token in ["", "0", "zz", "é0", &good[2..], &good[..good.len() - 2], &format!("00{good}"), &upper] {
            assert_eq!(OF.read(&pseudonyms, token), Err(InvalidToken), "{token}");
        }
    }
}
