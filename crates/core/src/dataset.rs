//! Datasets as agreements name them: identifiers, fields, operations, kinds of subject.

use serde::{Deserialize, Serialize};

use crate::code::code_type;

code_type!(
    /// The identifier of a dataset, such as `declared-turnover`.
    DatasetId, "a dataset", 60
);

/// The name of a top-level field of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldName(String);

impl FieldName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for FieldName {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl From<&str> for FieldName {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl AsRef<str> for FieldName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for FieldName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an agreement may allow. The list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Asking for records, one by one, in batches or as a file.
    Pull,
    /// Being told of changes.
    Push,
    /// Asking whether a value is right, without being given it.
    Check,
    /// Asking whether a value is above or below a threshold, without being given it.
    Threshold,
    /// Being given a supporting document (pièce justificative).
    Document,
}

impl Operation {
    /// Its code, as registry files have it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Check => "check",
            Self::Threshold => "threshold",
            Self::Document => "document",
        }
    }
}

/// The kind of subject (nature de l'usager).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// A natural person, the self-employed included (personne physique).
    NaturalPerson,
    /// A legal person (personne morale).
    Company,
}

impl SubjectKind {
    /// Its code, as registry files have it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NaturalPerson => "natural-person",
            Self::Company => "company",
        }
    }

    /// Its number, as it is stored.
    #[must_use]
    pub fn number(self) -> i16 {
        match self {
            Self::NaturalPerson => 1,
            Self::Company => 2,
        }
    }

    /// The kind of that number.
    #[must_use]
    pub fn numbered(number: i16) -> Option<Self> {
        [Self::NaturalPerson, Self::Company].into_iter().find(|kind| kind.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldName, Operation, SubjectKind};

    #[test]
    fn a_field_reads_as_its_name() {
        let field = FieldName::from("siren");
        assert_eq!([field.as_str(), field.as_ref()], ["siren"; 2]);
        assert_eq!(field.to_string(), "siren");
    }

    #[test]
    fn a_kind_of_subject_is_known_by_its_number() {
        assert_eq!([1, 2].map(SubjectKind::numbered), [Some(SubjectKind::NaturalPerson), Some(SubjectKind::Company)]);
        assert_eq!([0, 3].map(SubjectKind::numbered), [None, None]);
    }

    #[test]
    fn codes_are_the_words_of_registry_files() {
        use Operation::{Check, Document, Pull, Push, Threshold};
        for operation in [Pull, Push, Check, Threshold, Document] {
            assert_eq!(serde_json::to_value(operation).unwrap(), operation.code());
        }
        for kind in [SubjectKind::NaturalPerson, SubjectKind::Company] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
        }
    }
}
