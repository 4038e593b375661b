//! Reading a dataset from its annotations, and refusing one that breaks their rules.

use std::collections::BTreeSet;

use prost_reflect::{DescriptorError, DescriptorPool, DynamicMessage, FieldDescriptor, MessageDescriptor};

use crate::{
    annotation::{dataset_annotation, field_annotation, number, sensitivity_of, text, texts},
    compile::InvalidFolder,
    convert::Continues,
    dataset::{Dataset, SubjectKind},
    document,
    field::Field,
    field_set::FieldSet,
    key::{KeyField, KeyPart},
    marking::{homonyms_of, repeats_of},
    rules::{Rules, rules_of},
    shape::check_shape,
};

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
    /// Two messages claim one identifier and major version.
    #[error("two messages are the dataset `{dataset}` in its major version {major}")]
    DatasetTwice {
        /// The identifier.
        dataset: String,
        /// The major version.
        major: u32,
    },
    /// A folder of `.proto` files is no part of the contract.
    #[error("the datasets of a folder cannot be served")]
    Folder(#[source] InvalidFolder),
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
    let Some(rule) = dataset_annotation(pool, &message)? else { return Ok(None) };
    let refuse = |rule: String| InvalidCatalog::Rule { message: message.full_name().to_owned(), rule };

    let id = text(&rule, "id");
    if id.is_empty() {
        return Err(refuse("a dataset has an identifier".to_owned()));
    }
    let subject_kind = match number(&rule, "subject_kind") {
        1 => SubjectKind::NaturalPerson,
        2 => SubjectKind::Company,
        3 => SubjectKind::Either,
        other => return Err(refuse(format!("the kind of subject {other} is not known"))),
    };
    check_shape(&message, &mut BTreeSet::new()).map_err(&refuse)?;
    let rules = rules_of(pool, &message)?;
    let mut fields = message.fields().map(|field| field_of(pool, &rules, &field)).collect::<Result<Vec<_>, _>>()?;
    fields.sort_by_key(|field| field.number);
    let natural_key = key_of(&rule, &fields).map_err(&refuse)?;
    let documents = document::fields_of(&message).map_err(&refuse)?;
    let major = u32::try_from(number(&rule, "major")).unwrap_or_default();
    if major == 0 {
        return Err(refuse("the major version is at least 1".to_owned()));
    }
    let rows = texts(&rule, "rows");
    if rows.is_empty() {
        return Err(refuse("a dataset serves a row".to_owned()));
    }
    let repeats = repeats_of(&rule, &message).map_err(&refuse)?;
    let homonyms = homonyms_of(&rule, &message).map_err(&refuse)?;
    let continues = continues_of(pool, &message)?;
    let french_name = text(&rule, "french_name");
    Ok(Some(Dataset {
        id,
        major,
        french_name,
        subject_kind,
        rows,
        fields,
        natural_key,
        rules,
        documents,
        repeats,
        homonyms,
        continues,
        message,
    }))
}

/// The key fields in the order of the annotation.
fn key_of(rule: &DynamicMessage, fields: &[Field]) -> Result<Vec<KeyField>, String> {
    let (names, apart) = (texts(rule, "natural_key"), texts(rule, "told_apart_by"));
    if names.is_empty() {
        return Err("a dataset has a natural key".to_owned());
    }
    if let Some(stranger) = apart.iter().find(|name| !names.contains(name)) {
        return Err(format!("`{stranger}` tells records apart and is not part of the key"));
    }
    let key_field = |name: String| {
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            return Err(format!("the key field `{name}` is not one of its fields"));
        };
        let may_be_left_out = field.identifier.is_some() || apart.contains(&name);
        let part = if may_be_left_out { KeyPart::TellsApart } else { KeyPart::Selects };
        Ok(KeyField { name, number: field.number, identifier: field.identifier, part })
    };
    names.into_iter().map(key_field).collect()
}

fn field_of(pool: &DescriptorPool, rules: &Rules, field: &FieldDescriptor) -> Result<Field, InvalidCatalog> {
    let refuse = |rule: &str| InvalidCatalog::Rule {
        message: field.parent_message().full_name().to_owned(),
        rule: format!("field `{}` {rule}", field.name()),
    };
    if field.number() > FieldSet::NUMBER_MAX {
        return Err(refuse("has a number above 63"));
    }
    let rule = field_annotation(pool, field)?.ok_or_else(|| refuse("is not annotated"))?;
    let sensitivity = sensitivity_of(&rule).ok_or_else(|| refuse("does not say how sensitive it is"))?;
    let identifier = rules.get(field.full_name()).and_then(|rules| rules.identifier);
    Ok(Field { name: field.name().to_owned(), number: field.number(), sensitivity, identifier })
}

/// The fields that continue one of the previous major version.
fn continues_of(pool: &DescriptorPool, message: &MessageDescriptor) -> Result<Vec<Continues>, InvalidCatalog> {
    let mut continues = Vec::new();
    for field in message.fields() {
        let path = field_annotation(pool, &field)?.map(|rule| text(&rule, "continues")).unwrap_or_default();
        if !path.is_empty() {
            continues.push(Continues { field: field.name().to_owned(), path });
        }
    }
    Ok(continues)
}
