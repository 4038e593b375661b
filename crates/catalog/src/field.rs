//! One field of a dataset: how sensitive it is, and which identifier it holds.

/// One top-level field of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in the contract; field masks and agreements use it.
    pub name: String,
    /// Its number on the wire.
    pub number: u32,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
    /// Which identifier it holds, if it holds one.
    pub identifier: Option<IdentifierKind>,
}

/// An identifier found in a record: the caller checks its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifierField {
    /// The path of the field that holds it.
    pub field: String,
    /// Which identifier it claims to be.
    pub kind: IdentifierKind,
    /// Its text, as published.
    pub text: String,
}

/// How much harm the disclosure of a field could do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sensitivity {
    /// Public in a register that anybody may read.
    Public,
    /// Personal data (RGPD article 4(1)).
    Personal,
    /// Money.
    Financial,
    /// Identifies the person by itself (RGPD article 87).
    Identifying,
}

/// The identifiers whose keys can be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentifierKind {
    /// Social-security number.
    Nir,
    /// Company number.
    Siren,
    /// Establishment number.
    Siret,
    /// Tax number.
    Spi,
}

impl Sensitivity {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Personal => "personal",
            Self::Financial => "financial",
            Self::Identifying => "identifying",
        }
    }
}

impl IdentifierKind {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nir => "NIR",
            Self::Siren => "SIREN",
            Self::Siret => "SIRET",
            Self::Spi => "SPI",
        }
    }
}
