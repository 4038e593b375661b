//! Whether an interface fits its dataset: every mistake that a file can hold by itself is found when it is loaded.

mod ask;
mod fields;
mod key;

use serde_json::{Value, json};
use unefois_catalog::Dataset;

use self::ask::Ask;
use self::fields::Context;
use super::Interface;
use super::file::{InterfaceFile, NotFoundFile, RowsFile, WhereFile};
use super::link::put;
use super::path::Path;
use super::rule::{Rows, Within};
use super::unknown::Unknown;

/// An interface file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {rule}")]
pub struct InvalidInterface {
    /// Where in the file: `fields."payments".fields."paid_on"`.
    pub place: String,
    /// What is wrong there.
    pub rule: String,
}

impl InvalidInterface {
    pub(super) fn new(place: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { place: place.into(), rule: rule.into() }
    }
}

/// The file, checked.
pub(super) fn interface(file: InterfaceFile, dataset: &Dataset) -> Result<Interface, InvalidInterface> {
    let InterfaceFile { dataset: _, ask, rows, fields, not_found } = file;
    let ask = ask::ask(&ask, dataset)?;
    let rows = rows.map(|rows| rows_of(rows, dataset)).transpose()?;
    let fields = Context { dataset, within: Vec::new() }.fields("fields", fields)?;
    let key_of_question = key::key_of_question(&ask, rows.as_ref(), &fields, dataset)?;
    let named = key::named(&ask, dataset)?;
    let unknown = not_found.map(unknown_of).transpose()?;
    let Ask { path, query, headers } = ask;
    Ok(Interface { path, query, headers, rows, fields, key_of_question, named, unknown })
}

fn path(place: &str, text: &str) -> Result<Path, InvalidInterface> {
    Path::parse(text).ok_or_else(|| InvalidInterface::new(place, "it is names with dots between them"))
}

fn unknown_of(file: NotFoundFile) -> Result<Unknown, InvalidInterface> {
    let NotFoundFile { status, each, code, codes } = file;
    // 401, 403 and 429 are about the hub, not about what it asked.
    if !(400..500).contains(&status) || [401, 403, 429].contains(&status) {
        return Err(InvalidInterface::new("not-found.status", "it is 4xx, and not 401, 403 or 429"));
    }
    if codes.is_empty() {
        return Err(InvalidInterface::new("not-found.codes", "it has the codes that mean that nothing is known"));
    }
    Ok(Unknown {
        status,
        each: each.map(|each| path("not-found.each", &each)).transpose()?,
        code: path("not-found.code", &code)?,
        codes,
    })
}

fn rows_of(file: RowsFile, dataset: &Dataset) -> Result<Rows, InvalidInterface> {
    let RowsFile { each, r#where, latest } = file;
    Ok(Rows {
        each: path("rows.each", &each)?,
        within: r#where.map(|within| within_of("rows.where", &within, dataset)).transpose()?,
        latest: latest.map(|latest| path("rows.latest", &latest)).transpose()?,
    })
}

fn within_of(place: &str, file: &WhereFile, dataset: &Dataset) -> Result<Within, InvalidInterface> {
    let WhereFile { date, within } = file;
    let key = within.strip_prefix("key.").and_then(Path::parse);
    let key = key.ok_or_else(|| InvalidInterface::new(format!("{place}.within"), "it is `key.` and a key field"))?;
    check_key(&format!("{place}.within"), &key, dataset, &[json!(2000), json!({ "year": 2000, "month": 1 })])?;
    Ok(Within { date: path(&format!("{place}.date"), date)?, key })
}

/// Whether the path leads to a key field that one of the samples fits.
fn check_key(place: &str, key: &Path, dataset: &Dataset, samples: &[Value]) -> Result<(), InvalidInterface> {
    if !dataset.natural_key().any(|name| name == key.head()) {
        let rule = format!("`{}` is not a key field of dataset `{}`", key.head(), dataset.id());
        return Err(InvalidInterface::new(place, rule));
    }
    let fits = samples.iter().any(|sample| {
        let mut record = json!({});
        put(&mut record, key, sample.clone());
        dataset.from_json(&record).is_ok()
    });
    let rule = || format!("key field `{key}` does not exist, or is not of a kind that can be used here");
    fits.then_some(()).ok_or_else(|| InvalidInterface::new(place, rule()))
}
