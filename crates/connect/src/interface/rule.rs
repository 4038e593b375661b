//! How an answer becomes a record: a rule for each field.

use std::collections::BTreeMap;

use serde_json::Value;

use super::path::Path;

/// The fields of a record, or of a message within it, each with its rule.
#[derive(Debug, Clone)]
pub(super) struct Fields(pub(super) Vec<(Path, Rule)>);

/// What a field is made from.
#[derive(Debug, Clone)]
pub(super) enum Rule {
    /// The same for every answer.
    Fixed(Value),
    /// One value of the answer.
    From { path: Path, conversion: Conversion, presence: Presence },
    /// A list of the answer.
    Each { path: Path, within: Option<Within>, presence: Presence, fields: Fields },
}

/// Whether a value may be missing, or null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
}

/// What a value becomes.
#[derive(Debug, Clone)]
pub(super) enum Conversion {
    Text,
    WholeNumber,
    Boolean,
    Date,
    Euros,
    FrenchTelephone,
    PostalCode,
    Locality,
    Table(BTreeMap<String, Value>),
    Document,
}

/// The items of a list whose date is in the year or month asked for.
#[derive(Debug, Clone)]
pub(super) struct Within {
    pub(super) date: Path,
    /// Of the natural key.
    pub(super) key: Path,
}

/// The one item that is meant, of an answer that is a list.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub(super) each: Path,
    pub(super) within: Option<Within>,
    pub(super) latest: Option<Path>,
}
