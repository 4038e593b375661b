//! Account numbers and banks.

/// How long an account number of each country is (the registry of ISO 13616, kept by SWIFT).
const IBAN_LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// An account number without spaces, in upper case.
pub(super) fn iban(text: &str) -> Result<(), &'static str> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        return Err("an IBAN has digits and capital letters only, without spaces");
    }
    let country = text.get(..2).unwrap_or_default();
    let Some((_, length)) = IBAN_LENGTHS.iter().find(|(code, _)| *code == country) else {
        return Err("an IBAN begins with a country of the registry");
    };
    if text.len() != *length {
        return Err("an IBAN has the length that the registry gives for its country");
    }
    // Numbers below and above leave the same remainders; none is given out.
    if !text.get(2..4).is_some_and(|key| key.bytes().all(|byte| byte.is_ascii_digit()) && ("02"..="98").contains(&key))
    {
        return Err("the key of an IBAN has two digits, 02 to 98");
    }
    // The four characters in front go to the end; letters count as 10 to 35 (ISO 7064, MOD 97-10).
    let remainder = text.bytes().cycle().skip(4).take(text.len()).fold(0_u32, |so_far, byte| match byte {
        b'0'..=b'9' => (so_far * 10 + u32::from(byte - b'0')) % 97,
        letter => (so_far * 100 + u32::from(letter - b'A') + 10) % 97,
    });
    if remainder == 1 { Ok(()) } else { Err("the key of the IBAN is wrong") }
}

/// A bank, or one of its branches.
pub(super) fn bic(text: &str) -> Result<(), &'static str> {
    let bytes = text.as_bytes();
    if !matches!(bytes.len(), 8 | 11) {
        return Err("a BIC has 8 or 11 characters");
    }
    let (country, others) = (&bytes[4..6], [&bytes[..4], &bytes[6..]].concat());
    if !country.iter().all(u8::is_ascii_uppercase)
        || !others.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    {
        return Err("a BIC has digits and capital letters only, and a country in the fifth and sixth place");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{IBAN_LENGTHS, bic, iban};

    /// The account number of that country and body with the right key.
    fn keyed(country: &str, body: &str) -> String {
        let keys = (0..=99).map(|key| format!("{country}{key:02}{body}"));
        keys.into_iter().find(|text| iban(text).is_ok()).unwrap_or_default()
    }

    #[test]
    fn the_examples_of_the_registry_are_account_numbers() {
        for text in [
            "FR1420041010050500013M02606",
            "DE89370400440532013000",
            "GB29NWBK60161331926819",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
            "BE68539007547034",
            "CH9300762011623852957",
            "MC5811222000010123456789030",
        ] {
            assert_eq!(iban(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn every_country_has_its_length_and_no_other() {
        for (country, length) in IBAN_LENGTHS {
            let body = "0".repeat(length - 4);
            assert_eq!(keyed(country, &body).len(), *length, "{country}");
            assert_eq!(keyed(country, &body[1..]), "", "{country}");
            assert_eq!(keyed(country, &format!("{body}0")), "", "{country}");
        }
    }

    #[test]
    fn a_key_that_leaves_the_remainder_of_another_is_none() {
        for (key, other) in [("97", "00"), ("98", "01"), ("02", "99")] {
            let bodies = (0..1000).map(|body| format!("{body:012}"));
            let body = bodies.into_iter().find(|body| iban(&format!("BE{key}{body}")).is_ok()).unwrap();
            assert!(iban(&format!("BE{other}{body}")).is_err(), "{body}");
        }
        for (first, second) in (b'A'..=b'Z').flat_map(|first| (b'A'..=b'Z').map(move |second| (first, second))) {
            let letters = format!("FR{}{}20041010050500013M02606", char::from(first), char::from(second));
            assert!(iban(&letters).is_err(), "{letters}");
        }
    }

    #[test]
    fn a_slip_in_an_account_number_is_found() {
        let good = "FR1420041010050500013M02606";
        for place in 2..good.len() {
            let mut slip = good.as_bytes().to_vec();
            slip[place] = if slip[place] == b'9' { b'8' } else { b'9' };
            assert!(iban(std::str::from_utf8(&slip).unwrap()).is_err(), "{place}");
        }
        for other in
            ["", "F", "FR", "US64SVBKUS6S3300958879", "fr1420041010050500013m02606", "FR14 2004 1010 0505", "ÉÉ"]
        {
            assert!(iban(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_bank_has_eight_or_eleven_characters_and_a_country() {
        for good in ["AGRIFRPP", "PSSTFRPPPAR", "BNPAFRPPXXX", "DEUTDEFF500", "1ABCFR22"] {
            assert_eq!(bic(good), Ok(()), "{good}");
        }
        for bad in ["", "AGRIFRP", "AGRIFRPP1", "AGRI1RPP", "AGRIF1PP", "agrifrpp", "AGRIFRPÉ", "AGRIFRPPPA-"] {
            assert!(bic(bad).is_err(), "{bad}");
        }
    }
}
