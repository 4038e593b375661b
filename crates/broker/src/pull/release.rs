//! Minimise, record, release: the last three steps, and what is recorded when an exchange ends before them.

use std::sync::Arc;

use unefois_core::{FieldName, Grant, Reason, Refusal, until_next_paris_day};
use unefois_ledger::{EntryKind, Outcome, PersonalPart, PublicPart, Source, commit};
use unefois_store::RequestClaim;
use unefois_vault::AnswerAad;
use uuid::Uuid;

use super::{authorise::Authorised, fetch::Fetched, identify::Exchange, redecide::Redecision};
use crate::{
    entry::Draft,
    failure::Failure,
    metrics::Step,
    question::Answer,
    recorder::{ChangedAnswer, Pending, Recorded, ReleaseTerms},
    wire,
};

/// What is recorded of a payload that leaves.
pub(super) struct Payload<'a> {
    pub(super) data: &'a [u8],
    pub(super) held: Option<([u8; 16], u64)>,
    pub(super) source: Source,
}

impl Exchange {
    /// Minimises what was fetched, records the release, and lets it go.
    pub(super) async fn release(
        self: &Arc<Self>,
        authorised: &Authorised,
        grant: &Grant,
        fetched: Fetched,
    ) -> Result<Answer, Failure> {
        let step = self.begin(Step::Minimise);
        let data = step.ended(self.minimise(grant, &fetched))?;
        let fetched = Arc::new(fetched);
        let step = self.begin(Step::Record);
        let recorded = step.ended(self.record_release(authorised, grant, &fetched, &data).await)?;
        let Recorded::Placed { draft, placed, changed } = recorded else {
            let claim = self.claimed().await?.ok_or_else(|| Failure::new(Reason::CommitUnknown))?;
            return self.repeat(claim, authorised).await;
        };
        let step = self.begin(Step::Release);
        let (data, withheld) = match changed {
            None => (data, grant.withheld.iter().map(ToString::to_string).collect()),
            Some(ChangedAnswer::Released { data, withheld }) => (data, withheld),
            Some(ChangedAnswer::Refused(refusal)) => {
                return step.ended(Err(self.refusal(&refusal, placed.id)));
            }
        };
        let receipt = placed.receipt(draft.personal.as_ref());
        step.ended(Ok(Answer { data, receipt, freshness: fetched.freshness, withheld }))
    }

    /// Drafts the entry of a release and has it recorded.
    async fn record_release(
        self: &Arc<Self>,
        authorised: &Authorised,
        grant: &Grant,
        fetched: &Arc<Fetched>,
        data: &[u8],
    ) -> Result<Recorded, Failure> {
        let draft = self.released(grant, EntryKind::Exchange, None, &fetched.payload(data));
        let claim = self.claim(fetched, data).await?;
        let quota = authorised.in_force.registry.agreement(&self.question.context.agreement);
        let quota = quota.and_then(|agreement| Some((agreement.id.as_str().to_owned(), agreement.daily_quota?)));
        let redecide = Arc::new(Redecision::of_release(Arc::clone(self), Arc::clone(fetched)));
        let release = Some(ReleaseTerms { quota, claim, redecide });
        let pending = Pending { draft: Box::new(draft), epoch: authorised.in_force.epoch, release };
        self.hub.recorder.record(pending).await
    }

    /// Records a refusal, and says so. A refused repeat names the exchange that it repeats.
    pub(super) async fn refuse<T>(self: &Arc<Self>, authorised: &Authorised, refusal: &Refusal) -> Result<T, Failure> {
        let first = self.claimed().await?;
        let repeats = match &first {
            Some(claim) => Some(self.first_entry_id(claim).await?),
            None => None,
        };
        let draft = self.refused(refusal, kind_of(repeats), repeats);
        let id = self.record_without_release(draft, authorised).await?;
        Err(self.refusal(refusal, id))
    }

    /// A refusal as the caller is told of it: by which entry, and when a used quota is whole again.
    pub(super) fn refusal(&self, refusal: &Refusal, entry: Uuid) -> Failure {
        let failure = Failure::new(refusal.reason).recorded_as(entry);
        if refusal.reason == Reason::QuotaExceeded {
            return failure.retry_after(until_next_paris_day(self.hub.clock.now()));
        }
        failure
    }

    /// Records that there was nothing to give, or that the provider failed, and says so. A repeat names the exchange that
    /// it repeats.
    pub(super) async fn fail(
        self: &Arc<Self>,
        authorised: &Authorised,
        grant: &Grant,
        repeats: Option<Uuid>,
        failure: Failure,
    ) -> Result<Answer, Failure> {
        let outcome = match failure.reason {
            Reason::NotFound => Outcome::NotFound,
            Reason::RecordAmbiguous | Reason::KeyInvalid => Outcome::Refused,
            _ => Outcome::Failed,
        };
        let public = PublicPart {
            outcome: outcome.into(),
            reason: failure.reason.code().to_owned(),
            ..self.public_of_grant(grant, kind_of(repeats), repeats)
        };
        let draft = self.draft(public, &self.personal());
        let id = self.record_without_release(draft, authorised).await?;
        Err(failure.recorded_as(id))
    }

    /// The minimised bytes: the granted fields of what was fetched.
    pub(super) fn minimise(&self, grant: &Grant, fetched: &Fetched) -> Result<Vec<u8>, Failure> {
        let granted = self.field_set(&grant.fields)?;
        self.catalogued().minimise(&fetched.canonical, granted).map_err(Failure::internal)
    }

    /// The entry of a release.
    pub(super) fn released(
        &self,
        grant: &Grant,
        kind: EntryKind,
        repeats: Option<Uuid>,
        payload: &Payload<'_>,
    ) -> Draft {
        let names = |fields: &[FieldName]| fields.iter().map(ToString::to_string).collect();
        let public = PublicPart {
            outcome: Outcome::Released.into(),
            released_fields: names(&grant.fields),
            withheld_fields: names(&grant.withheld),
            source: payload.source.into(),
            ..self.public_of_grant(grant, kind, repeats)
        };
        let blind = unefois_vault::fill::<32>();
        let (record_id, revision) = match payload.held {
            Some((record, revision)) => (record.to_vec(), revision),
            None => (Vec::new(), 0),
        };
        let personal = PersonalPart {
            record_id,
            revision,
            payload_commitment: commit(&blind, payload.data).to_vec(),
            payload_blind: blind.to_vec(),
            ..self.personal()
        };
        self.draft(public, &personal)
    }

    /// The entry of a refusal. What the caller named as agreement and local body stands in its public part, which is
    /// never erased, only where the registry knows it: any other text may name a person.
    pub(super) fn refused(&self, refusal: &Refusal, kind: EntryKind, repeats: Option<Uuid>) -> Draft {
        let (caller, context) = (&self.question.caller, &self.question.context);
        let in_force = self.hub.authority.load();
        let agreement = in_force.registry.agreement(&context.agreement).map(|known| known.id.to_string());
        let consumer = in_force.registry.agency(&caller.agency);
        let acts_through = |body: &&String| consumer.is_some_and(|consumer| consumer.acts_through(body));
        let public = PublicPart {
            agreement: agreement.unwrap_or_default(),
            local_body: context.local_body.as_ref().filter(acts_through).cloned().unwrap_or_default(),
            outcome: Outcome::Refused.into(),
            reason: refusal.reason.code().to_owned(),
            provider: refusal.provider.as_ref().map(ToString::to_string).unwrap_or_default(),
            legal_basis: refusal.legal_basis.as_ref().map(|basis| basis.code().to_owned()).unwrap_or_default(),
            policy_digest: refusal.policy_digest.map(|digest| digest.to_vec()).unwrap_or_default(),
            ..self.public(kind, repeats)
        };
        self.draft(public, &self.personal())
    }

    fn public_of_grant(&self, grant: &Grant, kind: EntryKind, repeats: Option<Uuid>) -> PublicPart {
        PublicPart {
            provider: grant.provider.to_string(),
            legal_basis: grant.legal_basis.code().to_owned(),
            policy_digest: grant.policy_digest.to_vec(),
            ..self.public(kind, repeats)
        }
    }

    fn public(&self, kind: EntryKind, repeats: Option<Uuid>) -> PublicPart {
        let (caller, context) = (&self.question.caller, &self.question.context);
        PublicPart {
            kind: kind.into(),
            caller_agency: caller.agency.to_string(),
            caller_system: caller.system.clone(),
            consumer: caller.agency.to_string(),
            local_body: context.local_body.clone().unwrap_or_default(),
            dataset: self.dataset.to_string(),
            dataset_major: self.catalogued().major(),
            operation: unefois_ledger::Operation::Pull.into(),
            purpose: wire::purpose(context.purpose).into(),
            agreement: context.agreement.to_string(),
            repeats: repeats.map(|id| id.as_bytes().to_vec()).unwrap_or_default(),
            ..PublicPart::default()
        }
    }

    fn personal(&self) -> PersonalPart {
        let Self { question, subject, .. } = self;
        let (caller, context) = (&question.caller, &question.context);
        PersonalPart {
            subject_pseudonym: self.hub.pseudonyms.subject_for_consumer(subject.root, caller.agency.as_str()).to_vec(),
            natural_key: self.key.natural.clone(),
            case_reference: context.case_reference.clone(),
            agent_reference: context.agent_reference.clone(),
            request_id: self.request_id.clone(),
            consent_id: context.consent.map(|consent| consent.0.as_bytes().to_vec()).unwrap_or_default(),
            traceparent: question.trace.remembered().map(|context| context.to_string()).unwrap_or_default(),
            ..PersonalPart::default()
        }
    }

    /// Every draft of one exchange has the identifier of the exchange; only one of them is recorded.
    fn draft(&self, public: PublicPart, personal: &PersonalPart) -> Draft {
        Draft::new(public, self.id).sealed(personal, &self.trace_key, Some(self.subject.root), &self.hub.origin)
    }

    /// Records an entry that releases nothing. Gives its identifier.
    pub(super) async fn record_without_release(&self, draft: Draft, authorised: &Authorised) -> Result<Uuid, Failure> {
        let pending = Pending { draft: Box::new(draft), epoch: authorised.in_force.epoch, release: None };
        let step = self.begin(Step::Record);
        match step.ended(self.hub.recorder.record(pending).await)? {
            Recorded::Placed { placed, .. } => Ok(placed.id),
            Recorded::AlreadyClaimed => Err(Failure::new(Reason::Internal)),
        }
    }

    /// What a repeat of this request will need. A live answer is kept, sealed, because it cannot be fetched again.
    async fn claim(&self, fetched: &Fetched, data: &[u8]) -> Result<Option<RequestClaim>, Failure> {
        let (Some(request_id), Some(name)) = (&self.question.context.request_id, self.claim_name()) else {
            return Ok(None);
        };
        let agency = self.question.caller.agency.as_str().to_owned();
        let live = if fetched.held.is_none() {
            let key = self.hub.payload_key(self.subject.root, self.hub.clock.now()).await?;
            let aad = AnswerAad { agency: &agency, request_id };
            let answer = wire::sealed_answer(data, &fetched.freshness);
            Some((key.id().0, key.seal(&aad.encode(), &answer)))
        } else {
            None
        };
        let content = self.content;
        let held = fetched.held;
        Ok(Some(RequestClaim { agency, request_id: name, content, slot: 0, index: 0, held, live, claimed_at: 0 }))
    }
}

/// What kind of entry ends an exchange that releases nothing, by the first exchange that it repeats.
fn kind_of(repeats: Option<Uuid>) -> EntryKind {
    if repeats.is_some() { EntryKind::Repeat } else { EntryKind::Exchange }
}

impl Fetched {
    pub(super) fn payload<'a>(&self, data: &'a [u8]) -> Payload<'a> {
        Payload { data, held: self.held, source: self.freshness.source }
    }
}
