//! Page tokens: where a search goes on, and in which state of the ledger. Signed, so that none can be made up.

use unefois_vault::Pseudonyms;

/// Where the next page of a search begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PagePlace {
    /// How many entries the ledger had at the first page.
    pub(crate) size: u64,
    /// The page holds entries below this position.
    pub(crate) before: u64,
}

/// A token that was not given by this hub for this search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidToken;

const NUMBERS_BYTES: usize = 16;
const TAG_BYTES: usize = 16;

impl PagePlace {
    /// The first page of a search, in a ledger of that size.
    pub(crate) fn newest(size: u64) -> Self {
        Self { size, before: size }
    }

    /// The token of this place in the search of `filters` by `agency`.
    pub(crate) fn token(self, pseudonyms: &Pseudonyms, agency: &str, filters: &[u8]) -> String {
        let numbers = [self.size.to_be_bytes(), self.before.to_be_bytes()].concat();
        let tag = tag(pseudonyms, agency, filters, &numbers);
        numbers.iter().chain(&tag).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a token of the same search.
    pub(crate) fn of_token(
        token: &str,
        pseudonyms: &Pseudonyms,
        agency: &str,
        filters: &[u8],
    ) -> Result<Self, InvalidToken> {
        let digits = token.as_bytes();
        if digits.len() != 2 * (NUMBERS_BYTES + TAG_BYTES) {
            return Err(InvalidToken);
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let bytes: Option<Vec<u8>> =
            digits.chunks(2).map(|pair| Some(digit(pair[0])? * 16 + digit(pair[1])?)).collect();
        let bytes = bytes.ok_or(InvalidToken)?;
        let (numbers, given) = bytes.split_at(NUMBERS_BYTES);
        if given != tag(pseudonyms, agency, filters, numbers) {
            return Err(InvalidToken);
        }
        let (size, before) = numbers.split_first_chunk::<8>().ok_or(InvalidToken)?;
        let before = before.first_chunk::<8>().ok_or(InvalidToken)?;
        Ok(Self { size: u64::from_be_bytes(*size), before: u64::from_be_bytes(*before) })
    }
}

fn tag(pseudonyms: &Pseudonyms, agency: &str, filters: &[u8], numbers: &[u8]) -> [u8; TAG_BYTES] {
    let digest = pseudonyms.request(agency, &[b"page token", numbers, filters].concat());
    *digest.first_chunk::<TAG_BYTES>().expect("a digest has 32 bytes")
}
