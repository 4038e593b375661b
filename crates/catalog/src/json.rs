//! Records as protobuf JSON, for people and for command lines.

use prost::Message;
use prost_reflect::{DeserializeOptions, DynamicMessage, SerializeOptions};

use crate::{canonical::InvalidPayload, dataset::Dataset};

/// JSON that is not the dataset's message.
#[derive(Debug, thiserror::Error)]
#[error("the JSON is not a `{message}`")]
pub struct InvalidJson {
    /// The message that it should be.
    pub message: String,
    /// What the reader said; it may quote a value, so it is not for logs.
    #[source]
    source: serde_json::Error,
}

impl Dataset {
    /// Encodes protobuf JSON as the dataset's message. The values are checked by [`Dataset::canonicalise`].
    ///
    /// # Errors
    /// The JSON is not the dataset's message, or has a field that it does not.
    pub fn from_json(&self, json: &serde_json::Value) -> Result<Vec<u8>, InvalidJson> {
        let options = DeserializeOptions::new().deny_unknown_fields(true);
        DynamicMessage::deserialize_with_options(self.message.clone(), json, &options)
            .map(|message| message.encode_to_vec())
            .map_err(|source| InvalidJson { message: self.message.full_name().to_owned(), source })
    }

    /// The record as protobuf JSON, with the field names of the contract; a field that was withheld is absent.
    ///
    /// # Errors
    /// The bytes are not the dataset's message.
    pub fn to_json(&self, bytes: &[u8]) -> Result<serde_json::Value, InvalidPayload> {
        let message = self.decode_unchecked(bytes)?;
        let options = SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false);
        message.serialize_with_options(serde_json::value::Serializer, &options).map_err(|error| InvalidPayload {
            dataset: self.id.clone(),
            field: String::new(),
            rule: format!("it has no JSON form: {error}"),
        })
    }
}
