//! The rules by which doubtful records are marked, read from the annotation of a dataset.

use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, Value};

use crate::{
    annotation::{text, texts},
    finding::has_mark,
};

/// When two items of a list are one item twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RepeatRule {
    pub(crate) list: String,
    pub(crate) same: Vec<String>,
    pub(crate) mark: String,
    pub(crate) record_mark: String,
}

/// When two people may be taken for each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HomonymRule {
    pub(crate) traits: String,
    pub(crate) same: Vec<String>,
    pub(crate) mark: String,
}

/// The rules of a dataset on items that are there twice.
pub(crate) fn repeats_of(rule: &DynamicMessage, message: &MessageDescriptor) -> Result<Vec<RepeatRule>, String> {
    let value = rule.get_field_by_name("repeats");
    let rules = value.as_deref().and_then(Value::as_list).unwrap_or_default();
    rules.iter().filter_map(Value::as_message).map(|rule| repeat_of(rule, message)).collect()
}

fn repeat_of(rule: &DynamicMessage, message: &MessageDescriptor) -> Result<RepeatRule, String> {
    let (list, same) = (text(rule, "list"), texts(rule, "same"));
    let (mark, record_mark) = (text(rule, "mark"), text(rule, "record_mark"));
    let item = inner(message, &list).filter(|_| message.get_field_by_name(&list).is_some_and(|field| field.is_list()));
    let Some(item) = item else { return Err(format!("`{list}` is not a list of messages")) };
    if same.is_empty() || same.iter().any(|name| item.get_field_by_name(name).is_none()) {
        return Err(format!("the items of `{list}` cannot be compared"));
    }
    if !has_mark(&item, &mark) || !has_mark(message, &record_mark) {
        return Err(format!("the items of `{list}` cannot be marked"));
    }
    Ok(RepeatRule { list, same, mark, record_mark })
}

/// The rule of a dataset on people who may be taken for each other, if it has one.
pub(crate) fn homonyms_of(rule: &DynamicMessage, message: &MessageDescriptor) -> Result<Option<HomonymRule>, String> {
    if !rule.has_field_by_name("homonyms") {
        return Ok(None);
    }
    let value = rule.get_field_by_name("homonyms");
    let Some(rule) = value.as_deref().and_then(Value::as_message) else { return Ok(None) };
    let (traits, same, mark) = (text(rule, "traits"), texts(rule, "same"), text(rule, "mark"));
    let is_compared = |person: &MessageDescriptor, name: &String| {
        let field = person.get_field_by_name(name);
        field.is_some_and(|field| !field.is_list() && matches!(field.kind(), Kind::String | Kind::Message(_)))
    };
    match inner(message, &traits) {
        Some(person) if !same.is_empty() && same.iter().all(|name| is_compared(&person, name)) => {}
        Some(_) | None => return Err(format!("the traits in `{traits}` cannot be compared")),
    }
    if !has_mark(message, &mark) {
        return Err(format!("`{mark}` cannot mark homonyms"));
    }
    Ok(Some(HomonymRule { traits, same, mark }))
}

/// The message that the field of that name holds.
fn inner(message: &MessageDescriptor, name: &str) -> Option<MessageDescriptor> {
    message.get_field_by_name(name)?.kind().as_message().cloned()
}
