//! Codes: the short names of agencies, datasets and agreements.

/// A text that is not a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a code of {what} has 2 to {length_max} characters of `a-z`, `0-9` and `-`, and starts with a letter")]
pub struct InvalidCode {
    /// What the code was to name.
    pub what: &'static str,
    /// How long it may be.
    pub length_max: usize,
}

/// Checks that `text` is a code.
pub(crate) fn check(text: &str, what: &'static str, length_max: usize) -> Result<(), InvalidCode> {
    let good = (2..=length_max).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if good { Ok(()) } else { Err(InvalidCode { what, length_max }) }
}

/// Makes a type of its own for the codes of one noun.
macro_rules! code_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $length_max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses a code.
            ///
            /// # Errors
            /// The text has another shape.
            pub fn parse(text: &str) -> Result<Self, $crate::code::InvalidCode> {
                $crate::code::check(text, $what, $length_max)?;
                Ok(Self(text.to_owned()))
            }

            /// The code.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::code::InvalidCode;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::code::InvalidCode;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use code_type;

/// How many digits a code that names nobody may have: the shortest identifier of a person or company has nine.
const IMPERSONAL_DIGITS_MAX: usize = 4;

/// A reason in the words of an agency that names nobody: a code, such as `benefit-claim`, with at most 4 digits. It may be
/// stored and shown in clear, because no identifier fits in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImpersonalCode(String);

/// A text that is no such reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a reason has 2 to 60 characters of `a-z`, `0-9` and `-`, starts with a letter, and has at most 4 digits")]
pub struct InvalidImpersonalCode;

impl ImpersonalCode {
    /// Parses a reason.
    ///
    /// # Errors
    /// The text has another shape.
    pub fn parse(text: &str) -> Result<Self, InvalidImpersonalCode> {
        check(text, "a reason", 60).map_err(|_shape| InvalidImpersonalCode)?;
        if text.bytes().filter(u8::is_ascii_digit).count() > IMPERSONAL_DIGITS_MAX {
            return Err(InvalidImpersonalCode);
        }
        Ok(Self(text.to_owned()))
    }

    /// The reason.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::ImpersonalCode;
    use crate::{AgencyCode, AgreementId, DatasetId};

    #[test]
    fn a_code_has_2_to_its_greatest_length_of_small_letters_digits_and_hyphens() {
        for good in ["ca", "france-travail", "caf-31"] {
            assert_eq!(AgencyCode::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "c", "Cnaf", "caf_31", "caf 31", "café", "31-caf", "-caf", "cnaf\n"] {
            assert!(AgencyCode::parse(bad).is_err(), "{bad:?}");
        }
        assert!(AgencyCode::parse(&"a".repeat(40)).is_ok() && AgencyCode::parse(&"a".repeat(41)).is_err());
        assert!(DatasetId::parse(&"a".repeat(60)).is_ok() && DatasetId::parse(&"a".repeat(61)).is_err());
        assert!(AgreementId::parse(&"a".repeat(60)).is_ok() && AgreementId::parse(&"a".repeat(61)).is_err());
    }

    #[test]
    fn no_identifier_fits_in_a_reason_that_names_nobody() {
        for good in ["benefit-claim", "form-2042", "rsa"] {
            assert_eq!(ImpersonalCode::parse(good).unwrap().as_str(), good);
        }
        for bad in
            ["n255081416802538", "siren-732829320", "v-1-2-3-4-5", "Benefit claim", "", "marie.dupont@example.org"]
        {
            assert!(ImpersonalCode::parse(bad).is_err(), "{bad}");
        }
        assert!(ImpersonalCode::parse(&"a".repeat(60)).is_ok() && ImpersonalCode::parse(&"a".repeat(61)).is_err());
    }

    #[test]
    fn a_code_is_checked_when_it_is_deserialised_too() {
        assert_eq!(serde_json::from_str::<AgencyCode>("\"cnaf\"").unwrap().to_string(), "cnaf");
        assert!(serde_json::from_str::<AgencyCode>("\"CNAF\"").is_err());
    }
}
