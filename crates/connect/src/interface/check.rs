//! Whether an interface fits its dataset: every mistake that a file can hold by itself is found when it is loaded.

mod fields;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use unefois_catalog::Dataset;

use self::fields::Context;
use super::Interface;
use super::file::{InterfaceFile, RowsFile, WhereFile};
use super::link::put;
use super::path::Path;
use super::rule::{Rows, Rule, Within};
use super::template::{Hole, Template};

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
    let InterfaceFile { dataset: _, ask, rows, fields } = file;
    let path = template("ask.path", &ask.path)?;
    if !ask.path.starts_with('/') || path.texts().any(|text| text.contains(|c: char| !is_path_character(c))) {
        return Err(InvalidInterface::new("ask.path", "it begins with `/` and has no query: that is in `ask.query`"));
    }
    let interface = Interface {
        path,
        query: templates("query", &ask.query)?,
        headers: templates("headers", &ask.headers)?,
        rows: rows.map(|rows| rows_of(rows, dataset)).transpose()?,
        fields: Context { dataset, within: Vec::new() }.fields("fields", fields)?,
        key_of_question: Vec::new(),
    };
    interface.check_templates(dataset)?;
    interface.with_key(dataset)
}

impl Interface {
    fn check_templates(&self, dataset: &Dataset) -> Result<(), InvalidInterface> {
        for hole in self.path.holes().chain(self.query.iter().flat_map(|(_, template)| template.holes())) {
            match hole {
                Hole::Key(path) => check_key("ask", path, dataset, &[json!(1), json!("x")])?,
                Hole::Secret => {
                    return Err(InvalidInterface::new("ask", "a secret is for headers: addresses are logged"));
                }
                Hole::Subject(_) | Hole::Parameter(_) => {}
            }
        }
        for (name, template) in &self.headers {
            if template.holes().any(|hole| matches!(hole, Hole::Key(_) | Hole::Subject(_))) {
                let place = format!("ask.headers.{name:?}");
                return Err(InvalidInterface::new(place, "a header is the same for every question"));
            }
        }
        Ok(())
    }

    /// Every key field is asked by, selected by, or read: otherwise an answer about anything would do.
    fn with_key(mut self, dataset: &Dataset) -> Result<Self, InvalidInterface> {
        let mut asked: Vec<String> = Vec::new();
        for hole in self.templates().flat_map(Template::holes) {
            if let Hole::Key(path) = hole {
                asked.push(path.head().to_owned());
            }
        }
        let of_fields = self.fields.0.iter().filter_map(|(_, rule)| match rule {
            Rule::Each { within, .. } => within.as_ref(),
            Rule::Fixed(_) | Rule::From { .. } => None,
        });
        let of_rows = self.rows.iter().filter_map(|rows| rows.within.as_ref());
        asked.extend(of_fields.chain(of_rows).map(|within| within.key.head().to_owned()));
        for name in dataset.natural_key() {
            let is_read = self.fields.0.iter().any(|(place, _)| place.head() == name);
            if !is_read && !asked.iter().any(|asked| asked == name) {
                let rule = format!("key field `{name}` is neither in `ask`, nor in a `where`, nor among the fields");
                return Err(InvalidInterface::new("fields", rule));
            }
            if !is_read {
                self.key_of_question.push(name.to_owned());
            }
        }
        Ok(self)
    }
}

/// What an address may hold as it is (RFC 3986, section 3.3).
fn is_path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~/!$&'()*+,;=:@".contains(c)
}

fn templates(table: &str, texts: &BTreeMap<String, String>) -> Result<Vec<(String, Template)>, InvalidInterface> {
    texts.iter().map(|(name, text)| Ok((name.clone(), template(&format!("ask.{table}.{name:?}"), text)?))).collect()
}

fn template(place: &str, text: &str) -> Result<Template, InvalidInterface> {
    Template::parse(text).map_err(|rule| InvalidInterface::new(place, rule))
}

fn path(place: &str, text: &str) -> Result<Path, InvalidInterface> {
    Path::parse(text).ok_or_else(|| InvalidInterface::new(place, "it is names with dots between them"))
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
