//! How somebody is reached: e-mail addresses and telephone numbers.

/// How long an e-mail address may be (RFC 5321, section 4.5.3.1.3, without the brackets).
const EMAIL_LENGTH_MAX: usize = 254;
/// How long its part before the `@` may be (section 4.5.3.1.1).
const EMAIL_LOCAL_LENGTH_MAX: usize = 64;
/// How many digits a telephone number has at least, and at most (ITU-T E.164, section 6).
const TELEPHONE_DIGITS: std::ops::RangeInclusive<usize> = 6..=15;

/// An e-mail address without quotes, comments or an address in brackets.
pub(super) fn email(text: &str) -> Result<(), &'static str> {
    const RULE: &str = "an e-mail address is a name, `@` and a domain, in ASCII";
    if text.len() > EMAIL_LENGTH_MAX {
        return Err("an e-mail address has 254 characters at most");
    }
    let Some((local, domain)) = text.split_once('@') else { return Err(RULE) };
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let local_is_good = (1..=EMAIL_LOCAL_LENGTH_MAX).contains(&local.len())
        && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom));
    let label_is_good = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let domain_is_good = domain.contains('.') && domain.split('.').all(label_is_good);
    if local_is_good && domain_is_good { Ok(()) } else { Err(RULE) }
}

/// A telephone number: `+`, the prefix of a country, the number.
pub(super) fn telephone(text: &str) -> Result<(), &'static str> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let is_good = TELEPHONE_DIGITS.contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if is_good { Ok(()) } else { Err("a telephone number is `+`, the prefix of its country and digits, 15 at most") }
}

#[cfg(test)]
mod tests {
    use super::{email, telephone};

    #[test]
    fn an_email_address_is_a_name_and_a_domain() {
        let long = format!("{}@exemple.fr", "a".repeat(64));
        for good in ["marie@exemple.fr", "m.a-r+ie_2@sous.exemple.fr", long.as_str()] {
            assert_eq!(email(good), Ok(()), "{good}");
        }
        let too_long = format!("{}@exemple.fr", "a".repeat(65));
        let far_too_long = format!("a@{}fr", "exemple.".repeat(40));
        for bad in [
            "",
            "marie",
            "@exemple.fr",
            "marie@",
            "marie@exemple",
            "marie@-a.fr",
            "marie@a-.fr",
            "marie@a..fr",
            ".m@a.fr",
            "m.@a.fr",
            "a b@exemple.fr",
            "a@b@exemple.fr",
            "é@exemple.fr",
            "a@exemple.fr\n",
            &too_long,
            &far_too_long,
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_telephone_number_has_the_prefix_of_its_country() {
        for good in ["+33601020304", "+262262000000", "+41221234567", "+290123", "+123456789012345"] {
            assert_eq!(telephone(good), Ok(()), "{good}");
        }
        for bad in
            ["", "+", "0601020304", "33601020304", "+0601020304", "+33 6", "+12345", "+1234567890123456", "++3360102"]
        {
            assert!(telephone(bad).is_err(), "{bad}");
        }
    }
}
