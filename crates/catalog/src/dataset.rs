//! One dataset: what it is called, whom it is about, and what it consists of.

use prost_reflect::MessageDescriptor;

use crate::{
    convert::Continues,
    field::Field,
    field_set::{FieldSet, UnknownField},
    key::KeyField,
    marking::{HomonymRule, RepeatRule},
    rules::Rules,
};

/// One kind of data (jeu de données): one protobuf message.
#[derive(Debug)]
pub struct Dataset {
    pub(crate) id: String,
    pub(crate) major: u32,
    pub(crate) french_name: String,
    pub(crate) subject_kind: SubjectKind,
    pub(crate) rows: Vec<String>,
    /// In the order of their numbers.
    pub(crate) fields: Vec<Field>,
    /// The key fields, in the order of the annotation.
    pub(crate) natural_key: Vec<KeyField>,
    /// What the values of its fields, and of those within them, must keep.
    pub(crate) rules: Rules,
    /// The names of the fields that hold a document.
    pub(crate) documents: Vec<String>,
    pub(crate) repeats: Vec<RepeatRule>,
    pub(crate) homonyms: Option<HomonymRule>,
    /// What its fields were in the previous major version.
    pub(crate) continues: Vec<Continues>,
    pub(crate) message: MessageDescriptor,
}

/// The kind of subject that a dataset is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectKind {
    /// A natural person, the self-employed included (personne physique).
    NaturalPerson,
    /// A legal person (personne morale).
    Company,
    /// Either: the question says which.
    Either,
}

impl SubjectKind {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NaturalPerson => "natural person",
            Self::Company => "company",
            Self::Either => "natural person or company",
        }
    }
}

impl Dataset {
    /// The stable identifier, such as `declared-turnover`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The major version.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// What names it, in this major version, in a store: the first major is the dataset itself.
    #[must_use]
    pub fn stored_name(&self) -> String {
        if self.major == 1 { self.id.clone() } else { format!("{}/{}", self.id, self.major) }
    }

    /// The name in French, as the agencies call it.
    #[must_use]
    pub fn french_name(&self) -> &str {
        &self.french_name
    }

    /// The kind of subject that its records are about.
    #[must_use]
    pub fn subject_kind(&self) -> SubjectKind {
        self.subject_kind
    }

    /// The promised exchanges that it serves, such as `D13`.
    #[must_use]
    pub fn rows(&self) -> &[String] {
        &self.rows
    }

    /// Whether its records can hold a document.
    #[must_use]
    pub fn holds_document(&self) -> bool {
        !self.documents.is_empty()
    }

    /// Its top-level fields, in the order of their numbers.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The names of the fields that, with the subject, name one record.
    pub fn natural_key(&self) -> impl Iterator<Item = &str> {
        self.natural_key.iter().map(|field| field.name.as_str())
    }

    /// The full name of its message, such as `unefois.income.v1.DeclaredTurnover`.
    #[must_use]
    pub fn message_name(&self) -> &str {
        self.message.full_name()
    }

    /// The set of the named top-level fields.
    ///
    /// # Errors
    /// A name is not a field of this dataset.
    pub fn field_set<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<FieldSet, UnknownField> {
        let mut set = FieldSet::default();
        for name in names {
            let field = self.fields.iter().find(|field| field.name == name);
            set.insert(field.ok_or_else(|| UnknownField { dataset: self.id.clone(), field: name.to_owned() })?.number);
        }
        Ok(set)
    }
}
