//! Authorise: the decision, under the authority of the moment.

use std::sync::Arc;

use unefois_core::{
    Consent, ConsentRule, ConsentState, Decision, ExchangeRequest, FieldName, Grant, Operation, QuotaState, Registry,
    SubjectKind, decide, state_of,
};

use super::identify::Exchange;
use crate::{authority::InForce, failure::Failure, subject::kind_of_subject};

/// A decision, and the authority under which it was made.
#[derive(Debug)]
pub(super) struct Authorised {
    pub(super) in_force: Arc<InForce>,
    pub(super) decision: Decision,
}

impl Exchange {
    /// Decides. The epoch is read before the consents: a withdrawal in between raises it, and the recorder decides
    /// again.
    pub(super) async fn authorise(&self) -> Result<Authorised, Failure> {
        let in_force = self.hub.authority.load();
        let consents = if self.asks_for_consent(&in_force.registry) {
            self.hub.store.consents_list(self.subject.root, self.hub.limits.consents_list_max).await?
        } else {
            Vec::new()
        };
        let decision = self.decide(&in_force.registry, &consents, QuotaState::Left, self.hub.clock.now());
        Ok(Authorised { in_force, decision })
    }

    /// Whether the agreement demands the subject's consent.
    pub(super) fn asks_for_consent(&self, registry: &Registry) -> bool {
        let agreement = registry.agreement(&self.question.context.agreement);
        agreement.is_some_and(|agreement| agreement.consent == ConsentRule::Required)
    }

    /// The pure decision.
    pub(super) fn decide(
        &self,
        registry: &Registry,
        consents: &[Consent],
        quota: QuotaState,
        now: jiff::Timestamp,
    ) -> Decision {
        let context = &self.question.context;
        let consent = self.consent_state(consents, now);
        let asked = &self.question.fields;
        let request = ExchangeRequest {
            caller: self.question.caller.clone(),
            agreement: context.agreement.clone(),
            dataset: self.dataset.clone(),
            dataset_major: self.dataset_major,
            operation: Operation::Pull,
            purpose: context.purpose,
            subject_kind: self.subject_kind(),
            local_body: context.local_body.clone(),
            asked_fields: (!asked.is_empty()).then(|| asked.iter().cloned().map(FieldName::from).collect()),
            consent_asked: context.consent,
        };
        match decide(&request, registry, &consent, quota, now) {
            Decision::Grant(grant) if asked.is_empty() => Decision::Grant(self.with_all_withheld(grant)),
            decision => decision,
        }
    }

    /// Without a mask everything is asked for: what the agreement does not grant is withheld. The rules do not know
    /// the fields of a dataset; the catalogue does.
    fn with_all_withheld(&self, grant: Grant) -> Grant {
        let names = self.catalogued().fields().iter().map(|field| FieldName::from(field.name.as_str()));
        let withheld = names.filter(|name| !grant.fields.contains(name)).collect();
        Grant { withheld, ..grant }
    }

    fn consent_state(&self, consents: &[Consent], now: jiff::Timestamp) -> ConsentState {
        let (caller, context) = (&self.question.caller, &self.question.context);
        state_of(consents, &caller.agency, &self.dataset, context.purpose, context.consent, now)
    }

    fn subject_kind(&self) -> SubjectKind {
        kind_of_subject(self.catalogued().subject_kind(), std::slice::from_ref(&self.question.subject))
    }
}
