//! Reading a dataset from its annotations, and refusing one that breaks their rules.

use std::collections::BTreeSet;

use prost_reflect::{DescriptorError, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use crate::{
    dataset::{Dataset, Field, IdentifierKind, KeyField, Sensitivity, SubjectKind},
    field_set::FieldSet,
};

/// The option that makes a message a dataset.
const DATASET: &str = "unefois.dataset.v1.dataset";
/// The option that annotates a field of a dataset.
const FIELD: &str = "unefois.dataset.v1.field";

/// A contract that the hub cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum InvalidCatalog {
    /// The bytes are not a descriptor set.
    #[error("the descriptor set cannot be decoded")]
    Descriptors(#[source] DescriptorError),
    /// The contract does not define the options that annotate datasets.
    #[error("the contract does not define the option `{option}`")]
    OptionMissing {
        /// The option.
        option: &'static str,
    },
    /// Two messages claim one identifier.
    #[error("two messages are the dataset `{dataset}`")]
    DatasetTwice {
        /// The identifier.
        dataset: String,
    },
    /// A message breaks a rule of `unefois/dataset/v1/options.proto`.
    #[error("message `{message}`: {rule}")]
    Rule {
        /// The message.
        message: String,
        /// The rule, in words.
        rule: String,
    },
}

/// The dataset that `message` is, or `None` when it carries no annotation.
pub(crate) fn dataset_of(pool: &DescriptorPool, message: MessageDescriptor) -> Result<Option<Dataset>, InvalidCatalog> {
    let Some(rule) = annotation(pool, DATASET, &message.options())? else { return Ok(None) };
    let refuse = |rule: String| InvalidCatalog::Rule { message: message.full_name().to_owned(), rule };

    let id = text(&rule, "id");
    if id.is_empty() {
        return Err(refuse("a dataset has an identifier".to_owned()));
    }
    let subject_kind = match number(&rule, "subject_kind") {
        1 => SubjectKind::NaturalPerson,
        2 => SubjectKind::Company,
        other => return Err(refuse(format!("the kind of subject {other} is not known"))),
    };
    check_shape(&message, &mut BTreeSet::new()).map_err(&refuse)?;
    let mut fields = message.fields().map(|field| field_of(pool, &field)).collect::<Result<Vec<_>, _>>()?;
    fields.sort_by_key(|field| field.number);
    let natural_key = key_names(&rule)
        .into_iter()
        .map(|name| match fields.iter().find(|field| field.name == name) {
            Some(field) => Ok(KeyField { identifier: field.identifier, name }),
            None => Err(refuse(format!("the key field `{name}` is not one of its fields"))),
        })
        .collect::<Result<Vec<_>, _>>()?;
    if natural_key.is_empty() {
        return Err(refuse("a dataset has a natural key".to_owned()));
    }
    let major = u32::try_from(number(&rule, "major")).unwrap_or_default();
    if major == 0 {
        return Err(refuse("the major version is at least 1".to_owned()));
    }
    let french_name = text(&rule, "french_name");
    Ok(Some(Dataset { id, major, french_name, subject_kind, fields, natural_key, message }))
}

fn field_of(pool: &DescriptorPool, field: &FieldDescriptor) -> Result<Field, InvalidCatalog> {
    let refuse = |rule: &str| InvalidCatalog::Rule {
        message: field.parent_message().full_name().to_owned(),
        rule: format!("field `{}` {rule}", field.name()),
    };
    if field.number() > FieldSet::NUMBER_MAX {
        return Err(refuse("has a number above 63"));
    }
    let rule = annotation(pool, FIELD, &field.options())?.ok_or_else(|| refuse("is not annotated"))?;
    let sensitivity = match number(&rule, "sensitivity") {
        1 => Sensitivity::Public,
        2 => Sensitivity::Personal,
        3 => Sensitivity::Financial,
        4 => Sensitivity::Identifying,
        _ => return Err(refuse("does not say how sensitive it is")),
    };
    let identifier = match number(&rule, "identifier") {
        0 => None,
        1 => Some(IdentifierKind::Nir),
        2 => Some(IdentifierKind::Siren),
        3 => Some(IdentifierKind::Siret),
        4 => Some(IdentifierKind::Spi),
        _ => return Err(refuse("holds an identifier of a kind that is not known")),
    };
    Ok(Field { name: field.name().to_owned(), number: field.number(), sensitivity, identifier })
}

/// Every scalar is `optional`; there are no maps, no floats and no messages within themselves.
fn check_shape(message: &MessageDescriptor, above: &mut BTreeSet<String>) -> Result<(), String> {
    if !above.insert(message.full_name().to_owned()) {
        return Err(format!("`{}` holds itself", message.full_name()));
    }
    for field in message.fields() {
        let name = field.full_name();
        match field.kind() {
            Kind::Float | Kind::Double => return Err(format!("`{name}` is a floating-point field")),
            _ if field.is_map() => return Err(format!("`{name}` is a map")),
            Kind::Message(inner) => check_shape(&inner, above)?,
            _ if !field.is_list() && !field.supports_presence() => return Err(format!("`{name}` is not optional")),
            _ => {}
        }
    }
    above.remove(message.full_name());
    Ok(())
}

fn annotation(
    pool: &DescriptorPool,
    option: &'static str,
    options: &DynamicMessage,
) -> Result<Option<DynamicMessage>, InvalidCatalog> {
    let extension = pool.get_extension_by_name(option).ok_or(InvalidCatalog::OptionMissing { option })?;
    if !options.has_extension(&extension) {
        return Ok(None);
    }
    Ok(options.get_extension(&extension).as_message().cloned())
}

/// Whether the number of this field cannot be below zero.
pub(crate) fn is_not_negative(field: &FieldDescriptor) -> bool {
    let pool = field.parent_pool();
    match annotation(pool, FIELD, &field.options()) {
        Ok(Some(rule)) => matches!(rule.get_field_by_name("not_negative").as_deref(), Some(Value::Bool(true))),
        Ok(None) | Err(_) => false,
    }
}

fn text(rule: &DynamicMessage, field: &str) -> String {
    rule.get_field_by_name(field).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn number(rule: &DynamicMessage, field: &str) -> i64 {
    let value = rule.get_field_by_name(field);
    match value.as_deref() {
        Some(Value::EnumNumber(number)) => i64::from(*number),
        Some(Value::U32(number)) => i64::from(*number),
        _ => 0,
    }
}

fn key_names(rule: &DynamicMessage) -> Vec<String> {
    let value = rule.get_field_by_name("natural_key");
    let names = value.as_deref().and_then(Value::as_list).unwrap_or_default();
    names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}
