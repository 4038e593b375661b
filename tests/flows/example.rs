//! The examples in the comments of the contract, and whom they are about.

use std::path::Path;

use serde_json::Value;
use unefois_catalog::Dataset;
use unefois_core::SubjectKind;
use unefois_proto::pb::subject::v1::{Subject, subject::Identifier};
use unefois_testkit::Person;

/// The example in the comment of a dataset's message: a whole record.
pub(crate) fn example_of(dataset: &Dataset) -> Value {
    let name = dataset.message_name().strip_prefix("unefois.").unwrap();
    let (package, message) = name.rsplit_once('.').unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/unefois").join(package.replace('.', "/"));
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let Some((above, _)) = text.split_once(&format!("\nmessage {message} {{")) else { continue };
        let (_, example) = above.rsplit_once("// Example:").unwrap_or_else(|| panic!("{name} has no example"));
        let json: String = example.lines().map(|line| line.trim_start_matches("//")).collect();
        return serde_json::from_str(&json).unwrap();
    }
    panic!("{name} is in no file");
}

/// Whom the examples are about: the same person, and the same company.
pub(crate) fn subject(kind: SubjectKind) -> Subject {
    match kind {
        SubjectKind::NaturalPerson => Person::invented(77).by_nir(),
        SubjectKind::Company => Subject { identifier: Some(Identifier::Siren("810000117".to_owned())) },
    }
}

/// The fields of that record that name it, as a question gives them.
pub(crate) fn key_of(dataset: &Dataset, record: &Value) -> Vec<u8> {
    let key: serde_json::Map<String, Value> =
        dataset.natural_key().map(|name| (name.to_owned(), record[name].clone())).collect();
    dataset.from_json(&Value::Object(key)).unwrap()
}
