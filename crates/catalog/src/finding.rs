//! What is doubtful about a record: items that are there twice, subjects that may be taken for each other.

use std::collections::HashSet;

use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, ReflectMessage, Value};

use crate::{
    canonical::InvalidPayload,
    dataset::Dataset,
    marking::{HomonymRule, RepeatRule},
};

/// One doubt about a record. It is marked in the record too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The path of the mark, such as `payments[1].duplicate`.
    pub path: String,
}

/// What is doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    /// It may be there twice (doublon).
    Duplicate,
    /// The subject may be taken for another with the same traits (homonyme).
    Homonym,
}

impl Dataset {
    /// Whether its records are looked at for what is doubtful.
    #[must_use]
    pub fn has_doubts(&self) -> bool {
        !self.repeats.is_empty() || self.homonyms.is_some()
    }

    /// What a record's marks say is doubtful, whoever set them.
    ///
    /// # Errors
    /// The bytes are not the dataset's message.
    pub fn findings(&self, canonical: &[u8]) -> Result<Vec<Finding>, InvalidPayload> {
        if !self.has_doubts() {
            return Ok(Vec::new());
        }
        let message = self.decode_unchecked(canonical)?;
        let (mut findings, mut marks) = (Vec::new(), HashSet::new());
        // Several rules may look at one list, and set one mark.
        for rule in self.repeats.iter().filter(|rule| marks.insert((&rule.list, &rule.mark))) {
            for (place, item) in items(&message, &rule.list).iter().enumerate() {
                if is_set(item, &rule.mark) {
                    let path = format!("{}[{place}].{}", rule.list, rule.mark);
                    findings.push(Finding { kind: FindingKind::Duplicate, path });
                }
            }
        }
        if let Some(rule) = &self.homonyms
            && is_set(&message, &rule.mark)
        {
            findings.push(Finding { kind: FindingKind::Homonym, path: rule.mark.clone() });
        }
        Ok(findings)
    }

    /// The traits of the person of a record, in the form in which homonyms are compared; `None` where the dataset does
    /// not ask for it, or one of them is missing.
    ///
    /// # Errors
    /// The bytes are not the dataset's message.
    pub fn traits(&self, canonical: &[u8]) -> Result<Option<Vec<u8>>, InvalidPayload> {
        let Some(HomonymRule { traits, same, .. }) = &self.homonyms else { return Ok(None) };
        let message = self.decode_unchecked(canonical)?;
        let Some(person) = message.get_field_by_name(traits).and_then(|value| value.as_message().cloned()) else {
            return Ok(None);
        };
        let mut compared = Vec::new();
        for name in same {
            let trait_of = person.has_field_by_name(name).then(|| person.get_field_by_name(name)).flatten();
            let bytes = trait_of.as_deref().map(comparable).filter(|bytes| !bytes.is_empty());
            let Some(bytes) = bytes else { return Ok(None) };
            // Each behind its length: no two persons share their traits by accident.
            compared.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            compared.extend_from_slice(&bytes);
        }
        Ok(Some(compared))
    }

    /// The record, marked as that of a subject that may be taken for another.
    ///
    /// # Errors
    /// The bytes are not the dataset's message.
    pub fn marked_as_homonym(&self, canonical: &[u8]) -> Result<Vec<u8>, InvalidPayload> {
        let mut message = self.decode_unchecked(canonical)?;
        if let Some(rule) = &self.homonyms {
            message.set_field_by_name(&rule.mark, Value::Bool(true));
        }
        Ok(message.encode_to_vec())
    }

    /// Marks the items that are there twice. What the provider marked itself stays marked.
    pub(crate) fn mark_repeats(&self, message: &mut DynamicMessage) {
        for rule in &self.repeats {
            let mut items = items(message, &rule.list);
            let mut seen = HashSet::new();
            let is_repeat = |item| compared(item, rule).is_some_and(|compared| !seen.insert(compared));
            let is_repeat: Vec<bool> = items.iter().map(is_repeat).collect();
            if !is_repeat.contains(&true) {
                continue;
            }
            for (item, _) in items.iter_mut().zip(is_repeat).filter(|(_, is_repeat)| *is_repeat) {
                item.set_field_by_name(&rule.mark, Value::Bool(true));
            }
            message.set_field_by_name(&rule.list, Value::List(items.into_iter().map(Value::Message).collect()));
            message.set_field_by_name(&rule.record_mark, Value::Bool(true));
        }
    }
}

/// The fields of an item that are compared, as their bytes; `None` when one of them is not set.
fn compared(item: &DynamicMessage, rule: &RepeatRule) -> Option<Vec<u8>> {
    let mut compared = DynamicMessage::new(item.descriptor());
    for name in &rule.same {
        let value = item.has_field_by_name(name).then(|| item.get_field_by_name(name)).flatten();
        compared.set_field_by_name(name, value?.into_owned());
    }
    Some(compared.encode_to_vec())
}

fn items(message: &DynamicMessage, list: &str) -> Vec<DynamicMessage> {
    let value = message.get_field_by_name(list);
    let values = value.as_deref().and_then(Value::as_list).unwrap_or_default();
    values.iter().filter_map(|item| item.as_message().cloned()).collect()
}

fn is_set(message: &DynamicMessage, mark: &str) -> bool {
    message.get_field_by_name(mark).and_then(|value| value.as_bool()).unwrap_or_default()
}

/// A trait in the form in which it is compared: letters and digits in upper case, or the bytes of a day.
fn comparable(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => {
            let letters = text.chars().filter(|letter| letter.is_alphanumeric());
            letters.flat_map(char::to_uppercase).collect::<String>().into_bytes()
        }
        Value::Message(day) => day.encode_to_vec(),
        _ => Vec::new(),
    }
}

/// Whether the message has a `bool` of that name.
pub(crate) fn has_mark(message: &MessageDescriptor, name: &str) -> bool {
    message.get_field_by_name(name).is_some_and(|field| field.kind() == prost_reflect::Kind::Bool && !field.is_list())
}
