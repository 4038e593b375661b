//! Pseudonyms are fixed for ever, differ by every part of what they stand for, and cannot be joined across kinds.

use std::collections::HashSet;
use std::fs;

use proptest::prelude::*;
use unefois_vault::{Keyring, Pseudonyms};

/// Bytes 0 to 31.
const ROOT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_ROOT: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

const SUBJECT: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

fn pseudonyms(root: &str) -> Pseudonyms {
    let folder = tempfile::tempdir().expect("the machine has room for a temporary folder");
    let path = folder.path().join("keyring.toml");
    Keyring::generate().save_new(&path).expect("the folder is new");
    let text = fs::read_to_string(&path).expect("just written");
    let (_, generated) = text.split_once("pseudonym_root = \"").expect("every keyring has a root");
    let text = text.replace(&generated[..44], root);
    fs::write(&path, text).expect("the file is ours");
    Keyring::load(&path).expect("a root like any other").pseudonyms()
}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The expected values were computed apart, with another implementation of HMAC (RFC 2104) and HKDF (RFC 5869).
#[test]
fn pseudonyms_of_a_fixed_root_never_change() {
    let pseudonyms = pseudonyms(ROOT);
    for (pseudonym, expected) in [
        (
            pseudonyms.identifier("nir", "", "2990199999999"),
            "d838a54bbe01242142c87ccd2f6d1f269a0d0801267a04bcd7cb8998d9f26a9e",
        ),
        (
            pseudonyms.subject_for_consumer(SUBJECT, "cnaf"),
            "e514b305b3e7c4780bd5212471c8519f5a9c7b481654d088a392e8d67fa4a7cb",
        ),
        (pseudonyms.search(SUBJECT), "772facc14f3349129ec1cdc67a59b4feca56a731c18b398b03af024226d68eff"),
        (
            pseudonyms.natural_key("declared_turnover/1", "period", b"\x08\xea\x0f"),
            "300d1f294ed0a91b7024f9c8e7ac2836f94848e250eb8596c7322763a8969904",
        ),
        (pseudonyms.request("cnaf", b"body"), "7f71223b59d2c7dcfe4121741e08280422780b0e8590570a05409b9490e17002"),
        (
            pseudonyms.reference("cnaf", "request", "request-1"),
            "f54e1ffee5da43e8456540d09fe1f0b00e2df51dfd2098729e4a6999113f391e",
        ),
        (
            pseudonyms.traits("cnav", "monthly-resources", b"LE ROUX"),
            "b93b6855e0e4c2252a42f8132025ee37678b652e240ccb89dffe4a7dd8d3950a",
        ),
    ] {
        assert_eq!(hex(pseudonym), expected);
    }
}

#[test]
fn every_part_and_every_kind_gives_another_pseudonym() {
    let (here, elsewhere) = (pseudonyms(ROOT), pseudonyms(OTHER_ROOT));
    let other_subject = [9; 16];
    let all = [
        here.identifier("nir", "", "1"),
        here.identifier("siren", "", "1"),
        here.identifier("nir", "cnaf", "1"),
        here.identifier("nir", "", "2"),
        here.identifier("nir1", "", ""),
        here.identifier("", "nir", "1"),
        elsewhere.identifier("nir", "", "1"),
        here.subject_for_consumer(SUBJECT, "cnaf"),
        here.subject_for_consumer(SUBJECT, "cnam"),
        here.subject_for_consumer(SUBJECT, ""),
        here.subject_for_consumer(other_subject, "cnaf"),
        elsewhere.subject_for_consumer(SUBJECT, "cnaf"),
        here.search(SUBJECT),
        here.search(other_subject),
        elsewhere.search(SUBJECT),
        here.natural_key("nir", "", b"1"),
        here.natural_key("a", "b", b"c"),
        here.natural_key("ab", "", b"c"),
        here.natural_key("a", "", b"bc"),
        elsewhere.natural_key("nir", "", b"1"),
        here.request("nir", b"1"),
        here.request("nir1", b""),
        elsewhere.request("nir", b"1"),
        here.traits("nir", "", b"1"),
        here.traits("nir1", "", b""),
        here.traits("", "nir", b"1"),
        elsewhere.traits("nir", "", b"1"),
    ];
    let different: HashSet<[u8; 32]> = all.into_iter().collect();
    assert_eq!(different.len(), all.len());
}

proptest! {
    #[test]
    fn identifiers_are_equal_only_part_by_part(
        one in (".{0,4}", ".{0,4}", ".{0,4}"),
        other in (".{0,4}", ".{0,4}", ".{0,4}"),
    ) {
        let keyring = Keyring::generate();
        let (pseudonyms, again) = (keyring.pseudonyms(), keyring.pseudonyms());
        let of = |by: &Pseudonyms, (kind, issuer, text): &(String, String, String)| by.identifier(kind, issuer, text);
        prop_assert_eq!(of(&pseudonyms, &one), of(&again, &one));
        prop_assert_eq!(of(&pseudonyms, &one) == of(&pseudonyms, &other), one == other);
    }
}
