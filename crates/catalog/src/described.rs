//! What people read of a dataset: the comments of the contract, field by field.

use prost_reflect::{Cardinality, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};

use crate::{
    dataset::Dataset,
    field::{IdentifierKind, Sensitivity},
    norm::Norm,
};

/// A field of a dataset, or of a message in it, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedField {
    /// Where it stands in a record, such as `amounts.bnc_cents`.
    pub path: String,
    /// What its value is counted in, or written as: `euro cents`, `day`, `SIREN`.
    pub unit: String,
    /// How sensitive it is; a field in a message that does not say so is as sensitive as the message.
    pub sensitivity: Sensitivity,
    /// What it means.
    pub meaning: String,
    /// Where that comes from: an article, a norm, a row of the annex.
    pub source: String,
}

impl Dataset {
    /// What it is, in the words of the contract; without the example and the statement of sources.
    #[must_use]
    pub fn meaning(&self) -> String {
        let comment = comment_of(&self.message.parent_file(), self.message.path());
        in_one_line(comment.split("\n\n").next().unwrap_or_default())
    }

    /// The example in its comment, as protobuf JSON; `None` where it has none.
    #[must_use]
    pub fn example(&self) -> Option<serde_json::Value> {
        let comment = comment_of(&self.message.parent_file(), self.message.path());
        let (_, example) = comment.split_once("Example:")?;
        serde_json::from_str(example).ok()
    }

    /// Every field in words, each followed by those within it.
    #[must_use]
    pub fn described(&self) -> Vec<DescribedField> {
        let mut described = Vec::new();
        self.describe(&self.message, "", Sensitivity::Public, &mut described);
        described
    }

    fn describe(
        &self,
        message: &MessageDescriptor,
        above: &str,
        of_message: Sensitivity,
        described: &mut Vec<DescribedField>,
    ) {
        for field in message.fields() {
            let rules = self.rules.get(field.full_name());
            let top = self.fields.iter().find(|top| above.is_empty() && top.name == field.name());
            let own = rules.and_then(|rules| rules.sensitivity);
            let sensitivity = top.map(|top| top.sensitivity).or(own).unwrap_or(of_message);
            let dot = if above.is_empty() { "" } else { "." };
            let path = format!("{above}{dot}{}", field.name());
            let comment = in_one_line(&comment_of(&message.parent_file(), field.path()));
            let (meaning, source) = comment.split_once("Source: ").unwrap_or((&comment, ""));
            described.push(DescribedField {
                path: path.clone(),
                unit: unit(&field, rules.and_then(|rules| rules.identifier), rules.and_then(|rules| rules.norm)),
                sensitivity,
                meaning: meaning.trim().to_owned(),
                source: source.trim().trim_end_matches('.').to_owned(),
            });
            if let Kind::Message(inner) = field.kind()
                && inner.package_name() != "unefois.calendar.v1"
            {
                self.describe(&inner, &path, sensitivity, described);
            }
        }
    }
}

fn unit(field: &FieldDescriptor, identifier: Option<IdentifierKind>, norm: Option<Norm>) -> String {
    let one = match (identifier, norm) {
        (Some(identifier), _) => identifier.name().to_owned(),
        (None, Some(norm)) => norm.name().to_owned(),
        (None, None) => by_type(field),
    };
    if field.cardinality() == Cardinality::Repeated { format!("list of {one}") } else { one }
}

fn by_type(field: &FieldDescriptor) -> String {
    let by_name = [
        ("_centimes_chf", "Swiss centimes"),
        ("_cents", "euro cents"),
        ("_euros", "euros"),
        ("_hundredths", "hundredths"),
    ];
    let by_kind = match field.kind() {
        Kind::Bool => "yes or no",
        Kind::String => "text",
        Kind::Bytes => "bytes",
        Kind::Enum(of) => return format!("one of {}", of.values().filter(|value| value.number() != 0).count()),
        Kind::Message(message) => match message.full_name() {
            "unefois.calendar.v1.Date" => "day",
            "unefois.calendar.v1.Month" => "month",
            "unefois.calendar.v1.Quarter" => "quarter",
            "unefois.calendar.v1.Period" => "month or quarter",
            _ => return format!("`{}`", message.name()),
        },
        _ => "number",
    };
    let found = by_name.into_iter().find(|(suffix, _)| field.name().ends_with(suffix));
    found.map_or(by_kind, |(_, unit)| unit).to_owned()
}

/// The comment before an item; empty where the descriptors came without comments.
fn comment_of(file: &FileDescriptor, path: &[i32]) -> String {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let found = info.and_then(|info| info.location.iter().find(|location| location.path == path));
    found.map(|location| location.leading_comments().to_owned()).unwrap_or_default()
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
