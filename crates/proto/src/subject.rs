//! Subjects on the wire.

use unefois_core::{AgencyCode, Identifier, IdentifierKind, InvalidCode, InvalidIdentifier, Sandbox};

use crate::pb;

/// A message that names no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSubject {
    /// No identifier is set, or one of a kind that this hub does not know.
    #[error("it has no identifier")]
    Missing,
    /// The identifier breaks a rule of its kind.
    #[error("the identifier is not valid")]
    Identifier(#[source] InvalidIdentifier),
    /// The agency of a local identifier has no good code.
    #[error("the agency of the local identifier is not valid")]
    Agency(#[source] InvalidCode),
}

impl InvalidSubject {
    /// The rule that is broken, in words; it never holds the identifier.
    #[must_use]
    pub fn rule(&self) -> String {
        match self {
            Self::Missing => self.to_string(),
            Self::Identifier(invalid) => invalid.to_string(),
            Self::Agency(invalid) => invalid.to_string(),
        }
    }
}

/// An identifier, from the wire.
///
/// # Errors
/// See [`InvalidSubject`].
pub fn identifier_from_wire(wire: pb::subject::v1::Subject, sandbox: &Sandbox) -> Result<Identifier, InvalidSubject> {
    use pb::subject::v1::subject::Identifier as Wire;
    let pb::subject::v1::Subject { identifier } = wire;
    let (kind, text) = match identifier.ok_or(InvalidSubject::Missing)? {
        Wire::Nir(text) => (IdentifierKind::Nir, text),
        Wire::Siren(text) => (IdentifierKind::Siren, text),
        Wire::Siret(text) => (IdentifierKind::Siret, text),
        Wire::Spi(text) => (IdentifierKind::Spi, text),
        Wire::Local(pb::subject::v1::LocalIdentifier { agency, value }) => {
            let agency = AgencyCode::parse(&agency).map_err(InvalidSubject::Agency)?;
            return Identifier::local(agency, &value).map_err(InvalidSubject::Identifier);
        }
    };
    Identifier::parse(kind, &text, sandbox).map_err(InvalidSubject::Identifier)
}
