//! The norms that a value may have to keep, as `unefois/dataset/v1/options.proto` lists them.

mod bank;
mod internet;
mod nomenclature;
mod territory;

/// A norm of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norm {
    /// An account number (ISO 13616).
    Iban,
    /// A bank (ISO 9362).
    Bic,
    /// An activity (INSEE, NAF rev. 2).
    Naf,
    /// A French postal code (AFNOR NF Z10-011).
    PostalCode,
    /// A commune (INSEE, code officiel géographique).
    CogCommune,
    /// A department (INSEE, code officiel géographique).
    CogDepartment,
    /// A country (INSEE, code officiel géographique).
    CogCountry,
    /// An e-mail address (RFC 5321).
    Email,
    /// A telephone number (ITU-T E.164).
    Telephone,
    /// A year, 1 to 9999.
    Year,
}

impl Norm {
    /// The norm of that number in the contract; `None` for 0 and for numbers that this hub does not know.
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        use Norm::{Bic, CogCommune, CogCountry, CogDepartment, Email, Iban, Naf, PostalCode, Telephone, Year};
        let all = [Iban, Bic, Naf, PostalCode, CogCommune, CogDepartment, CogCountry, Email, Telephone, Year];
        usize::try_from(number).ok()?.checked_sub(1).and_then(|place| all.get(place)).copied()
    }

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Iban => "IBAN",
            Self::Bic => "BIC",
            Self::Naf => "NAF code",
            Self::PostalCode => "postal code",
            Self::CogCommune => "commune (COG)",
            Self::CogDepartment => "department (COG)",
            Self::CogCountry => "country (COG)",
            Self::Email => "e-mail address",
            Self::Telephone => "telephone number",
            Self::Year => "year",
        }
    }

    /// Whether it is a norm of numbers; the others are of texts.
    pub(crate) fn is_of_numbers(self) -> bool {
        self == Self::Year
    }

    /// Whether the text keeps it; otherwise the rule that it breaks, in words.
    pub(crate) fn check_text(self, text: &str) -> Result<(), &'static str> {
        match self {
            Self::Iban => bank::iban(text),
            Self::Bic => bank::bic(text),
            Self::Naf => nomenclature::naf(text),
            Self::PostalCode => territory::postal_code(text),
            Self::CogCommune => territory::commune(text),
            Self::CogDepartment => territory::department(text),
            Self::CogCountry => territory::country(text),
            Self::Email => internet::email(text),
            Self::Telephone => internet::telephone(text),
            Self::Year => Err("it is not a number"),
        }
    }

    /// Whether the number keeps it; otherwise the rule that it breaks, in words.
    pub(crate) fn check_number(self, number: i64) -> Result<(), &'static str> {
        match self {
            Self::Year if (1..=9999).contains(&number) => Ok(()),
            Self::Year => Err("it is not a year, 1 to 9999"),
            Self::Iban
            | Self::Bic
            | Self::Naf
            | Self::PostalCode
            | Self::CogCommune
            | Self::CogDepartment
            | Self::CogCountry
            | Self::Email
            | Self::Telephone => Err("it is not a text"),
        }
    }
}

/// Whether the text is digits only, and so many of them.
fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}
