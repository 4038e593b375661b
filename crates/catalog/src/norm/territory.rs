//! Postal codes, and the codes of communes, departments and countries.

use super::is_digits;

/// A French postal code: those of departments, of overseas (97, 98) and of the armies (00).
pub(super) fn postal_code(text: &str) -> Result<(), &'static str> {
    if !is_digits(text, 5) {
        return Err("a postal code has 5 digits");
    }
    if text.starts_with("96") || text.starts_with("99") {
        return Err("no postal code begins so");
    }
    Ok(())
}

/// A department: `01` to `95` without `20`, `2A` and `2B`, and three digits overseas.
pub(super) fn department(text: &str) -> Result<(), &'static str> {
    let exists = match text {
        "2A" | "2B" => true,
        "20" => false,
        two if is_digits(two, 2) => ("01"..="95").contains(&two),
        three => is_digits(three, 3) && is_overseas(three),
    };
    if exists { Ok(()) } else { Err("the COG has no such department") }
}

/// A commune: its department and what makes five characters.
pub(super) fn commune(text: &str) -> Result<(), &'static str> {
    const RULE: &str = "a commune has the 5 characters of the COG: its department and a number";
    let (Some(two), Some(three)) = (text.get(..2), text.get(..3)) else { return Err(RULE) };
    let of = if is_overseas(three) { three } else { two };
    let rest = &text[of.len()..];
    if department(of).is_err() || !is_digits(rest, 5 - of.len()) || rest.bytes().all(|digit| digit == b'0') {
        return Err(RULE);
    }
    Ok(())
}

/// A country: `99` and a number.
pub(super) fn country(text: &str) -> Result<(), &'static str> {
    if is_digits(text, 5) && text.starts_with("99") && &text[2..] != "000" {
        Ok(())
    } else {
        Err("a country has the 5 digits of the COG: `99` and a number")
    }
}

/// Departments and collectivities overseas; 970, 979 and 98 with a 0 are none.
fn is_overseas(three: &str) -> bool {
    ("971"..="978").contains(&three) || ("984"..="989").contains(&three)
}

#[cfg(test)]
mod tests {
    use super::{commune, country, department, postal_code};

    #[test]
    fn a_postal_code_has_five_digits_of_a_place_that_gets_post() {
        for good in ["75007", "01000", "20000", "97400", "98000", "00100", "95999"] {
            assert_eq!(postal_code(good), Ok(()), "{good}");
        }
        for bad in ["", "7500", "750070", "96000", "99100", "2A004", "75 07", "７５００７"] {
            assert!(postal_code(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn departments_are_those_of_the_cog() {
        let two = (0..=99).map(|number| format!("{number:02}")).filter(|code| department(code).is_ok()).count();
        assert_eq!(two, 94, "01 to 95 without 20");
        let three: Vec<u32> = (900..=999).filter(|code| department(&code.to_string()).is_ok()).collect();
        assert_eq!(three, [971, 972, 973, 974, 975, 976, 977, 978, 984, 985, 986, 987, 988, 989]);
        for bad in ["", "1", "2C", "2a", "031", "é"] {
            assert!(department(bad).is_err(), "{bad}");
        }
        assert_eq!((department("2A"), department("2B")), (Ok(()), Ok(())));
    }

    #[test]
    fn a_commune_is_a_department_and_a_number() {
        for good in ["31555", "2A004", "2B033", "97411", "98735", "01001", "75107"] {
            assert_eq!(commune(good), Ok(()), "{good}");
        }
        for bad in
            ["", "31", "3155", "315555", "20004", "96001", "99100", "2A00", "2A0A4", "97000", "31000", "97400", "3é55"]
        {
            assert!(commune(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_country_is_99_and_a_number() {
        for good in ["99100", "99140", "99404"] {
            assert_eq!(country(good), Ok(()), "{good}");
        }
        for bad in ["", "FR", "9910", "99000", "75107", "991000", "99A00", "é9100"] {
            assert!(country(bad).is_err(), "{bad}");
        }
    }
}
