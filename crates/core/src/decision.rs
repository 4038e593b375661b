//! The decision: whether an exchange may be, and what of it.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::{
    agency::{AgencyCode, Role},
    agreement::{Agreement, AgreementId, AgreementState, ConsentRule},
    consent::ConsentState,
    dataset::FieldName,
    exchange::ExchangeRequest,
    legal_basis::LegalBasis,
    purpose::Purpose,
    reason::Reason,
    registry::Registry,
    time::paris_day,
};

/// Whether an agreement has releases left today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaState {
    /// It has, or it has no quota.
    Left,
    /// It has not.
    Exhausted,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may be.
    Grant(Grant),
    /// It may not.
    Refusal(Refusal),
}

/// What may leave, and under which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The agreement.
    pub agreement: AgreementId,
    /// Who gets it.
    pub consumer: AgencyCode,
    /// Who holds it.
    pub provider: AgencyCode,
    /// The article of law.
    pub legal_basis: LegalBasis,
    /// Why.
    pub purpose: Purpose,
    /// The fields that may leave, in the order of the agreement.
    pub fields: Vec<FieldName>,
    /// The fields that were asked for and are not granted, each once, in the order of the request.
    pub withheld: Vec<FieldName>,
    /// The agreement as it was in force.
    pub policy_digest: [u8; 32],
}

/// The rule that refused, and what is known of the agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stable reason.
    pub reason: Reason,
    /// The provider of the agreement, where the caller is a party to it.
    pub provider: Option<AgencyCode>,
    /// The legal basis of the agreement, where the caller is a party to it.
    pub legal_basis: Option<LegalBasis>,
    /// The agreement as it was in force, where the caller is a party to it.
    pub policy_digest: Option<[u8; 32]>,
}

impl Refusal {
    /// A refusal that no agreement stands behind.
    #[must_use]
    pub fn of(reason: Reason) -> Self {
        Self { reason, provider: None, legal_basis: None, policy_digest: None }
    }

    fn under(registry: &Registry, agreement: &Agreement, reason: Reason) -> Self {
        Self {
            reason,
            provider: Some(agreement.provider.clone()),
            legal_basis: Some(agreement.legal_basis),
            policy_digest: Some(registry.digest_of(agreement)),
        }
    }
}

/// Decides one exchange: granted only by an agreement in force at `now` that names this consumer, provider, dataset,
/// operation, purpose and kind of subject, whose legal basis permits the purpose, with quota left and, where it
/// demands it, the subject's consent in force. Everything else is refused.
///
/// The rules are asked in a fixed order, and the first that fails gives the reason: certificate and role; agreement,
/// its party, its state and its days; provider, dataset, operation, purpose, legal basis and population; local body;
/// fields; consent; quota. Consent comes before quota, so that an exhausted quota tells nothing of a consent.
#[must_use]
pub fn decide(
    request: &ExchangeRequest,
    registry: &Registry,
    consent: &ConsentState,
    quota: QuotaState,
    now: Timestamp,
) -> Decision {
    match try_grant(request, registry, consent, quota, now) {
        Ok(grant) => Decision::Grant(grant),
        Err(refusal) => Decision::Refusal(refusal),
    }
}

fn try_grant(
    request: &ExchangeRequest,
    registry: &Registry,
    consent: &ConsentState,
    quota: QuotaState,
    now: Timestamp,
) -> Result<Grant, Refusal> {
    let caller = &request.caller;
    if registry.is_revoked(&caller.certificate) {
        return Err(Refusal::of(Reason::CertificateRevoked));
    }
    let Some(consumer) = registry.agency(&caller.agency).filter(|agency| agency.has(Role::Consumer)) else {
        return Err(Refusal::of(Reason::RoleNotHeld));
    };
    let Some(agreement) = registry.agreement(&request.agreement) else {
        return Err(Refusal::of(Reason::AgreementUnknown));
    };
    if agreement.consumer != consumer.code {
        return Err(Refusal::of(Reason::AgreementOfAnotherConsumer));
    }
    let refuse = |reason| Err(Refusal::under(registry, agreement, reason));
    if let Some(reason) = not_in_force(agreement, now).or_else(|| not_covered(request, registry, agreement)) {
        return refuse(reason);
    }
    if request.local_body.as_deref().is_some_and(|body| !consumer.acts_through(body)) {
        return refuse(Reason::LocalBodyUnknown);
    }
    let (fields, withheld) = minimised(agreement, request.asked_fields.as_deref());
    if fields.is_empty() {
        return refuse(Reason::FieldNotGranted);
    }
    if let Some(reason) = not_consented(agreement, consent) {
        return refuse(reason);
    }
    if quota == QuotaState::Exhausted {
        return refuse(Reason::QuotaExceeded);
    }
    Ok(Grant {
        agreement: agreement.id.clone(),
        consumer: agreement.consumer.clone(),
        provider: agreement.provider.clone(),
        legal_basis: agreement.legal_basis,
        purpose: agreement.purpose,
        fields,
        withheld,
        policy_digest: registry.digest_of(agreement),
    })
}

pub(crate) fn not_in_force(agreement: &Agreement, now: Timestamp) -> Option<Reason> {
    match agreement.state {
        AgreementState::Suspended => return Some(Reason::AgreementSuspended),
        AgreementState::Terminated => return Some(Reason::AgreementTerminated),
        AgreementState::InForce => {}
    }
    let today = paris_day(now);
    if today < agreement.valid_from {
        return Some(Reason::AgreementNotYetInForce);
    }
    agreement.valid_until.filter(|last| today > *last).map(|_| Reason::AgreementExpired)
}

fn not_covered(request: &ExchangeRequest, registry: &Registry, agreement: &Agreement) -> Option<Reason> {
    let rules = [
        (is_assigned(registry, agreement), Reason::ProviderNotAssigned),
        (
            agreement.dataset == request.dataset && agreement.dataset_major == request.dataset_major,
            Reason::DatasetNotCovered,
        ),
        (agreement.operations.contains(&request.operation), Reason::OperationNotCovered),
        (agreement.purpose == request.purpose, Reason::PurposeNotCovered),
        (agreement.legal_basis.permits(agreement.purpose), Reason::PurposeNotPermitted),
        (agreement.population.contains(&request.subject_kind), Reason::PopulationNotCovered),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map(|(_, reason)| reason)
}

/// Whether the provider of the agreement may still publish its dataset.
pub(crate) fn is_assigned(registry: &Registry, agreement: &Agreement) -> bool {
    let provider = registry.agency(&agreement.provider);
    provider.is_some_and(|agency| agency.has(Role::Provider) && agency.datasets.contains(&agreement.dataset))
}

fn not_consented(agreement: &Agreement, consent: &ConsentState) -> Option<Reason> {
    match agreement.consent {
        ConsentRule::NotRequired => None,
        ConsentRule::Required => match consent {
            ConsentState::InForce(_) => None,
            ConsentState::Absent => Some(Reason::ConsentRequired),
            ConsentState::Withdrawn => Some(Reason::ConsentWithdrawn),
            ConsentState::Expired => Some(Reason::ConsentExpired),
        },
    }
}

/// The granted fields that were asked for, and the asked ones that are not granted, each once.
fn minimised(agreement: &Agreement, asked: Option<&[FieldName]>) -> (Vec<FieldName>, Vec<FieldName>) {
    let Some(asked) = asked else { return (agreement.fields.clone(), Vec::new()) };
    let fields = agreement.fields.iter().filter(|field| asked.contains(field)).cloned().collect();
    let mut seen = HashSet::new();
    let withheld = asked.iter().filter(|field| !agreement.fields.contains(field) && seen.insert(*field));
    (fields, withheld.cloned().collect())
}
