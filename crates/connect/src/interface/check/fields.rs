//! Whether each field of an interface exists in its dataset, and takes what its rule makes: each is tried on a sample.

use std::collections::BTreeMap;
use std::error::Error as _;

use serde_json::{Value, json};
use unefois_catalog::Dataset;

use super::{InvalidInterface, path, within_of};
use crate::interface::convert::of_date;
use crate::interface::file::{ConversionFile, FieldFile, WhereFile};
use crate::interface::link::{document, put};
use crate::interface::path::Path;
use crate::interface::rule::{Conversion, Fields, Presence, Rule};

/// Which message the fields are of.
pub(super) struct Context<'a> {
    pub(super) dataset: &'a Dataset,
    /// The list fields around, from the record inwards.
    pub(super) within: Vec<Path>,
}

impl Context<'_> {
    pub(super) fn fields(&self, place: &str, files: BTreeMap<String, FieldFile>) -> Result<Fields, InvalidInterface> {
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
