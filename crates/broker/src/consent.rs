//! Consents: granted by a portal or, where an agreement permits, by a consumer; withdrawn by portals and grantees.

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::oneshot;
use unefois_core::{
    AgencyCode, Caller, Consent, ConsentCollector, ConsentId, DatasetId, Identifier, Purpose, Reason, Role,
};
use unefois_ledger::{Change, EntryKind, Outcome, PersonalPart, PublicPart};
use unefois_store::{Reach, Transaction};
use uuid::Uuid;

use crate::{
    entry::{Draft, Placed},
    failure::Failure,
    hub::Hub,
    recorder::{Act, Effect, Performed, Place},
    subject::Known,
    wire,
};

/// What a subject permits.
#[derive(Debug, Clone)]
pub struct ConsentAsked {
    /// Who permits it.
    pub subject: Identifier,
    /// The consumer that is permitted.
    pub consumer: AgencyCode,
    /// The dataset.
    pub dataset: DatasetId,
    /// The purpose.
    pub purpose: Purpose,
    /// The last instant at which it holds.
    pub expires_at: Option<Timestamp>,
    /// SHA-256 of the evidence.
    pub evidence_digest: [u8; 32],
}

impl Hub {
    /// Records a consent. Gives it and the identifier of its entry.
    ///
    /// # Errors
    /// `CONSENT_COLLECTION_NOT_PERMITTED`, or an argument that names nothing the hub knows.
    pub async fn consent_grant(&self, caller: &Caller, asked: ConsentAsked) -> Result<(Consent, Uuid), Failure> {
        let ConsentAsked { subject, consumer, dataset, purpose, expires_at, evidence_digest } = asked;
        let now = self.clock.now();
        if self.catalog.dataset(dataset.as_str()).is_none() {
            return Err(Failure::new(Reason::DatasetUnknown));
        }
        let registry = std::sync::Arc::clone(&self.authority.load().registry);
        let Some(agency) = registry.agency(&consumer) else {
            return Err(Failure::field(Reason::ArgumentInvalid, "consumer", "no such agency is registered"));
        };
        let consumer = agency.code.clone();
        if expires_at.is_some_and(|at| at <= now) {
            return Err(Failure::field(Reason::ArgumentInvalid, "expires_at", "it lies in the past"));
        }
        let collects = |agreement: &unefois_core::Agreement| {
            agreement.consumer == consumer
                && agreement.dataset == dataset
                && agreement.purpose == purpose
                && agreement.consent_collected_by == ConsentCollector::PortalOrConsumer
        };
        let by_consumer = caller.agency == consumer && registry.agreements().any(collects);
        if !caller.has(Role::Portal) && !by_consumer {
            return Err(Failure::new(Reason::ConsentCollectionNotPermitted));
        }
        let known = self.subject_known(std::slice::from_ref(&subject), now).await?;
        let consent = Consent {
            id: ConsentId(Uuid::new_v4()),
            consumer,
            dataset,
            purpose,
            granted_at: now,
            expires_at,
            withdrawn_at: None,
            granted_by: caller.agency.clone(),
            evidence_digest,
        };
        let draft = self.consent_entry(caller, &known, &consent, "grant").await?;
        let change = ConsentChange::Grant { subject: known.root, consent: consent.clone() };
        let id = self.consent_change(caller, change, draft).await?;
        Ok((consent, id.ok_or_else(|| Failure::new(Reason::Internal))?))
    }

    /// Withdraws a consent. Every exchange recorded after this returns sees it withdrawn. Gives the consent, and the
    /// identifier of the entry when it was not withdrawn before.
    ///
    /// # Errors
    /// `CONSENT_UNKNOWN`, or `CONSENT_NOT_YOURS` for a caller that is neither a portal nor the grantee.
    pub async fn consent_withdraw(&self, caller: &Caller, id: ConsentId) -> Result<(Consent, Option<Uuid>), Failure> {
        let found = self.store.consent_fetch(id).await?.ok_or_else(|| Failure::new(Reason::ConsentUnknown))?;
        if !caller.has(Role::Portal) && caller.agency != found.consent.consumer {
            return Err(Failure::new(Reason::ConsentNotYours));
        }
        if found.consent.withdrawn_at.is_some() {
            return Ok((found.consent, None));
        }
        let now = self.clock.now();
        let known = self.subject_of(found.subject).await?;
        let consent = Consent { withdrawn_at: Some(now), ..found.consent };
        let draft = self.consent_entry(caller, &known, &consent, "withdraw").await?;
        match self.consent_change(caller, ConsentChange::Withdraw { id, at: now }, draft).await? {
            Some(entry) => Ok((consent, Some(entry))),
            // Withdrawn by another meanwhile.
            None => {
                let found = self.store.consent_fetch(id).await?.ok_or_else(|| Failure::new(Reason::ConsentUnknown))?;
                Ok((found.consent, None))
            }
        }
    }

    /// The consents of a subject, newest first. The listing is an entry.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn consent_list(
        &self,
        caller: &Caller,
        subject: &Identifier,
        case_reference: &str,
    ) -> Result<Vec<Consent>, Failure> {
        let known = self.subject_known(std::slice::from_ref(subject), self.clock.now()).await?;
        self.record_view(caller, &known, case_reference, "/unefois.consent.v1.ConsentService/List").await?;
        Ok(self.store.consents_list(known.root, self.limits.consents_list_max).await?)
    }

    async fn consent_entry(
        &self,
        caller: &Caller,
        known: &Known,
        consent: &Consent,
        verb: &str,
    ) -> Result<Draft, Failure> {
        let public = PublicPart {
            kind: EntryKind::Consent.into(),
            outcome: Outcome::Accepted.into(),
            caller_agency: caller.agency.to_string(),
            caller_system: caller.system.clone(),
            consumer: consent.consumer.to_string(),
            dataset: consent.dataset.to_string(),
            purpose: wire::purpose(consent.purpose).into(),
            // No identifier: it would link the entries of one person after their erasure.
            change: Some(Change { noun: "consent".to_owned(), verb: verb.to_owned(), ..Change::default() }),
            ..PublicPart::default()
        };
        let personal = PersonalPart {
            subject_pseudonym: self.pseudonyms.subject_for_consumer(known.root, consent.consumer.as_str()).to_vec(),
            consent_id: consent.id.0.as_bytes().to_vec(),
            evidence_digest: consent.evidence_digest.to_vec(),
            ..PersonalPart::default()
        };
        let key = self.keys.open(known.trace_key).await?;
        Ok(Draft::new(public, Uuid::now_v7()).sealed(&personal, &key, Some(known.root), &self.origin))
    }

    /// Gives the identifier of the entry; `None` when there was nothing left to change.
    async fn consent_change(
        &self,
        caller: &Caller,
        change: ConsentChange,
        draft: Draft,
    ) -> Result<Option<Uuid>, Failure> {
        let (answer, answered) = oneshot::channel();
        let act = ConsentAct { caller: caller.clone(), change, draft, answer: Some(answer) };
        self.recorder.perform(Box::new(act), answered).await
    }
}

enum ConsentChange {
    Grant { subject: [u8; 16], consent: Consent },
    Withdraw { id: ConsentId, at: Timestamp },
}

struct ConsentAct {
    caller: Caller,
    change: ConsentChange,
    draft: Draft,
    answer: Option<oneshot::Sender<Result<Option<Uuid>, Failure>>>,
}

impl Act for ConsentAct {
    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn reach(&self) -> Reach {
        match self.change {
            ConsentChange::Grant { .. } => Reach::Own,
            ConsentChange::Withdraw { .. } => Reach::Every,
        }
    }

    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        _place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(async move {
            let effect = match &self.change {
                ConsentChange::Grant { subject, consent } => {
                    // Erased since it was found: another grant would be about the subject that is known now.
                    if !tx.subject_exists_in_tx(*subject).await? {
                        return Err(Failure::new(Reason::SubjectUnknown));
                    }
                    tx.consent_insert_in_tx(*subject, consent).await?;
                    Effect::Keeps
                }
                ConsentChange::Withdraw { id, at } => {
                    if !tx.consent_withdraw_in_tx(*id, *at).await? {
                        return Ok(Performed { entries: Vec::new(), effect: Effect::Keeps });
                    }
                    Effect::Removes
                }
            };
            Ok(Performed { entries: vec![self.draft.clone()], effect })
        })
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        if let Some(answer) = self.answer.take() {
            let _gone = answer.send(outcome.map(|placed| placed.first().map(|placed| placed.id)));
        }
    }
}
