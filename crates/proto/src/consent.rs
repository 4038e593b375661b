//! Consents on the wire.

use unefois_core::Consent;

use crate::{pb, purpose_to_wire, timestamp_to_wire};

/// A consent, to the wire.
#[must_use]
pub fn consent_to_wire(consent: Consent) -> pb::consent::v1::Consent {
    // The evidence stays with the agency that keeps it.
    let Consent {
        id,
        consumer,
        dataset,
        purpose,
        granted_at,
        expires_at,
        withdrawn_at,
        granted_by,
        evidence_digest: _,
    } = consent;
    pb::consent::v1::Consent {
        consent_id: id.0.to_string(),
        consumer: consumer.to_string(),
        dataset: dataset.to_string(),
        purpose: purpose_to_wire(purpose).into(),
        granted_at: Some(timestamp_to_wire(granted_at)),
        expires_at: expires_at.map(timestamp_to_wire),
        withdrawn_at: withdrawn_at.map(timestamp_to_wire),
        granted_by: granted_by.to_string(),
    }
}
