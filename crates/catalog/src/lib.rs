//! Datasets as protobuf descriptors: what they are, what is valid, what names a record, and what may leave.
//!
//! A dataset is a message annotated with `unefois.dataset.v1.dataset`. The catalogue reads the annotations when the
//! hub starts and refuses a contract that breaks their rules. Everything after that works on *canonical bytes*: the
//! message encoded with its fields in the order of their numbers, without unknown fields.

mod canonical;
mod catalog;
mod compile;
mod convert;
mod dataset;
mod described;
mod document;
mod field_set;
mod finding;
mod json;
mod key;
mod load;
mod marking;
mod minimise;
mod norm;
mod rules;

pub use canonical::InvalidPayload;
pub use catalog::Catalog;
pub use compile::InvalidFolder;
pub use dataset::{Dataset, Field, IdentifierField, IdentifierKind, Sensitivity, SubjectKind};
pub use described::DescribedField;
pub use field_set::{FieldSet, UnknownField};
pub use finding::{Finding, FindingKind};
pub use json::InvalidJson;
pub use key::{InvalidKey, Key};
pub use load::InvalidCatalog;
pub use minimise::MalformedRecord;
