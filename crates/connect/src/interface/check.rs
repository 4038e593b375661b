//! Whether an interface fits its dataset: every mistake that a file can hold by itself is found when it is loaded.

use std::collections::BTreeMap;
use std::error::Error as _;

use serde_json::{Value, json};
use unefois_catalog::Dataset;

use super::Interface;
use super::convert::of_date;
use super::file::{ConversionFile, FieldFile, InterfaceFile, RowsFile, WhereFile};
use super::link::{document, put};
use super::path::Path;
use super::rule::{Conversion, Fields, Presence, Rows, Rule, Within};
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

/// Which message the fields are of.
struct Context<'a> {
    dataset: &'a Dataset,
    /// The list fields around, from the record inwards.
    within: Vec<Path>,
}

impl Context<'_> {
    fn fields(&self, place: &str, files: BTreeMap<String, FieldFile>) -> Result<Fields, InvalidInterface> {
        let mut fields: Vec<(Path, Rule)> = Vec::new();
        for (name, file) in files {
            let place = format!("{place}.{name:?}");
            let field = path(&place, &name)?;
            if let Some((other, _)) = fields.iter().find(|(other, _)| other.overlaps(&field)) {
                return Err(InvalidInterface::new(place, format!("`{other}` is mapped too, and is part of it")));
            }
            let rule = self.rule(&place, &field, file)?;
            fields.push((field, rule));
        }
        if fields.is_empty() {
            return Err(InvalidInterface::new(place, "no field is mapped"));
        }
        Ok(Fields(fields))
    }

    fn rule(&self, place: &str, field: &Path, file: FieldFile) -> Result<Rule, InvalidInterface> {
        let FieldFile { fixed, from, optional, r#as, table, each, r#where, fields } = file;
        let presence = if optional { Presence::Optional } else { Presence::Required };
        match (fixed, from, each) {
            (Some(value), None, None) if !optional && r#as.is_none() && table.is_none() => {
                self.fits(place, field, value.clone())?;
                Ok(Rule::Fixed(value))
            }
            (None, Some(from), None) if r#where.is_none() && fields.is_none() => {
                let conversion = conversion(place, r#as, table)?;
                self.check_conversion(place, field, &conversion)?;
                Ok(Rule::From { path: path(&format!("{place}.from"), &from)?, conversion, presence })
            }
            (None, None, Some(each)) if r#as.is_none() && table.is_none() => {
                let fields = fields.ok_or_else(|| InvalidInterface::new(place, "`each` needs `fields`"))?;
                let within = self.within.iter().cloned().chain([field.clone()]).collect();
                let inner = Context { dataset: self.dataset, within };
                let of_where = |file: &WhereFile| within_of(&format!("{place}.where"), file, self.dataset);
                Ok(Rule::Each {
                    path: path(&format!("{place}.each"), &each)?,
                    within: r#where.as_ref().map(of_where).transpose()?,
                    presence,
                    fields: inner.fields(&format!("{place}.fields"), fields)?,
                })
            }
            _ => Err(InvalidInterface::new(
                place,
                "it is one of: `fixed`; `from` with `as` or `table`, and `optional`; `each` with `where`, `fields` and \
                 `optional`",
            )),
        }
    }

    fn check_conversion(&self, place: &str, field: &Path, conversion: &Conversion) -> Result<(), InvalidInterface> {
        let sample = match conversion {
            Conversion::Text | Conversion::FrenchTelephone | Conversion::PostalCode | Conversion::Locality => {
                json!("x")
            }
            Conversion::WholeNumber => json!(1),
            Conversion::Boolean => json!(true),
            Conversion::Date => of_date(jiff::civil::date(2000, 1, 1)),
            // More than 32 bits hold.
            Conversion::Euros => json!(1_i64 << 40),
            Conversion::Table(table) => {
                return table
                    .iter()
                    .try_for_each(|(name, value)| self.fits(&format!("{place}.table.{name:?}"), field, value.clone()));
            }
            Conversion::Document if !self.within.is_empty() => {
                return Err(InvalidInterface::new(place, "a document is not in a list"));
            }
            Conversion::Document => document("AAAA"),
        };
        self.fits(place, field, sample)
    }

    /// Whether the dataset has the field, and the field takes such a value.
    fn fits(&self, place: &str, field: &Path, sample: Value) -> Result<(), InvalidInterface> {
        let mut record = json!({});
        put(&mut record, field, sample);
        for list in self.within.iter().rev() {
            let item = std::mem::replace(&mut record, json!({}));
            put(&mut record, list, json!([item]));
        }
        self.dataset.from_json(&record).map(drop).map_err(|invalid| {
            let rule = invalid.source().map_or_else(|| invalid.to_string(), ToString::to_string);
            InvalidInterface::new(place, format!("it does not fit dataset `{}`: {rule}", self.dataset.id()))
        })
    }
}

fn conversion(
    place: &str,
    given: Option<ConversionFile>,
    table: Option<BTreeMap<String, Value>>,
) -> Result<Conversion, InvalidInterface> {
    Ok(match (given, table) {
        (None, Some(table)) => Conversion::Table(table),
        (Some(_), Some(_)) => return Err(InvalidInterface::new(place, "`as` and `table` exclude each other")),
        (None | Some(ConversionFile::Text), None) => Conversion::Text,
        (Some(ConversionFile::WholeNumber), None) => Conversion::WholeNumber,
        (Some(ConversionFile::Boolean), None) => Conversion::Boolean,
        (Some(ConversionFile::Date), None) => Conversion::Date,
        (Some(ConversionFile::Euros), None) => Conversion::Euros,
        (Some(ConversionFile::FrenchTelephone), None) => Conversion::FrenchTelephone,
        (Some(ConversionFile::PostalCode), None) => Conversion::PostalCode,
        (Some(ConversionFile::Locality), None) => Conversion::Locality,
        (Some(ConversionFile::Document), None) => Conversion::Document,
    })
}
