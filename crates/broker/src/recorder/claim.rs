//! The request identifiers that a batch claims.

use std::collections::HashMap;

use jiff::Timestamp;
use unefois_store::{RequestClaim, Shard};

use super::{batch::Pending, decide::Decided, seal::Sealed};

impl Pending {
    /// What it claims, when it claims a request identifier.
    pub(super) fn claim(&self) -> Option<&RequestClaim> {
        self.release.as_ref()?.claim.as_ref()
    }

    /// The identifier that it claims, when it claims one.
    pub(super) fn claim_key(&self) -> Option<(String, String)> {
        let claim = self.claim()?;
        Some((claim.agency.clone(), claim.request_id.clone()))
    }
}

/// The claims of a batch, each once, in the order that every batch has. They point to where their entries will stand if
/// every entry of the batch does.
pub(super) fn claims_asked(batch: &[Pending], row: &Shard, now: Timestamp) -> Vec<RequestClaim> {
    let places = batch.iter().zip(row.size..);
    let claims = places.filter_map(|(pending, index)| {
        let claim = pending.claim()?;
        Some(RequestClaim { slot: row.slot, index, claimed_at: now.as_microsecond(), ..claim.clone() })
    });
    let mut claims: Vec<RequestClaim> = claims.collect();
    // Stable: of two under one identifier the first stays.
    claims.sort_by(|a, b| (&a.agency, &a.request_id).cmp(&(&b.agency, &b.request_id)));
    claims.dedup_by(|later, first| (&later.agency, &later.request_id) == (&first.agency, &first.request_id));
    claims
}

/// The claims of the batch, each naming the entry that claims it.
pub(super) fn claims(
    decided: &mut [Option<Decided>],
    sealed: &Sealed,
    row: &Shard,
    now: Timestamp,
) -> Vec<RequestClaim> {
    let places: HashMap<uuid::Uuid, u64> =
        decided.iter().flatten().map(|entry| entry.draft.id).zip(sealed.appended.first_index()..).collect();
    let mut claims: Vec<RequestClaim> = decided
        .iter_mut()
        .flatten()
        .filter_map(|entry| {
            let claim = entry.claim.take()?;
            let index = *places.get(&entry.draft.id)?;
            Some(RequestClaim { slot: row.slot, index, claimed_at: now.as_microsecond(), ..claim })
        })
        .collect();
    claims.sort_unstable_by(|a, b| (&a.agency, &a.request_id).cmp(&(&b.agency, &b.request_id)));
    claims
}
