//! The nouns and the rules of an exchange: subject, agency, agreement, consent, decision.
//!
//! Everything here is pure: no I/O, no clock, no chance. What a rule needs to know is an argument, so that a decision
//! can be made again for any instant of the past.

mod agency;
mod agreement;
mod code;
mod consent;
mod dataset;
mod decision;
mod erasure;
mod exchange;
mod identifier;
mod legal_basis;
mod period;
mod purpose;
mod reason;
mod registry;
mod time;

pub use agency::{Agency, AgencyCode, CertificateRule, LocalBody, Role, System};
pub use agreement::{Agreement, AgreementId, AgreementState, ConsentCollector, ConsentRule, policy_digest};
pub use code::InvalidCode;
pub use consent::{Consent, ConsentId, ConsentState, state_of};
pub use dataset::{DatasetId, FieldName, Operation, SubjectKind};
pub use decision::{Decision, Grant, QuotaState, Refusal, decide};
pub use erasure::ErasureScope;
pub use exchange::{Caller, ExchangeRequest};
pub use identifier::{Identifier, IdentifierKind, InvalidIdentifier, LocalValue, Nir, Sandbox, Siren, Siret, Spi};
pub use legal_basis::{InvalidLegalBasis, LegalBasis, Review};
pub use period::{InvalidPeriod, Month, Period, Quarter, Year};
pub use purpose::Purpose;
pub use reason::{Reason, Remedy, Who};
pub use registry::{
    Change, Effect, Fingerprint, InvalidRegistry, Noun, Registry, RegistryFile, RegistryRule, Revocation, Verb,
};
pub use time::{paris_day, until_next_paris_day};
