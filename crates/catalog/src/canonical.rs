//! Canonical bytes: a record decoded, checked against the rules of its dataset, and encoded in one way only.

use std::fmt;

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage, Value};

use crate::{dataset::Dataset, field::IdentifierField, rules::ValueRules};

/// A record that the dataset does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("dataset `{dataset}`: {rule}")]
pub struct InvalidPayload {
    /// The dataset.
    pub dataset: String,
    /// The path of the field at fault; empty when it is the record as a whole.
    pub field: String,
    /// The rule that it breaks, in words. Never holds a value.
    pub rule: String,
}

impl Dataset {
    /// Checks a whole record and gives its canonical bytes: fields in the order of their numbers, nothing unknown,
    /// each document with its digest, and what is there twice marked.
    ///
    /// # Errors
    /// The bytes are not the dataset's message, hold fields that it does not have, miss a key field, or break the
    /// rule of a field; a document is not what it says. Identifiers are left to the caller, who knows their keys: see
    /// [`Dataset::identifiers`].
    pub fn canonicalise(&self, bytes: &[u8]) -> Result<Vec<u8>, InvalidPayload> {
        let mut message = self.decode(bytes)?;
        self.complete_documents(&mut message)?;
        self.mark_repeats(&mut message);
        for field in &self.natural_key {
            if !message.has_field_by_name(&field.name) {
                return Err(self.invalid(&field.name, "a key field is missing"));
            }
        }
        Ok(message.encode_to_vec())
    }

    /// The identifiers in a record, from its canonical bytes, wherever they stand in it, with the kinds that their fields
    /// claim.
    ///
    /// # Errors
    /// The bytes are not the dataset's message.
    pub fn identifiers(&self, canonical: &[u8]) -> Result<Vec<IdentifierField>, InvalidPayload> {
        if !self.rules.values().any(|rules| rules.identifier.is_some()) {
            return Ok(Vec::new());
        }
        let message = self.decode_unchecked(canonical)?;
        let mut found = Vec::new();
        self.collect_identifiers(&message, Path::Record, &mut found);
        Ok(found)
    }

    fn collect_identifiers(&self, message: &DynamicMessage, above: Path<'_>, found: &mut Vec<IdentifierField>) {
        for (field, value) in message.fields() {
            let path = Path::In(&above, field.name());
            let kind = self.rules.get(field.full_name()).and_then(|rules| rules.identifier);
            for item in value.as_list().unwrap_or(std::slice::from_ref(value)) {
                if let Some(inner) = item.as_message() {
                    self.collect_identifiers(inner, path, found);
                }
                if let (Some(kind), Some(text)) = (kind, item.as_str()) {
                    found.push(IdentifierField { field: path.to_string(), kind, text: text.to_owned() });
                }
            }
        }
    }

    /// Decodes and checks every value that is there; key fields may be missing.
    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<DynamicMessage, InvalidPayload> {
        let message = self.decode_unchecked(bytes)?;
        self.check(&message, Path::Record)?;
        Ok(message)
    }

    /// Decodes only: what the hub took under earlier rules stays readable.
    pub(crate) fn decode_unchecked(&self, bytes: &[u8]) -> Result<DynamicMessage, InvalidPayload> {
        DynamicMessage::decode(self.message.clone(), bytes)
            .map_err(|error| self.invalid("", &format!("the bytes are not a `{}`: {error}", self.message.full_name())))
    }

    fn check(&self, message: &DynamicMessage, path: Path<'_>) -> Result<(), InvalidPayload> {
        let invalid = |path: Path<'_>, rule: &str| self.invalid(&path.to_string(), rule);
        if message.unknown_fields().next().is_some() {
            return Err(invalid(path, "it has a field that the dataset does not"));
        }
        check_period(message).map_err(|rule| invalid(path, rule))?;
        for (field, value) in message.fields() {
            let path = Path::In(&path, field.name());
            let rules = self.rules.get(field.full_name());
            for item in value.as_list().unwrap_or(std::slice::from_ref(value)) {
                self.check_value(&field, rules, item, path)?;
            }
            if let Some(rules) = rules {
                rules.check_order(message, value).map_err(|rule| invalid(path, &rule))?;
            }
        }
        Ok(())
    }

    fn check_value(
        &self,
        field: &FieldDescriptor,
        rules: Option<&ValueRules>,
        value: &Value,
        path: Path<'_>,
    ) -> Result<(), InvalidPayload> {
        let invalid = |rule: &str| self.invalid(&path.to_string(), rule);
        match (value, field.kind()) {
            (Value::Message(inner), _) => return self.check(inner, path),
            (Value::EnumNumber(number), Kind::Enum(of)) if *number == 0 || of.get_value(*number).is_none() => {
                return Err(invalid("the value is not one of its enumeration"));
            }
            _ => {}
        }
        match rules {
            Some(rules) => rules.check(value).map_err(|rule| invalid(&rule)),
            None => Ok(()),
        }
    }

    pub(crate) fn invalid(&self, field: &str, rule: &str) -> InvalidPayload {
        InvalidPayload { dataset: self.id.clone(), field: field.to_owned(), rule: rule.to_owned() }
    }
}

/// Where something stands in a record. It is written out only for who must be told.
#[derive(Clone, Copy)]
enum Path<'a> {
    /// The record as a whole.
    Record,
    /// A field of what stands above it.
    In(&'a Path<'a>, &'a str),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record => Ok(()),
            Self::In(Self::Record, name) => f.write_str(name),
            Self::In(above, name) => write!(f, "{above}.{name}"),
        }
    }
}

/// The rules of `unefois/calendar/v1/period.proto`; other messages have none here.
fn check_period(message: &DynamicMessage) -> Result<(), &'static str> {
    let number = |name: &str| message.get_field_by_name(name).and_then(|value| value.as_i32()).unwrap_or_default();
    let year = || i16::try_from(number("year")).ok().filter(|year| (1..=9999).contains(year));
    match message.descriptor().full_name() {
        "unefois.calendar.v1.Date" => {
            let (month, day) = (i8::try_from(number("month")), i8::try_from(number("day")));
            let (Some(year), Ok(month), Ok(day)) = (year(), month, day) else {
                return Err("it is not a day of the calendar");
            };
            jiff::civil::Date::new(year, month, day).map(drop).map_err(|_not_a_day| "it is not a day of the calendar")
        }
        "unefois.calendar.v1.Month" if year().is_none() || !(1..=12).contains(&number("month")) => {
            Err("it is not a month")
        }
        "unefois.calendar.v1.Quarter" if year().is_none() || !(1..=4).contains(&number("quarter")) => {
            Err("it is not a quarter")
        }
        "unefois.calendar.v1.Period" if message.fields().next().is_none() => Err("it names no month or quarter"),
        _ => Ok(()),
    }
}
