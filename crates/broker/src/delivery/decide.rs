//! Deciding of each event of a turn, inside its transaction, whether it may be told.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use unefois_core::{
    Agreement, Consent, ConsentRule, Decision, ExchangeRequest, Grant, Operation, QuotaState, Reach, Reason, Refusal,
    Registry, Stop, SubjectKind, decide, state_of, stop_of,
};
use unefois_store::{DossierAsked, Transaction};

use super::{
    prepare::{Found, Matter, Prepared},
    turn::TurnAct,
};
use crate::failure::Failure;

/// Subjects, after merging.
type Roots = HashSet<[u8; 16]>;

/// What was decided of one event.
#[derive(Debug)]
pub(super) enum Decided {
    /// It may be told.
    Told(Grant),
    /// Its refusal is recorded, and it is passed.
    Refused(Refusal),
    /// It is passed: the dossier was closed since it was read, or the agreement is about something else.
    Passed,
}

/// What was decided of a turn.
#[derive(Debug)]
pub(super) enum OfTurn {
    /// Of each event, in their order.
    Each(Vec<Decided>),
    /// Nothing is told or passed.
    Holds(Reason),
}

impl TurnAct {
    /// Decides of all events under the authority in force, as the transaction sees consents and dossiers.
    pub(super) async fn decide(
        &self,
        tx: &mut Transaction<'_>,
        open: Option<Roots>,
        now: Timestamp,
    ) -> Result<OfTurn, Failure> {
        if self.prepared.is_empty() {
            return Ok(OfTurn::Each(Vec::new()));
        }
        let in_force = self.hub.authority.load();
        let registry = &in_force.registry;
        let Some(agreement) = registry.agreement(&self.subscription.asked.agreement) else {
            return Ok(OfTurn::Holds(Reason::AgreementUnknown));
        };
        let open = match (self.subscription.asked.reach.under(agreement), open) {
            (Reach::WholePopulation, _) => self.roots(),
            (Reach::OpenDossiers, Some(open)) => open,
            // The agreement was another one when the store was asked.
            (Reach::OpenDossiers, None) => self.with_dossier(tx, now).await?,
        };
        let consents = self.consents(tx, agreement, &open).await?;
        let mut decided = Vec::with_capacity(self.prepared.len());
        for prepared in &self.prepared {
            let of_one = match &prepared.found {
                Found::Gone => Decided::Refused(Refusal::of(Reason::RecordErased)),
                Found::NotCovered => Decided::Passed,
                Found::Held(matter) if !self.hub.is_covered(agreement, &matter.row) => Decided::Passed,
                Found::Held(matter) if self.is_erased(matter) => Decided::Refused(Refusal::of(Reason::RecordErased)),
                Found::Held(matter) if !open.contains(&matter.row.event.root) => Decided::Passed,
                Found::Held(matter) => {
                    let consents = consents.get(&matter.row.event.root).map_or(&[][..], Vec::as_slice);
                    match self.decision(registry, agreement, (matter.row.event.about, consents), now) {
                        Decision::Grant(grant) => Decided::Told(grant),
                        Decision::Refusal(refusal) => match stop_of(refusal.reason) {
                            Stop::Event => Decided::Refused(refusal),
                            Stop::Subscription => return Ok(OfTurn::Holds(refusal.reason)),
                        },
                    }
                }
            };
            decided.push(of_one);
        }
        Ok(OfTurn::Each(decided))
    }

    fn matters(&self) -> impl Iterator<Item = &Matter> {
        self.prepared.iter().filter_map(Prepared::matter)
    }

    fn is_erased(&self, matter: &Matter) -> bool {
        [matter.payload_key, matter.trace_key.id().0].iter().any(|key| self.hub.keys.is_destroyed(key))
    }

    fn roots(&self) -> Roots {
        self.matters().map(|matter| matter.row.event.root).collect()
    }

    /// The subjects on whom the agency needs an open dossier; `None` where it needs none.
    pub(super) fn roots_with_dossier(&self) -> Option<Vec<[u8; 16]>> {
        let in_force = self.hub.authority.load();
        let agreement = in_force.registry.agreement(&self.subscription.asked.agreement)?;
        match self.subscription.asked.reach.under(agreement) {
            Reach::WholePopulation => None,
            Reach::OpenDossiers => Some(self.roots().into_iter().collect()),
        }
    }

    /// Its subjects on whom the agency has an open dossier.
    async fn with_dossier(&self, tx: &mut Transaction<'_>, now: Timestamp) -> Result<Roots, Failure> {
        let agency = self.subscription.agency.as_str();
        let asked: Vec<_> = self.roots().into_iter().map(|subject| DossierAsked { agency, subject }).collect();
        let open = tx.dossiers_open_in_tx(&asked, now.as_microsecond()).await?;
        Ok(asked.iter().zip(open).filter(|(_, is_open)| *is_open).map(|(asked, _)| asked.subject).collect())
    }

    /// The consents of these subjects, where the agreement demands one.
    async fn consents(
        &self,
        tx: &mut Transaction<'_>,
        agreement: &Agreement,
        roots: &HashSet<[u8; 16]>,
    ) -> Result<HashMap<[u8; 16], Vec<Consent>>, Failure> {
        if agreement.consent != ConsentRule::Required {
            return Ok(HashMap::new());
        }
        let roots: Vec<[u8; 16]> = roots.iter().copied().collect();
        let consents = tx.consents_list_in_tx(&roots, self.hub.limits.consents_list_max).await?;
        Ok(roots.into_iter().zip(consents).collect())
    }

    /// The pure decision. Quotas limit questions, and no deliveries.
    fn decision(
        &self,
        registry: &Registry,
        agreement: &Agreement,
        (subject_kind, consents): (SubjectKind, &[Consent]),
        now: Timestamp,
    ) -> Decision {
        let consent = state_of(consents, &self.caller.agency, &agreement.dataset, agreement.purpose, None, now);
        let asked = &self.subscription.asked.filter.fields;
        let request = ExchangeRequest {
            caller: self.caller.clone(),
            agreement: agreement.id.clone(),
            dataset: agreement.dataset.clone(),
            dataset_major: self.told_in,
            operation: Operation::Push,
            purpose: agreement.purpose,
            subject_kind,
            local_body: None,
            asked_fields: (!asked.is_empty()).then(|| asked.clone()),
            consent_asked: None,
        };
        decide(&request, registry, &consent, QuotaState::Left, now)
    }
}
