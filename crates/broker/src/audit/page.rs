//! Page tokens: where a search goes on in each shard. Signed, so that none can be made up.

use unefois_vault::Pseudonyms;

/// Where a page begins in one shard. The places of the first page are the sizes of all shards: no later page shows more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PagePlace {
    /// The slot of the shard.
    pub(crate) slot: u32,
    /// The page holds entries below this position.
    pub(crate) before: u64,
}

/// A token that was not given by this hub for this search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidToken;

const SLOT_BYTES: usize = 4;
const PLACE_BYTES: usize = SLOT_BYTES + 8;
const TAG_BYTES: usize = 16;

/// The token of these places in the search of `filters` by `agency`; empty where nothing is left.
pub(crate) fn token(places: &[PagePlace], pseudonyms: &Pseudonyms, agency: &str, filters: &[u8]) -> String {
    if places.is_empty() {
        return String::new();
    }
    let numbers: Vec<u8> = places.iter().flat_map(|place| place.bytes()).collect();
    let tag = tag(pseudonyms, agency, filters, &numbers);
    numbers.iter().chain(&tag).map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a token of the same search.
pub(crate) fn of_token(
    token: &str,
    pseudonyms: &Pseudonyms,
    agency: &str,
    filters: &[u8],
) -> Result<Vec<PagePlace>, InvalidToken> {
    let digits = token.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return Err(InvalidToken);
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(|pair| Some(digit(pair[0])? * 16 + digit(pair[1])?)).collect();
    let bytes = bytes.ok_or(InvalidToken)?;
    let (numbers, given) = bytes.split_last_chunk::<TAG_BYTES>().ok_or(InvalidToken)?;
    if *given != tag(pseudonyms, agency, filters, numbers) {
        return Err(InvalidToken);
    }
    numbers.chunks(PLACE_BYTES).map(|place| PagePlace::of_bytes(place).ok_or(InvalidToken)).collect()
}

impl PagePlace {
    fn bytes(self) -> [u8; PLACE_BYTES] {
        let mut bytes = [0; PLACE_BYTES];
        bytes[..SLOT_BYTES].copy_from_slice(&self.slot.to_be_bytes());
        bytes[SLOT_BYTES..].copy_from_slice(&self.before.to_be_bytes());
        bytes
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (slot, before) = bytes.split_first_chunk::<SLOT_BYTES>()?;
        let before = before.try_into().ok()?;
        Some(Self { slot: u32::from_be_bytes(*slot), before: u64::from_be_bytes(before) })
    }
}

fn tag(pseudonyms: &Pseudonyms, agency: &str, filters: &[u8], numbers: &[u8]) -> [u8; TAG_BYTES] {
    // With its length: otherwise a place could move into the filters of another search.
    let length = (numbers.len() as u64).to_be_bytes();
    let digest = pseudonyms.request(agency, &[&b"page token"[..], &length, numbers, filters].concat());
    *digest.first_chunk::<TAG_BYTES>().expect("a digest has 32 bytes")
}

#[cfg(test)]
mod tests {
    use unefois_vault::Keyring;

    use super::*;

    const FILTERS: &[u8] = b"what is searched for, long enough that a place of another search could stand in it";

    #[test]
    fn a_token_comes_back_as_the_places_of_every_shard() {
        let pseudonyms = Keyring::generate().pseudonyms();
        let places = [(0, 7), (1, u64::MAX), (u32::MAX, 1)].map(|(slot, before)| PagePlace { slot, before });
        for count in 1..=places.len() {
            let token = token(&places[..count], &pseudonyms, "auditor", FILTERS);
            assert_eq!(of_token(&token, &pseudonyms, "auditor", FILTERS).unwrap(), places[..count]);
        }
        assert_eq!(token(&[], &pseudonyms, "auditor", FILTERS), "", "nothing is left");
    }

    #[test]
    fn nothing_can_be_moved_between_the_places_and_the_filters() {
        let pseudonyms = Keyring::generate().pseudonyms();
        let good = token(&[PagePlace { slot: 0, before: 7 }], &pseudonyms, "auditor", FILTERS);
        let (places, tag) = good.split_at(2 * PLACE_BYTES);
        let moved: String = FILTERS[..PLACE_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
        let longer = format!("{places}{moved}{tag}");
        assert_eq!(of_token(&longer, &pseudonyms, "auditor", &FILTERS[PLACE_BYTES..]), Err(InvalidToken));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let pseudonyms = Keyring::generate().pseudonyms();
        let good = token(&[PagePlace { slot: 0, before: 7 }], &pseudonyms, "auditor", FILTERS);
        for token in ["0", "zz", "é0", &good[2..], &good[..good.len() - 2], &format!("00{good}"), &"00".repeat(32)] {
            assert_eq!(of_token(token, &pseudonyms, "auditor", FILTERS), Err(InvalidToken), "{token}");
        }
    }
}
