//! The nouns and the rules of an exchange: subject, agency, agreement, consent, decision, event, delivery.
//!
//! Everything here is pure: no I/O, no clock, no chance. What a rule needs to know is an argument, so that a decision
//! can be made again for any instant of the past.

mod agency;
mod agreement;
mod code;
mod consent;
mod cursor;
mod dataset;
mod decision;
mod delivery;
mod dossier;
mod erasure;
mod event;
mod exchange;
mod identifier;
mod legal_basis;
mod period;
mod purpose;
mod reason;
mod registry;
mod subscription;
mod time;

pub use agency::{Agency, AgencyCode, CertificateRule, LocalBody, Role, System};
pub use agreement::{Agreement, AgreementId, AgreementState, ConsentCollector, ConsentRule, policy_digest};
pub use code::{ImpersonalCode, InvalidCode, InvalidImpersonalCode};
pub use consent::{Consent, ConsentId, ConsentState, state_of};
pub use cursor::{Cursor, InvalidCursor, PARTITIONS, Partition, Place, Position};
pub use dataset::{DatasetId, FieldName, Operation, SubjectKind};
pub use decision::{Decision, Grant, QuotaState, Refusal, decide};
pub use delivery::{
    Arrival, Attempted, DeadLetter, DeadLetterCause, Desk, DeskLimits, DeskTerms, Fate, Full, Gap, Rejection, Saved,
    Settled, Stop, Tally, Tell, Telling, ToldCursor, Turn, Window, stop_of,
};
pub use dossier::{Dossier, DossierState, DossierTerms};
pub use erasure::ErasureScope;
pub use event::{Event, EventId, EventKind, FieldNumbers, InvalidFieldNumbers, SubjectId};
pub use exchange::{Caller, ExchangeRequest};
pub use identifier::{Identifier, IdentifierKind, InvalidIdentifier, LocalValue, Nir, Sandbox, Siren, Siret, Spi};
pub use legal_basis::{InvalidLegalBasis, LegalBasis, Review};
pub use period::{InvalidPeriod, Month, Period, Quarter, Year};
pub use purpose::Purpose;
pub use reason::{Reason, Remedy, Who};
pub use registry::{
    Change, Effect, Fingerprint, InvalidRegistry, Noun, Registry, RegistryFile, RegistryRule, Revocation, Verb,
};
pub use subscription::{
    Filter, Interest, InvalidTerms, NewSubscription, PassedBecause, Reach, Subscription, SubscriptionId,
    SubscriptionLimits, SubscriptionName, SubscriptionState, SubscriptionStatus, SubscriptionTerms, Verdict, admit,
};
pub use time::{paris_day, paris_day_ends, until_next_paris_day};
