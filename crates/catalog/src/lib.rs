//! Datasets as protobuf descriptors: what they are, what is valid, what names a record, and what may leave.
//!
//! A dataset is a message annotated with `unefois.dataset.v1.dataset`. The catalogue reads the annotations when the
//! hub starts and refuses a contract that breaks their rules. Everything after that works on *canonical bytes*: the
//! message encoded with its fields in the order of their numbers, without unknown fields.

mod annotation;
mod canonical;
mod catalog;
mod change;
mod compile;
mod convert;
mod dataset;
mod described;
mod document;
mod field;
mod field_set;
mod finding;
mod folder;
mod json;
mod key;
mod load;
mod marking;
mod minimise;
mod norm;
mod rules;
mod shape;

pub use canonical::InvalidPayload;
pub use catalog::Catalog;
pub use compile::InvalidFolder;
pub use dataset::{Dataset, SubjectKind};
pub use described::DescribedField;
pub use field::{Field, IdentifierField, IdentifierKind, Sensitivity};
pub use field_set::{FieldSet, UnknownField};
pub use finding::{Finding, FindingKind};
pub use folder::{FolderLimits, UnreadableFolder};
pub use json::InvalidJson;
pub use key::{InvalidKey, Key};
pub use load::InvalidCatalog;
pub use minimise::MalformedRecord;
