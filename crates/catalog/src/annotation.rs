//! Reading the options that annotate datasets and their fields.

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, MessageDescriptor, Value};

use crate::{field::Sensitivity, load::InvalidCatalog};

/// The option that makes a message a dataset.
const DATASET: &str = "unefois.dataset.v1.dataset";
/// The option that annotates a field of a dataset.
const FIELD: &str = "unefois.dataset.v1.field";

/// The annotation of a message, where it carries one: it is a dataset.
pub(crate) fn dataset_annotation(
    pool: &DescriptorPool,
    message: &MessageDescriptor,
) -> Result<Option<DynamicMessage>, InvalidCatalog> {
    annotation(pool, DATASET, &message.options())
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

/// The annotation of a field, where it carries one.
pub(crate) fn field_annotation(
    pool: &DescriptorPool,
    field: &FieldDescriptor,
) -> Result<Option<DynamicMessage>, InvalidCatalog> {
    annotation(pool, FIELD, &field.options())
}

pub(crate) fn text(rule: &DynamicMessage, field: &str) -> String {
    rule.get_field_by_name(field).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

pub(crate) fn number(rule: &DynamicMessage, field: &str) -> i64 {
    let value = rule.get_field_by_name(field);
    match value.as_deref() {
        Some(Value::EnumNumber(number)) => i64::from(*number),
        Some(Value::U32(number)) => i64::from(*number),
        Some(Value::Bool(set)) => i64::from(*set),
        _ => 0,
    }
}

pub(crate) fn texts(rule: &DynamicMessage, field: &str) -> Vec<String> {
    let value = rule.get_field_by_name(field);
    let texts = value.as_deref().and_then(Value::as_list).unwrap_or_default();
    texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// What an annotation says of how sensitive a field is, if it says so.
pub(crate) fn sensitivity_of(rule: &DynamicMessage) -> Option<Sensitivity> {
    match number(rule, "sensitivity") {
        1 => Some(Sensitivity::Public),
        2 => Some(Sensitivity::Personal),
        3 => Some(Sensitivity::Financial),
        4 => Some(Sensitivity::Identifying),
        _ => None,
    }
}
