//! The rules that single values keep: read from the annotations once, when the catalogue is loaded.

use std::collections::HashMap;

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use crate::{
    annotation::{field_annotation, number, sensitivity_of, text},
    field::{IdentifierKind, Sensitivity},
    load::InvalidCatalog,
    norm::Norm,
};

/// The rules of the fields of a dataset, and of the messages in it, by the full name of the field.
pub(crate) type Rules = HashMap<String, ValueRules>;

/// What the value of one field keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ValueRules {
    pub(crate) identifier: Option<IdentifierKind>,
    pub(crate) sensitivity: Option<Sensitivity>,
    sign: Sign,
    pub(crate) norm: Option<Norm>,
    not_before: Option<String>,
    length_max: Option<usize>,
}

/// Which numbers a field takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Sign {
    #[default]
    Any,
    NotNegative,
}

impl ValueRules {
    /// Whether one value keeps them; otherwise the rule that it breaks, in words.
    pub(crate) fn check(&self, value: &Value) -> Result<(), String> {
        if let Some(text) = value.as_str() {
            return self.check_text(text);
        }
        let Some(number) = value.as_i64().or_else(|| value.as_i32().map(i64::from)) else { return Ok(()) };
        if self.sign == Sign::NotNegative && number < 0 {
            return Err("the number is below zero".to_owned());
        }
        self.norm.map_or(Ok(()), |norm| norm.check_number(number).map_err(str::to_owned))
    }

    fn check_text(&self, text: &str) -> Result<(), String> {
        if let Some(length_max) = self.length_max
            && text.chars().count() > length_max
        {
            return Err(format!("the text has more than {length_max} characters"));
        }
        self.norm.map_or(Ok(()), |norm| norm.check_text(text).map_err(str::to_owned))
    }

    /// Whether the value, a day or a month, is not before the field of the same message that must not be after it.
    pub(crate) fn check_order(&self, message: &DynamicMessage, value: &Value) -> Result<(), String> {
        let Some(earlier) = &self.not_before else { return Ok(()) };
        if !message.has_field_by_name(earlier) {
            return Ok(());
        }
        let first = message.get_field_by_name(earlier);
        match (first.as_deref().and_then(place_in_time), place_in_time(value)) {
            (Some(first), Some(then)) if then < first => Err(format!("it is before `{earlier}`")),
            _ => Ok(()),
        }
    }
}

/// Year, month and day; the day is 0 for a month.
fn place_in_time(value: &Value) -> Option<(i32, i32, i32)> {
    let message = value.as_message()?;
    let number = |name: &str| message.get_field_by_name(name).and_then(|value| value.as_i32()).unwrap_or_default();
    Some((number("year"), number("month"), number("day")))
}

/// The rules of a message and of those in it.
pub(crate) fn rules_of(pool: &DescriptorPool, message: &MessageDescriptor) -> Result<Rules, InvalidCatalog> {
    let mut rules = Rules::new();
    let mut ahead = vec![message.clone()];
    while let Some(message) = ahead.pop() {
        for field in message.fields() {
            if let Kind::Message(inner) = field.kind() {
                ahead.push(inner);
            }
            let Some(annotation) = field_annotation(pool, &field)? else { continue };
            let of_field = read(&annotation, &field).map_err(|rule| InvalidCatalog::Rule {
                message: message.full_name().to_owned(),
                rule: format!("field `{}` {rule}", field.name()),
            })?;
            if of_field != ValueRules::default() {
                rules.insert(field.full_name().to_owned(), of_field);
            }
        }
    }
    Ok(rules)
}

fn read(annotation: &DynamicMessage, field: &FieldDescriptor) -> Result<ValueRules, &'static str> {
    let identifier = match number(annotation, "identifier") {
        0 => None,
        1 => Some(IdentifierKind::Nir),
        2 => Some(IdentifierKind::Siren),
        3 => Some(IdentifierKind::Siret),
        4 => Some(IdentifierKind::Spi),
        _ => return Err("holds an identifier of a kind that is not known"),
    };
    let norm = match number(annotation, "norm") {
        0 => None,
        other => Some(Norm::from_number(other).ok_or("keeps a norm that is not known")?),
    };
    let sign = if number(annotation, "not_negative") == 0 { Sign::Any } else { Sign::NotNegative };
    let length_max = usize::try_from(number(annotation, "length_max")).ok().filter(|length| *length > 0);
    let not_before = Some(text(annotation, "not_before")).filter(|name| !name.is_empty());

    let (is_text, is_number) = (field.kind() == Kind::String, matches!(field.kind(), Kind::Int32 | Kind::Int64));
    let (of_numbers, of_texts) = match norm {
        Some(norm) => (norm.is_of_numbers(), !norm.is_of_numbers()),
        None => (false, false),
    };
    if (identifier.is_some() || length_max.is_some() || of_texts) && !is_text {
        return Err("has a rule for texts and is not one");
    }
    if (sign == Sign::NotNegative || of_numbers) && !is_number {
        return Err("has a rule for numbers and is not one");
    }
    if let Some(earlier) = &not_before {
        check_earlier(field, earlier)?;
    }
    let sensitivity = sensitivity_of(annotation);
    Ok(ValueRules { identifier, sensitivity, sign, norm, not_before, length_max })
}

/// What a field must not be before is a day or a month like itself.
fn check_earlier(field: &FieldDescriptor, earlier: &str) -> Result<(), &'static str> {
    let is_ordered = |kind: &Kind| {
        kind.as_message().is_some_and(|message| {
            matches!(message.full_name(), "unefois.calendar.v1.Date" | "unefois.calendar.v1.Month")
        })
    };
    match field.parent_message().get_field_by_name(earlier) {
        Some(other) if is_ordered(&field.kind()) && other.kind() == field.kind() => Ok(()),
        Some(_) | None => Err("cannot be compared with what it is not before"),
    }
}
