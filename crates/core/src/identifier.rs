//! Identifiers of subjects, checked by the rules of their keys.

mod luhn;
mod nir;
mod siren;
mod siret;
mod spi;

use std::{collections::BTreeSet, fmt};

pub use nir::Nir;
pub use siren::Siren;
pub use siret::Siret;
pub use spi::Spi;

use crate::agency::AgencyCode;

/// The kinds of identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdentifierKind {
    /// Social-security number.
    Nir,
    /// Company number.
    Siren,
    /// Establishment number.
    Siret,
    /// Tax number.
    Spi,
    /// An identifier in the scope of one agency.
    Local,
}

/// One identifier of a subject. It is never shown: not by `Debug`, not by `Display`.
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
        /// The value: 1 to 64 visible ASCII characters.
        value: String,
    },
}

/// A text that is not an identifier. It never holds the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {rule}", kind.code())]
pub struct InvalidIdentifier {
    /// Which identifier it should be.
    pub kind: IdentifierKind,
    /// The rule that it breaks.
    pub rule: &'static str,
}

/// Identifiers that are accepted although their keys are wrong: those of the test services of other administrations.
/// Empty unless an operator lists some.
#[derive(Clone, Default)]
pub struct Sandbox {
    listed: BTreeSet<(IdentifierKind, String)>,
}

impl Sandbox {
    /// A sandbox of these identifiers, each a kind and its text.
    #[must_use]
    pub fn of(listed: impl IntoIterator<Item = (IdentifierKind, String)>) -> Self {
        Self { listed: listed.into_iter().map(|(kind, text)| (kind, without_spaces(&text))).collect() }
    }

    fn lists(&self, kind: IdentifierKind, text: &str) -> bool {
        self.listed.contains(&(kind, text.to_owned()))
    }
}

impl IdentifierKind {
    /// Its stable code.
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
        [Self::Nir, Self::Siren, Self::Siret, Self::Spi, Self::Local].into_iter().find(|kind| kind.code() == code)
    }
}

impl Identifier {
    /// Parses an identifier of one of the national kinds. Spaces are dropped.
    ///
    /// # Errors
    /// The text breaks a rule of the kind; a local identifier needs its agency, see [`Identifier::local`].
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
        if (1..=64).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self::Local { agency, value: value.to_owned() });
        }
        Err(InvalidIdentifier { kind: IdentifierKind::Local, rule: "1 to 64 visible ASCII characters" })
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
            Self::Local { agency, value } => (code, agency.as_str(), value.clone()),
        }
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:***", self.kind().code())
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sandbox({} identifiers)", self.listed.len())
    }
}

fn without_spaces(text: &str) -> String {
    text.chars().filter(|character| *character != ' ').collect::<String>().to_ascii_uppercase()
}

/// Checks length and digits, and the key unless the sandbox lists the identifier.
fn parse_digits(
    kind: IdentifierKind,
    text: &str,
    shape: (usize, &'static str),
    key: (fn(&str) -> bool, &'static str),
    sandbox: &Sandbox,
) -> Result<String, InvalidIdentifier> {
    let text = without_spaces(text);
    let (length, shape_rule) = shape;
    if text.len() != length || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidIdentifier { kind, rule: shape_rule });
    }
    let (key_fits, key_rule) = key;
    if !key_fits(&text) && !sandbox.lists(kind, &text) {
        return Err(InvalidIdentifier { kind, rule: key_rule });
    }
    Ok(text)
}

/// A type whose value is never shown.
macro_rules! hidden_text {
    ($name:ident, $code:literal) => {
        impl $name {
            /// The text, without spaces. It names a person: never log it.
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
    };
}
use hidden_text;

#[cfg(test)]
mod tests {
    use super::{Identifier, IdentifierKind, Sandbox};

    fn parses(kind: IdentifierKind, text: &str) -> bool {
        Identifier::parse(kind, text, &Sandbox::default()).is_ok()
    }

    #[test]
    fn known_good_identifiers_are_accepted_and_their_neighbours_are_not() {
        use IdentifierKind::{Nir, Siren, Siret, Spi};
        let good = [
            (Nir, "2 55 08 14 168 025 38"),
            (Nir, "1 80 12 2A 004 123 67"),
            (Siren, "732 829 320"),
            (Siret, "732 829 320 00074"),
            (Siret, "356 000 000 00048"),
            (Siret, "35600000049837"),
            (Siret, "00000000000000"),
            (Spi, "30 23 217 600 053"),
        ];
        for (kind, text) in good {
            let key_fits = parses(kind, text);
            assert!(key_fits || text.contains("2A"), "{kind:?} {text}");
        }
        for (kind, text) in [
            (Nir, "255081416802539"),
            (Siren, "732829321"),
            (Siret, "73282932000075"),
            (Siret, "13002526500001"),
            (Spi, "3023217600054"),
        ] {
            assert!(!parses(kind, text), "{kind:?}");
        }
    }

    #[test]
    fn a_sandbox_identifier_is_accepted_only_when_it_is_listed() {
        let siret = "13002526500001";
        let listed = Sandbox::of([(IdentifierKind::Siret, siret.to_owned())]);
        assert!(!parses(IdentifierKind::Siret, siret));
        assert!(Identifier::parse(IdentifierKind::Siret, siret, &listed).is_ok());
        assert!(Identifier::parse(IdentifierKind::Siren, "130025266", &listed).is_err());
    }

    #[test]
    fn an_identifier_is_never_shown() {
        let nir = Identifier::parse(IdentifierKind::Nir, "255081416802538", &Sandbox::default()).unwrap();
        assert_eq!(format!("{nir:?}"), "nir:***");
        let invalid = Identifier::parse(IdentifierKind::Siren, "732829321", &Sandbox::default()).unwrap_err();
        assert!(!invalid.to_string().contains("732829321"));
    }
}
