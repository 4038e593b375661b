//! The file of an interface as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct InterfaceFile {
    pub(super) dataset: String,
    pub(super) ask: AskFile,
    pub(super) rows: Option<RowsFile>,
    pub(super) fields: BTreeMap<String, FieldFile>,
    pub(super) not_found: Option<NotFoundFile>,
}

/// `[not-found]`: which answers mean that the provider has nothing of what was asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct NotFoundFile {
    #[serde(default = "status_not_found")]
    pub(super) status: u16,
    pub(super) each: Option<String>,
    pub(super) code: String,
    pub(super) codes: Vec<String>,
}

fn status_not_found() -> u16 {
    404
}

/// `[ask]`: the question.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct AskFile {
    pub(super) path: String,
    #[serde(default)]
    pub(super) query: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

/// `[rows]`: where the answer is a list of which one is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RowsFile {
    pub(super) each: String,
    pub(super) r#where: Option<WhereFile>,
    pub(super) latest: Option<String>,
}

/// Which items of a list are meant: those of the year or month that was asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct WhereFile {
    pub(super) date: String,
    pub(super) within: String,
}

/// What one field of the dataset is made from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct FieldFile {
    pub(super) fixed: Option<Value>,
    pub(super) from: Option<String>,
    #[serde(default)]
    pub(super) optional: bool,
    pub(super) r#as: Option<ConversionFile>,
    pub(super) table: Option<BTreeMap<String, Value>>,
    pub(super) each: Option<String>,
    pub(super) r#where: Option<WhereFile>,
    pub(super) fields: Option<BTreeMap<String, FieldFile>>,
}

/// What a value of the answer becomes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ConversionFile {
    Text,
    WholeNumber,
    Boolean,
    Date,
    Euros,
    FrenchTelephone,
    PostalCode,
    Locality,
    Document,
}
