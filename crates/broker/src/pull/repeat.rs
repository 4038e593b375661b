//! The repeat of a request: decided again, recorded as a repeat, answered with the first answer.

use std::sync::Arc;

use unefois_core::{Decision, Grant, Reason, Refusal};
use unefois_ledger::{EntryKind, PublicPart, Source, decode_leaf};
use unefois_store::{HeldRevision, RequestClaim};
use unefois_vault::AnswerAad;
use uuid::Uuid;

use super::{authorise::Authorised, identify::Exchange, redecide::Redecision, release::Payload};
use crate::{
    failure::Failure,
    metrics::Step,
    question::{Answer, Freshness},
    recorder::{ChangedAnswer, Pending, Recorded, ReleaseTerms},
    wire,
};

/// What the first exchange released.
struct FirstAnswer {
    entry: Uuid,
    public: PublicPart,
    data: Vec<u8>,
    /// The key that it was sealed under.
    payload_key: [u8; 16],
    freshness: Freshness,
}

/// The minimised bytes, the key that they were sealed under, and their freshness.
type Opened = (Vec<u8>, [u8; 16], Freshness);

impl Exchange {
    /// A live answer costs the provider a question, so its repeat is looked for first. A held one is found by the
    /// recorder, which claims the identifier.
    pub(super) fn may_be_a_repeat_of_a_live_answer(&self, grant: &Grant) -> bool {
        self.question.context.request_id.is_some()
            && self.hub.connectors.contains_key(&(grant.provider.clone(), self.dataset.clone()))
    }

    /// Answers a repeat: with the first answer, as long as every field of it is still granted.
    pub(super) async fn repeat(
        self: &Arc<Self>,
        claim: RequestClaim,
        authorised: &Authorised,
    ) -> Result<Answer, Failure> {
        if claim.content != self.content {
            let refusal = Refusal::of(Reason::RequestIdReused);
            return self.refuse(authorised, &refusal).await;
        }
        let grant = match &authorised.decision {
            Decision::Refusal(refusal) => return self.refuse(authorised, refusal).await,
            Decision::Grant(grant) => grant,
        };
        let step = self.begin(Step::Fetch);
        let first = match step.ended(self.first_answer(&claim).await) {
            Ok(first) => first,
            Err(failure) if failure.reason.is_internal() => return Err(failure),
            Err(failure) if failure.reason == Reason::RecordErased => {
                return self.refuse(authorised, &Refusal::of(failure.reason)).await;
            }
            Err(failure) => {
                let first = self.first_entry_id(&claim).await?;
                return self.fail(authorised, grant, Some(first), failure).await;
            }
        };
        if let Err(refusal) = still_granted(grant, &first.public.released_fields) {
            return self.refuse(authorised, &refusal).await;
        }
        let payload = Payload { data: &first.data, held: claim.held, source: first.freshness.source };
        let mut draft = self.released(grant, EntryKind::Repeat, Some(first.entry), &payload);
        // What leaves is what left first, whatever the agreement grants beyond it today.
        draft.public.released_fields.clone_from(&first.public.released_fields);
        draft.public.withheld_fields.clone_from(&first.public.withheld_fields);
        let released = first.public.released_fields.clone();
        let redecide = Arc::new(Redecision::of_repeat(Arc::clone(self), first.entry, released, first.payload_key));
        let release = Some(ReleaseTerms { quota: None, claim: None, redecide });
        let pending = Pending { draft: Box::new(draft), epoch: authorised.in_force.epoch, release };
        let step = self.begin(Step::Record);
        match step.ended(self.hub.recorder.record(pending).await)? {
            Recorded::Placed { changed: None, .. } => {
                let step = self.begin(Step::Release);
                let receipt = step.ended(self.hub.receipt_of(claim.slot, claim.index).await)?;
                let withheld = first.public.withheld_fields;
                Ok(Answer { data: first.data, receipt, freshness: first.freshness, withheld })
            }
            Recorded::Placed { placed, changed: Some(ChangedAnswer::Refused(refusal)), .. } => {
                Err(self.refusal(&refusal, placed.id))
            }
            Recorded::Placed { changed: Some(ChangedAnswer::Released { .. }), .. } | Recorded::AlreadyClaimed => {
                Err(Failure::new(Reason::Internal))
            }
        }
    }

    /// The identifier of the entry that claimed this request's identifier.
    pub(super) async fn first_entry_id(&self, claim: &RequestClaim) -> Result<Uuid, Failure> {
        self.first_public(claim).await.map(|(id, _)| id)
    }

    async fn first_public(&self, claim: &RequestClaim) -> Result<(Uuid, PublicPart), Failure> {
        let entry = self.hub.store.entry_fetch(claim.slot, claim.index).await?;
        let entry = entry.ok_or_else(|| Failure::new(Reason::Internal))?;
        let (_, public) = decode_leaf(&entry.leaf).map_err(Failure::internal)?;
        let id = Uuid::from_slice(&public.entry_id).map_err(Failure::internal)?;
        Ok((id, public))
    }

    async fn first_answer(&self, claim: &RequestClaim) -> Result<FirstAnswer, Failure> {
        let (entry, public) = self.first_public(claim).await?;
        let (data, payload_key, freshness) = match (&claim.held, &claim.live) {
            (Some((record, number)), _) => self.first_held(*record, *number, &public).await?,
            (None, Some((key, sealed))) => self.first_live(*key, sealed).await?,
            (None, None) => return Err(Failure::new(Reason::Internal)),
        };
        Ok(FirstAnswer { entry, public, data, payload_key, freshness })
    }

    async fn first_held(&self, record: [u8; 16], number: u64, public: &PublicPart) -> Result<Opened, Failure> {
        let revision = self.hub.store.revision_fetch(record, number).await?;
        // Revisions are never removed otherwise.
        let revision = revision.ok_or_else(|| Failure::new(Reason::RecordErased))?;
        let canonical = self.first_canonical(&revision).await?;
        let released = self.field_set(&public.released_fields)?;
        let data = self.catalogued().minimise(&canonical, released).map_err(Failure::internal)?;
        let freshness = Freshness {
            source: Source::Held,
            provider_recorded_at: Some(revision.provider_recorded_at),
            learned_at: revision.learned_at,
            revision: number,
            change: revision.change,
        };
        Ok((data, revision.payload_key, freshness))
    }

    /// The record in the major version of this question. The one in which it was published may be served no more.
    async fn first_canonical(&self, revision: &HeldRevision) -> Result<Vec<u8>, Failure> {
        let stored_name = self.hub.store.record_dataset_fetch(revision.record).await?;
        let stored_name = stored_name.ok_or_else(|| Failure::new(Reason::RecordErased))?;
        let version = self.readable().find(|version| version.stored_name() == stored_name);
        let version = version.ok_or_else(|| Failure::new(Reason::NotFound))?;
        let opened = self.hub.open_revision(&stored_name, revision).await?;
        self.told_here(opened.canonical, version)
    }

    async fn first_live(&self, key_id: [u8; 16], sealed: &[u8]) -> Result<Opened, Failure> {
        if self.hub.store.erased_key_exists(key_id).await? {
            return Err(Failure::new(Reason::RecordErased));
        }
        let key = self.hub.keys.open(key_id).await?;
        let request_id = self.question.context.request_id.as_deref().unwrap_or_default();
        let aad = AnswerAad { agency: self.question.caller.agency.as_str(), request_id };
        let opened = key.open(&aad.encode(), sealed).map_err(Failure::internal)?;
        let (data, freshness) = wire::open_answer(&opened).ok_or_else(|| Failure::new(Reason::Internal))?;
        Ok((data, key_id, freshness))
    }
}

/// Every field that was released first must be granted still.
pub(super) fn still_granted(grant: &Grant, released: &[String]) -> Result<(), Refusal> {
    let granted = |name: &String| grant.fields.iter().any(|field| field.as_str() == name);
    if released.iter().all(granted) { Ok(()) } else { Err(Refusal::of(Reason::FieldNotGranted)) }
}
