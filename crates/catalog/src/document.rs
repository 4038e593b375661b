//! Documents inside records: what their bytes are, and their digest.

use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, Value};
use sha2::{Digest, Sha256};

use crate::{canonical::InvalidPayload, dataset::Dataset};

/// The message that is a document.
const DOCUMENT: &str = "unefois.certificate.v1.InlineDocument";
/// The media type of what can be recognised so far.
const PDF: &str = "application/pdf";
/// How a PDF begins (ISO 32000-1, 7.5.2).
const PDF_HEAD: &[u8] = b"%PDF-";
/// How a PDF ends (ISO 32000-1, 7.5.5).
const PDF_FOOT: &[u8] = b"%%EOF";
/// Where, from the end, readers look for the foot.
const PDF_FOOT_WITHIN: usize = 1024;

/// The names of the fields that are documents. They stand at the top, where an agreement can leave them out.
pub(crate) fn fields_of(message: &MessageDescriptor) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for field in message.fields() {
        let Kind::Message(inner) = field.kind() else { continue };
        if inner.full_name() != DOCUMENT {
            refuse_below(&inner)?;
        } else if field.is_list() {
            return Err(format!("field `{}` holds several documents", field.name()));
        } else {
            names.push(field.name().to_owned());
        }
    }
    Ok(names)
}

fn refuse_below(message: &MessageDescriptor) -> Result<(), String> {
    for field in message.fields() {
        let Kind::Message(inner) = field.kind() else { continue };
        if inner.full_name() == DOCUMENT {
            return Err(format!("`{}` holds a document below the top", field.full_name()));
        }
        refuse_below(&inner)?;
    }
    Ok(())
}

impl Dataset {
    /// How many bytes the documents of a record have.
    ///
    /// # Errors
    /// The bytes are not the dataset's message.
    pub fn documents_size_bytes(&self, bytes: &[u8]) -> Result<usize, InvalidPayload> {
        if !self.holds_document() {
            return Ok(0);
        }
        let message = self.decode_unchecked(bytes)?;
        let size = |name: &String| document_in(&message, name).map_or(0, |document| content(&document).len());
        Ok(self.documents.iter().map(size).sum())
    }

    /// Checks each document, and adds its digest where the provider left it out.
    pub(crate) fn complete_documents(&self, message: &mut DynamicMessage) -> Result<(), InvalidPayload> {
        for name in &self.documents {
            let Some(mut document) = document_in(message, name) else { continue };
            let invalid = |field: &str, rule: &str| self.invalid(&format!("{name}.{field}"), rule);
            let content = content(&document);
            let found = media_type_of(&content).ok_or_else(|| invalid("content", "it is not a whole PDF"))?;
            if text(&document, "media_type").as_deref() != Some(found) {
                return Err(invalid("media_type", "it is not that of the content"));
            }
            let digest = Sha256::digest(&content);
            let said = document.has_field_by_name("sha256").then(|| bytes(&document, "sha256"));
            match said {
                Some(said) if said[..] != digest[..] => {
                    return Err(invalid("sha256", "it is not the digest of the content"));
                }
                Some(_) => {}
                None => {
                    document.set_field_by_name("sha256", Value::Bytes(digest.to_vec().into()));
                    message.set_field_by_name(name, Value::Message(document));
                }
            }
        }
        Ok(())
    }
}

fn document_in(message: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    if !message.has_field_by_name(name) {
        return None;
    }
    message.get_field_by_name(name)?.as_message().cloned()
}

fn bytes(document: &DynamicMessage, name: &str) -> prost::bytes::Bytes {
    document.get_field_by_name(name).and_then(|value| value.as_bytes().cloned()).unwrap_or_default()
}

fn content(document: &DynamicMessage) -> prost::bytes::Bytes {
    bytes(document, "content")
}

fn text(document: &DynamicMessage, name: &str) -> Option<String> {
    document.get_field_by_name(name)?.as_str().map(str::to_owned)
}

/// What the bytes are, as far as they say so themselves.
fn media_type_of(content: &[u8]) -> Option<&'static str> {
    let tail = &content[content.len().saturating_sub(PDF_FOOT_WITHIN)..];
    let ends = tail.windows(PDF_FOOT.len()).any(|window| window == PDF_FOOT);
    (content.starts_with(PDF_HEAD) && ends).then_some(PDF)
}
