//! A file that an answer links in place of holding it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::path::Path;

/// The media type that the hub takes documents of. Whether the bytes are that is checked where they enter.
pub(super) const MEDIA_TYPE: &str = "application/pdf";

/// Where a file is, and where it belongs in the record.
///
/// It has no `Debug`: the address may open the file to whoever knows it.
#[derive(PartialEq, Eq)]
pub(crate) struct Link {
    /// Of the record.
    pub(super) place: Path,
    /// Of the answer.
    pub(super) from: Path,
    pub(super) address: String,
}

impl Link {
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The provider's name of the link.
    pub(crate) fn field(&self) -> String {
        self.from.to_string()
    }

    /// Puts the file where it belongs.
    pub(crate) fn put(&self, record: &mut Value, content: &[u8]) {
        put(record, &self.place, document(&STANDARD.encode(content)));
    }
}

/// A document as protobuf JSON.
pub(super) fn document(base64: &str) -> Value {
    json!({ "media_type": MEDIA_TYPE, "content": base64 })
}

/// Puts a value where the names lead, making the messages on the way.
pub(super) fn put(record: &mut Value, place: &Path, value: Value) {
    let slot = place.names().iter().fold(record, |message, name| {
        if !message.is_object() {
            *message = json!({});
        }
        &mut message[name.as_str()]
    });
    *slot = value;
}
