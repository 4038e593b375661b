//! The digest of an agreement, from its registry file: SHA-256 of a line `key=value` a term.

use serde_json::Value;
use sha2::{Digest, Sha256};
use unefois_core::Agreement;

/// The terms, in the order of the digest.
const TERMS: [&str; 18] = [
    "id",
    "title",
    "consumer",
    "provider",
    "dataset",
    "dataset-major",
    "fields",
    "operations",
    "purpose",
    "legal-basis",
    "consent",
    "consent-collected-by",
    "population",
    "whole-population",
    "valid-from",
    "valid-until",
    "daily-quota",
    "state",
];

/// The digest that entries made under the agreement name.
pub fn digest(agreement: &Agreement) -> [u8; 32] {
    let file = serde_json::to_value(agreement).unwrap();
    // Of all terms, this one has no line where the file leaves it out.
    let terms = TERMS.iter().filter(|term| **term != "whole-population" || !file[term].is_null());
    let text: String = terms.map(|term| format!("{term}={}\n", written(&file[term]))).collect();
    Sha256::digest(text).into()
}

fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(","),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}
