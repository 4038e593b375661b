//! Page tokens: where a search goes on in each shard. Signed, so that none can be made up.

use unefois_vault::Pseudonyms;

use crate::token::{InvalidToken, TokenOf};

/// Where a page begins in one shard. The places of the first page are the sizes of all shards: no later page shows more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PagePlace {
    /// The slot of the shard.
    pub(crate) slot: u32,
    /// The page holds entries below this position.
    pub(crate) before: u64,
}

const SLOT_BYTES: usize = 4;
const PLACE_BYTES: usize = SLOT_BYTES + 8;

/// The token of these places in the search of `filters` by `agency`; empty where nothing is left.
pub(crate) fn token(places: &[PagePlace], pseudonyms: &Pseudonyms, agency: &str, filters: &[u8]) -> String {
    if places.is_empty() {
        return String::new();
    }
    let numbers: Vec<u8> = places.iter().flat_map(|place| place.bytes()).collect();
    of(agency, filters).sign(pseudonyms, &numbers)
}

/// Reads a token of the same search.
pub(crate) fn of_token(
    token: &str,
    pseudonyms: &Pseudonyms,
    agency: &str,
    filters: &[u8],
) -> Result<Vec<PagePlace>, InvalidToken> {
    let numbers = of(agency, filters).read(pseudonyms, token)?;
    numbers.chunks(PLACE_BYTES).map(|place| PagePlace::of_bytes(place).ok_or(InvalidToken)).collect()
}

fn of<'a>(agency: &'a str, filters: &'a [u8]) -> TokenOf<'a> {
    TokenOf { kind: "page of a search", agency, context: filters }
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
}
