//! What each kind of identifier accepts, refuses and never shows.

use proptest::prelude::*;

use super::{Identifier, IdentifierKind, InvalidIdentifier, Sandbox};
use crate::agency::AgencyCode;
use IdentifierKind::{Local, Nir, Siren, Siret, Spi};

/// Numbers that were published as examples, and ones made up here from the rule of the key.
const GOOD: &[(IdentifierKind, &str)] = &[
    (Nir, "2 55 08 14 168 025 38"),
    (Nir, "2 95 10 99 126 111 93"),
    (Nir, "253072B07300470"),
    (Nir, "253072A07300443"),
    (Nir, "253072a07300443"),
    (Siren, "732 829 320"),
    (Siren, "000000000"),
    (Siret, "732 829 320 00074"),
    (Siret, "00000000000000"),
    (Siret, "356 000 000 00048"),
    (Siret, "35600000049837"),
    (Spi, "30 23 217 600 053"),
];

fn parse(kind: IdentifierKind, text: &str) -> Result<Identifier, InvalidIdentifier> {
    Identifier::parse(kind, text, &Sandbox::default())
}

/// A number of that body with the key that the rule of the NIR gives it.
fn nir_with_key(body: &str) -> String {
    let digits = body.replace("2A", "19").replace("2B", "18");
    format!("{body}{:02}", 97 - digits.parse::<u64>().unwrap() % 97)
}

#[test]
fn known_good_identifiers_are_accepted() {
    for (kind, text) in GOOD {
        assert!(parse(*kind, text).is_ok(), "{kind:?} {text}");
    }
}

#[test]
fn a_wrong_key_is_refused() {
    for (kind, text) in [
        (Nir, "255081416802539"),
        (Nir, "253072A07300470"),
        (Siren, "732829321"),
        (Siret, "73282932000075"),
        (Siret, "13002526500001"),
        (Siret, "35600000049838"),
        (Spi, "3023217600054"),
    ] {
        assert!(parse(kind, text).is_err(), "{kind:?} {text}");
    }
}

#[test]
fn an_establishment_of_la_poste_goes_by_the_sum_of_its_digits_and_not_by_luhn() {
    let (by_sum, by_luhn) = ("35600000000010", "35600000000030");
    assert!(!super::luhn::fits(by_sum) && parse(Siret, by_sum).is_ok());
    assert!(super::luhn::fits(by_luhn) && parse(Siret, by_luhn).is_err());
}

#[test]
fn another_shape_is_refused() {
    for (kind, text) in [
        (Nir, "2550814168025"),
        (Nir, "25508141680253é"),
        (Nir, "253072C07300443"),
        (Nir, "2550814168025+8"),
        (Siren, ""),
        (Siren, "73282932O"),
        (Siren, "7328293200"),
        (Siret, "732829320"),
        (Siret, "7328293200007é"),
        (Spi, "4023217600053"),
        (Spi, "+302321760005"),
        (Local, "a job seeker's number has an agency"),
    ] {
        assert!(parse(kind, text).is_err(), "{kind:?} {text}");
    }
}

#[test]
fn a_sign_is_no_digit_of_a_key() {
    // Read as a number, the key `+5` would pass for `05`.
    let mut numbers = (0..1000).map(|order| nir_with_key(&format!("2550814168{order:03}")));
    let good = numbers.find(|nir| nir.ends_with("05")).unwrap();
    assert!(parse(Nir, &good).is_ok());
    assert!(parse(Nir, &format!("{}+5", &good[..13])).is_err());
}

#[test]
fn a_nir_has_a_sex_and_a_month_that_can_be() {
    let born_in = |month: u32| parse(Nir, &nir_with_key(&format!("255{month:02}14168025"))).is_ok();
    let accepted: Vec<u32> = (0..100).filter(|month| born_in(*month)).collect();
    let expected: Vec<u32> = (1..=12).chain([20]).chain(30..=42).chain(50..=99).collect();
    assert_eq!(accepted, expected);

    let of_sex = |sex: u32| parse(Nir, &nir_with_key(&format!("{sex}550814168025"))).is_ok();
    assert_eq!((0..10).filter(|sex| of_sex(*sex)).collect::<Vec<_>>(), [1, 2, 3, 4, 7, 8]);
}

#[test]
fn a_local_identifier_is_1_to_64_visible_ascii_characters() {
    let local = |value: &str| Identifier::local(AgencyCode::parse("france-travail").unwrap(), value);
    assert!(local("1234567-A").is_ok());
    assert!(local(&"x".repeat(64)).is_ok());
    for value in ["", "12 34", "é", "1\n", &"x".repeat(65)] {
        assert!(local(value).is_err(), "{value:?}");
    }
}

#[test]
fn the_canonical_form_has_no_spaces_no_key_of_a_nir_and_the_agency_of_a_local_identifier() {
    let canonical = |kind, text| {
        let identifier = parse(kind, text).unwrap();
        let (code, issuer, text) = identifier.canonical();
        (code, issuer.to_owned(), text)
    };
    assert_eq!(canonical(Nir, "2 55 08 14 168 025 38"), ("nir", String::new(), "2550814168025".to_owned()));
    assert_eq!(canonical(Siren, "732 829 320"), ("siren", String::new(), "732829320".to_owned()));
    let local = Identifier::local(AgencyCode::parse("france-travail").unwrap(), "1234567A").unwrap();
    assert_eq!(local.canonical(), ("local", "france-travail", "1234567A".to_owned()));
}

#[test]
fn a_sandbox_identifier_is_accepted_only_when_it_is_listed() {
    let siret = "130 025 265 00001";
    let listed = Sandbox::of([(Siret, siret.to_owned()), (Nir, "255081416802539".to_owned())]);
    assert!(parse(Siret, siret).is_err());
    assert!(Identifier::parse(Siret, "13002526500001", &listed).is_ok());
    assert!(Identifier::parse(Nir, "2 55 08 14 168 025 39", &listed).is_ok());
    assert!(Identifier::parse(Siren, "130025266", &listed).is_err());
}

#[test]
fn the_sandbox_excuses_no_wrong_length_or_character() {
    let listed = Sandbox::of([(Siret, "1300252650000".to_owned()), (Nir, "2X0814168025389".to_owned())]);
    assert!(Identifier::parse(Siret, "1300252650000", &listed).is_err());
    assert!(Identifier::parse(Nir, "2X0814168025389", &listed).is_err());
}

#[test]
fn an_identifier_is_never_shown() {
    let local = Identifier::local(AgencyCode::parse("cnaf").unwrap(), "732829320").unwrap();
    let all = GOOD.iter().map(|(kind, text)| parse(*kind, text).unwrap()).chain([local]);
    for identifier in all {
        let hidden = format!("{}:***", identifier.kind().code());
        assert_eq!((format!("{identifier:?}"), identifier.to_string()), (hidden.clone(), hidden));
    }
    let listed = Sandbox::of([(Siren, "732829321".to_owned())]);
    assert_eq!(format!("{listed:?}"), "Sandbox(1 identifiers)");
    let invalid = parse(Siren, "732829321").unwrap_err();
    assert!(!format!("{listed:?} {invalid:?} {invalid}").contains("732829321"));
}

#[test]
fn codes_of_kinds_are_read_back() {
    for kind in IdentifierKind::ALL {
        assert_eq!(IdentifierKind::from_code(kind.code()), Some(kind));
    }
    assert_eq!(IdentifierKind::from_code("NIR"), None);
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in "\\PC{0,20}", kind in prop::sample::select(&IdentifierKind::ALL)) {
        let _outcome = parse(kind, &text);
    }

    #[test]
    fn one_changed_digit_of_a_siren_is_found(
        body in "[0-9]{8}", place in 0_usize..9, other in prop::char::range('0', '9'),
    ) {
        let good = (0..10).map(|key| format!("{body}{key}")).find(|siren| parse(Siren, siren).is_ok()).unwrap();
        let mut changed = good.clone();
        changed.replace_range(place..=place, &other.to_string());
        prop_assert_eq!(parse(Siren, &changed).is_ok(), changed == good);
    }

    #[test]
    fn one_changed_digit_of_a_nir_is_found(
        body in "[12][0-9]{2}(0[1-9]|1[0-2])([013-9][0-9]|2A|2B)[0-9]{6}",
        place in 0_usize..15,
        other in prop::char::range('0', '9'),
    ) {
        let good = nir_with_key(&body);
        prop_assert!(parse(Nir, &good).is_ok());
        let mut changed = good.clone();
        changed.replace_range(place..=place, &other.to_string());
        // 97 is prime, and no digit times a power of ten is a multiple of it.
        prop_assert_eq!(parse(Nir, &changed).is_ok(), changed == good);
    }
}
