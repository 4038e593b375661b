//! The use cases of the hub, and the order of their steps.
//!
//! [`Hub`] is the one entrance. A pull travels identify → authorise → fetch → minimise → record → release, one module a
//! step (`pull/`); everything that writes goes through the one recorder (`recorder`), which owns the ledger shard.
//!
//! What is deliberately absent: wire types of requests, TLS, SQL, and any way to a payload that leaves out the
//! recorder.

mod access;
mod audit;
mod authority;
mod catalog;
mod catch_up;
mod clock;
mod consent;
mod delivery;
mod dossier;
mod entry;
mod erasure;
mod failure;
mod housekeeping;
mod hub;
mod index;
mod intake;
mod keys;
mod limits;
mod loader;
mod metrics;
mod places;
mod publish;
mod pull;
mod question;
mod readiness;
mod receipt;
mod recorder;
mod registry;
mod subject;
mod subject_view;
mod subscription;
mod token;
mod tree;
mod wire;

pub use audit::{
    AuditSearch, ConsistencyProof, Export, FoundEntry, InclusionProof, OutcomeCount, SearchPage, ShardHead,
};
pub use catalog::Catalogued;
pub use clock::Clock;
pub use consent::ConsentAsked;
pub use delivery::{Delivery, FetchedEvents, Receiving, Says, Tells, Told};
pub use dossier::{Declaration, Declared, ListedDossier};
pub use erasure::Erased;
pub use failure::{Cause, Failure, Violation};
pub use hub::{Hub, HubParts, HubTasks};
pub use limits::Limits;
pub use publish::{Acknowledgement, AcknowledgementKind, PublicationChange, PublicationProof, PublishItem};
pub use question::{Answer, Context, Freshness, Question};
pub use readiness::Unready;
pub use recorder::Head;
pub use registry::{Applied, ApplyMode};
pub use subject_view::SubjectExchange;
pub use subscription::{DescribedSubscription, ListedDeadLetter, ReplayFrom};
pub use unefois_catalog::{DescribedField, Finding, FindingKind, Sensitivity, SubjectKind};
pub use unefois_store::Search;
