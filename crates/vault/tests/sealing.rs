//! What is sealed opens under its own key, in its own place, unaltered, and in no other case.

use proptest::prelude::*;
use unefois_vault::{
    Aad, AnswerAad, EntryAad, KeyId, KeyUse, Keyring, OpenError, Pseudonyms, RecordAad, SEAL_OVERHEAD_BYTES,
    SubjectKey, UnknownKeyUse, UnwrapError, WrappedKey,
};

fn key() -> SubjectKey {
    Keyring::generate().new_key(KeyId([1; 16]), KeyUse::Payload).0
}

fn record(dataset: &str, record: [u8; 16], revision: u64) -> Aad {
    RecordAad { dataset, record, revision }.encode()
}

fn entry(origin: &str, entry_id: [u8; 16]) -> Aad {
    EntryAad { origin, entry_id }.encode()
}

fn answer(agency: &str, request_id: &str) -> Aad {
    AnswerAad { agency, request_id }.encode()
}

#[test]
fn sealing_twice_gives_different_bytes() {
    let (key, place) = (key(), entry("hub.invalid/shard/0", [0; 16]));
    assert_ne!(key.seal(&place, b"same"), key.seal(&place, b"same"));
}

#[test]
fn every_place_is_its_own() {
    let places = [
        record("turnover", [0; 16], 1),
        record("turnover", [0; 16], 2),
        record("turnover", [1; 16], 1),
        record("turnove", [0; 16], 1),
        record("", [0; 16], 1),
        entry("turnover", [0; 16]),
        entry("turnover", [1; 16]),
        answer("turnover", "0000000000000000"),
        answer("turnover0", "000000000000000"),
        answer("", ""),
    ];
    let key = key();
    for (sealed_for, place) in places.iter().enumerate() {
        let sealed = key.seal(place, b"of this place only");
        for (opened_for, other) in places.iter().enumerate() {
            assert_eq!(key.open(other, &sealed).is_ok(), sealed_for == opened_for);
        }
    }
}

#[test]
fn another_key_opens_nothing() {
    let place = entry("hub.invalid/shard/0", [0; 16]);
    let sealed = key().seal(&place, b"secret");
    assert_eq!(key().open(&place, &sealed), Err(OpenError::NotAuthentic));
}

#[test]
fn a_sealed_value_cut_short_is_refused() {
    let (key, place) = (key(), entry("hub.invalid/shard/0", [0; 16]));
    let sealed = key.seal(&place, b"");
    assert_eq!(sealed.len(), SEAL_OVERHEAD_BYTES);
    for length_bytes in 0..sealed.len() {
        assert_eq!(key.open(&place, &sealed[..length_bytes]), Err(OpenError::CutShort { length_bytes }));
    }
    let longer = key.seal(&place, b"12");
    assert_eq!(key.open(&place, &longer[..longer.len() - 1]), Err(OpenError::NotAuthentic));
}

#[test]
fn a_wrapped_key_opens_what_the_key_sealed() {
    let keyring = Keyring::generate();
    let place = entry("hub.invalid/shard/0", [0; 16]);
    let (key, wrapped) = keyring.new_key(KeyId([5; 16]), KeyUse::Ledger);
    let again = keyring.unwrap(&wrapped).unwrap();
    assert_eq!((again.id(), again.key_use()), (KeyId([5; 16]), KeyUse::Ledger));
    assert_eq!(again.open(&place, &key.seal(&place, b"x")).unwrap(), b"x");
}

#[test]
fn a_wrapped_key_whose_row_was_changed_does_not_unwrap() {
    let keyring = Keyring::generate();
    let (_, wrapped) = keyring.new_key(KeyId([5; 16]), KeyUse::Payload);
    let other = keyring.new_key(KeyId([6; 16]), KeyUse::Payload).1;
    let cut = wrapped.bytes[..20].to_vec();
    let changed = [
        WrappedKey { id: other.id, ..wrapped.clone() },
        WrappedKey { key_use: KeyUse::Trace, ..wrapped.clone() },
        WrappedKey { bytes: other.bytes, ..wrapped },
        WrappedKey { bytes: cut, ..wrapped },
        WrappedKey { bytes: Vec::new(), ..wrapped },
    ];
    for changed in &changed {
        assert_eq!(keyring.unwrap(changed).unwrap_err(), UnwrapError::NotAuthentic { epoch: 1 });
    }
    let moved = WrappedKey { master_epoch: 2, ..wrapped };
    assert_eq!(keyring.unwrap(&moved).unwrap_err(), UnwrapError::MasterKeyGone { epoch: 2 });
}

#[test]
fn the_number_of_a_use_names_it_alone() {
    for (number, key_use) in [(1, KeyUse::Payload), (2, KeyUse::Trace), (3, KeyUse::Ledger)] {
        assert_eq!(key_use.number(), number);
        assert_eq!(KeyUse::try_from(number), Ok(key_use));
    }
    for number in [0, 4, 255] {
        assert_eq!(KeyUse::try_from(number), Err(UnknownKeyUse(number)));
    }
}

#[test]
fn a_key_shows_nothing_of_its_secret() {
    assert_eq!(
        format!("{:?}", key()),
        "SubjectKey { id: KeyId([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]), key_use: Payload, .. }"
    );
}

#[test]
fn keys_and_pseudonyms_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Keyring>();
    shared::<Pseudonyms>();
    shared::<SubjectKey>();
}

proptest! {
    #[test]
    fn what_is_sealed_opens_unchanged(
        plain in prop::collection::vec(any::<u8>(), 0..600),
        dataset in ".{0,20}",
        id in any::<[u8; 16]>(),
        revision in any::<u64>(),
    ) {
        let (key, place) = (key(), record(&dataset, id, revision));
        let sealed = key.seal(&place, &plain);
        prop_assert_eq!(sealed.len(), plain.len() + SEAL_OVERHEAD_BYTES);
        prop_assert_eq!(key.open(&place, &sealed), Ok(plain));
    }

    #[test]
    fn a_single_flipped_bit_is_found(
        plain in prop::collection::vec(any::<u8>(), 0..100),
        bit in any::<prop::sample::Index>(),
    ) {
        let (key, place) = (key(), record("turnover", [0; 16], 1));
        let mut sealed = key.seal(&place, &plain);
        let bit = bit.index(sealed.len() * 8);
        sealed[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(key.open(&place, &sealed), Err(OpenError::NotAuthentic));
    }

    #[test]
    fn a_single_flipped_bit_of_a_wrapped_key_is_found(bit in 0..60_usize * 8) {
        let keyring = Keyring::generate();
        let (_, mut wrapped) = keyring.new_key(KeyId([1; 16]), KeyUse::Trace);
        prop_assert_eq!(wrapped.bytes.len(), 60);
        wrapped.bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(keyring.unwrap(&wrapped).unwrap_err(), UnwrapError::NotAuthentic { epoch: 1 });
    }

    #[test]
    fn no_two_answers_share_a_place(a in ".{0,6}", b in ".{0,6}", c in ".{0,6}", d in ".{0,6}") {
        prop_assert_eq!(answer(&a, &b) == answer(&c, &d), (a, b) == (c, d));
    }
}
