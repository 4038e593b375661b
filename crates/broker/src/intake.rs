//! Intake: what is checked of a record wherever it enters, published or fetched live.

use unefois_catalog::Dataset;
use unefois_core::{Identifier, Reason};

use crate::{failure::Failure, hub::Hub, limits::Limits};

impl Hub {
    /// The canonical bytes of a whole record: of a bearable size, valid by the rules of its dataset, its documents what
    /// they say they are, its identifiers with the right keys.
    ///
    /// # Errors
    /// `MESSAGE_TOO_LARGE`, `PAYLOAD_INVALID` or `IDENTIFIER_INVALID`, with the field and the rule and never the value.
    pub(crate) fn take_in(&self, dataset: &Dataset, data: &[u8]) -> Result<Vec<u8>, Failure> {
        if data.len() > size_max(&self.limits, dataset) {
            return Err(Failure::new(Reason::MessageTooLarge));
        }
        let canonical = dataset.canonicalise(data).map_err(|invalid| {
            Failure::field(Reason::PayloadInvalid, format!("data.{}", invalid.field), invalid.rule)
        })?;
        let documents = dataset.documents_size_bytes(&canonical).map_err(Failure::internal)?;
        // The canonical bytes may be longer than what came: the digest of a document is added.
        let rest = data.len().saturating_sub(documents);
        if documents > self.limits.document_size_bytes_max || rest > self.limits.record_size_bytes_max {
            return Err(Failure::new(Reason::MessageTooLarge));
        }
        self.check_identifiers(dataset, &canonical)?;
        Ok(canonical)
    }

    fn check_identifiers(&self, dataset: &Dataset, canonical: &[u8]) -> Result<(), Failure> {
        for found in dataset.identifiers(canonical).map_err(Failure::internal)? {
            let kind = match found.kind {
                unefois_catalog::IdentifierKind::Nir => unefois_core::IdentifierKind::Nir,
                unefois_catalog::IdentifierKind::Siren => unefois_core::IdentifierKind::Siren,
                unefois_catalog::IdentifierKind::Siret => unefois_core::IdentifierKind::Siret,
                unefois_catalog::IdentifierKind::Spi => unefois_core::IdentifierKind::Spi,
            };
            let field = format!("data.{}", found.field);
            if let Err(invalid) = Identifier::parse(kind, &found.text, &self.sandbox) {
                return Err(Failure::field(Reason::IdentifierInvalid, field, invalid.to_string()));
            }
            if found.text.contains(' ') {
                return Err(Failure::field(Reason::IdentifierInvalid, field, "without spaces"));
            }
        }
        Ok(())
    }
}

/// How large a record of a dataset may be with its documents.
fn size_max(limits: &Limits, dataset: &Dataset) -> usize {
    let documents = if dataset.holds_document() { limits.document_size_bytes_max } else { 0 };
    limits.record_size_bytes_max.saturating_add(documents)
}
