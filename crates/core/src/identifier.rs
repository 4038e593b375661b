//! Identifiers of subjects, checked by the rules of their keys.

mod digits;
mod local;
mod luhn;
mod nir;
mod sandbox;
mod siren;
mod siret;
mod spi;

use std::fmt;

pub use local::LocalValue;
pub use nir::Nir;
pub use sandbox::Sandbox;
pub use siren::Siren;
pub use siret::Siret;
pub use spi::Spi;

use crate::agency::AgencyCode;

/// The kinds of identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdentifierKind {
    /// Social-security number (numéro d'inscription au répertoire).
    Nir,
    /// Company number.
    Siren,
    /// Establishment number.
    Siret,
    /// Tax number (numéro fiscal).
    Spi,
    /// An identifier in the scope of one agency.
    Local,
}

/// One identifier of a subject. It is never shown: neither `Debug` nor `Display` prints more than its kind.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// Social-security number.
    Nir(Nir),
    /// Company number.
    Siren(Siren),
    /// Establishment number.
    Siret(Siret),
    /// Tax number.
    Spi(Spi),
    /// An identifier in the scope of one agency, such as a job seeker's number.
    Local {
        /// The agency.
        agency: AgencyCode,
        /// What identifies the subject there.
        value: LocalValue,
    },
}

/// A text that is not an identifier. It never holds the text, which may be a slip away from somebody's number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {rule}", kind.code())]
pub struct InvalidIdentifier {
    /// Which identifier it should be.
    pub kind: IdentifierKind,
    /// The rule that it breaks.
    pub rule: &'static str,
}

impl IdentifierKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Nir, Self::Siren, Self::Siret, Self::Spi, Self::Local];

    /// Its stable code. Pseudonyms are made from it: it never changes.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Nir => "nir",
            Self::Siren => "siren",
            Self::Siret => "siret",
            Self::Spi => "spi",
            Self::Local => "local",
        }
    }

    /// The kind of that code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl Identifier {
    /// Parses an identifier of one of the national kinds. Spaces are dropped.
    ///
    /// # Errors
    /// The text breaks a rule of the kind, or the kind is [`IdentifierKind::Local`]: a local identifier needs its
    /// agency, see [`Identifier::local`].
    pub fn parse(kind: IdentifierKind, text: &str, sandbox: &Sandbox) -> Result<Self, InvalidIdentifier> {
        match kind {
            IdentifierKind::Nir => Nir::parse(text, sandbox).map(Self::Nir),
            IdentifierKind::Siren => Siren::parse(text, sandbox).map(Self::Siren),
            IdentifierKind::Siret => Siret::parse(text, sandbox).map(Self::Siret),
            IdentifierKind::Spi => Spi::parse(text, sandbox).map(Self::Spi),
            IdentifierKind::Local => Err(InvalidIdentifier { kind, rule: "it names the agency in whose scope it is" }),
        }
    }

    /// An identifier in the scope of one agency.
    ///
    /// # Errors
    /// The value is not 1 to 64 visible ASCII characters.
    pub fn local(agency: AgencyCode, value: &str) -> Result<Self, InvalidIdentifier> {
        LocalValue::parse(value).map(|value| Self::Local { agency, value })
    }

    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> IdentifierKind {
        match self {
            Self::Nir(_) => IdentifierKind::Nir,
            Self::Siren(_) => IdentifierKind::Siren,
            Self::Siret(_) => IdentifierKind::Siret,
            Self::Spi(_) => IdentifierKind::Spi,
            Self::Local { .. } => IdentifierKind::Local,
        }
    }

    /// The form in which it is made a pseudonym: the code of its kind, the agency in whose scope it is (empty for
    /// national identifiers), and its text. A NIR is its 13 characters without the key.
    #[must_use]
    pub fn canonical(&self) -> (&'static str, &str, String) {
        let code = self.kind().code();
        match self {
            Self::Nir(nir) => (code, "", nir.without_key().to_owned()),
            Self::Siren(siren) => (code, "", siren.as_str().to_owned()),
            Self::Siret(siret) => (code, "", siret.as_str().to_owned()),
            Self::Spi(spi) => (code, "", spi.as_str().to_owned()),
            Self::Local { agency, value } => (code, agency.as_str(), value.as_str().to_owned()),
        }
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:***", self.kind().code())
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Gives a type whose first field is its text a way to read it and none to show it.
macro_rules! hidden_text {
    ($name:ident, $code:literal) => {
        impl $name {
            /// The text, as it is compared. It names a subject: never log it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!($code, ":***"))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!($code, ":***"))
            }
        }
    };
}
use hidden_text;

#[cfg(test)]
mod tests;
