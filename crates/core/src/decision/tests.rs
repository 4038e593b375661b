//! The decision: granted only when every condition holds, and each condition refused by its own reason.

use std::collections::BTreeSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::{Decision, Grant, QuotaState, Refusal, decide};
use crate::{
    agency::{Agency, AgencyCode, LocalBody, Role},
    agreement::{Agreement, AgreementId, AgreementState, ConsentCollector, ConsentRule, policy_digest},
    consent::{ConsentId, ConsentState},
    dataset::{DatasetId, FieldName, Operation, SubjectKind},
    exchange::{Caller, ExchangeRequest},
    legal_basis::LegalBasis,
    purpose::Purpose,
    reason::Reason,
    registry::{Registry, RegistryFile, Revocation},
};

/// Everything that a decision depends on; as it stands, it is granted.
#[derive(Debug, Clone)]
struct World {
    request: ExchangeRequest,
    file: RegistryFile,
    consent: ConsentState,
    quota: QuotaState,
    now: &'static str,
}

impl World {
    fn decide(&self) -> Decision {
        let registry = Registry::of(1, self.file.clone());
        decide(&self.request, &registry, &self.consent, self.quota, self.now.parse().unwrap())
    }

    fn grant(&self) -> Grant {
        match self.decide() {
            Decision::Grant(grant) => grant,
            Decision::Refusal(refusal) => panic!("{refusal:?}"),
        }
    }

    fn refusal(&self) -> Refusal {
        match self.decide() {
            Decision::Grant(grant) => panic!("{grant:?}"),
            Decision::Refusal(refusal) => refusal,
        }
    }

    fn reason(&self) -> Reason {
        self.refusal().reason
    }
}

fn agency(code: &str, role: Role) -> Agency {
    Agency {
        code: AgencyCode::parse(code).unwrap(),
        name: code.to_owned(),
        aliases: Vec::new(),
        roles: vec![role],
        local_bodies: vec![LocalBody { code: "caf-31".to_owned(), name: "Haute-Garonne".to_owned() }],
        datasets: vec![DatasetId::parse("declared-turnover").unwrap()],
        systems: Vec::new(),
    }
}

fn fields(names: &[&str]) -> Vec<FieldName> {
    names.iter().copied().map(FieldName::from).collect()
}

fn agreement() -> Agreement {
    Agreement {
        id: AgreementId::parse("d14-benefits").unwrap(),
        title: "Turnover for benefits".to_owned(),
        consumer: AgencyCode::parse("cnaf").unwrap(),
        provider: AgencyCode::parse("urssaf").unwrap(),
        dataset: DatasetId::parse("declared-turnover").unwrap(),
        dataset_major: 1,
        fields: fields(&["siren", "period", "amounts"]),
        operations: vec![Operation::Pull],
        purpose: Purpose::Simplification,
        legal_basis: LegalBasis::from_code("crpa-l114-8-i").unwrap(),
        consent: ConsentRule::Required,
        consent_collected_by: ConsentCollector::Portal,
        population: vec![SubjectKind::NaturalPerson],
        valid_from: "2026-01-01".parse().unwrap(),
        valid_until: Some("2026-12-31".parse().unwrap()),
        daily_quota: Some(10),
        state: AgreementState::InForce,
    }
}

fn world() -> World {
    let agreement = agreement();
    World {
        request: ExchangeRequest {
            caller: Caller {
                agency: agreement.consumer.clone(),
                system: "benefits".to_owned(),
                roles: BTreeSet::from([Role::Consumer]),
                certificate: [7; 32],
            },
            agreement: agreement.id.clone(),
            dataset: agreement.dataset.clone(),
            operation: Operation::Pull,
            purpose: Purpose::Simplification,
            subject_kind: SubjectKind::NaturalPerson,
            local_body: Some("caf-31".to_owned()),
            asked_fields: None,
            consent_asked: None,
        },
        file: RegistryFile {
            agencies: vec![agency("cnaf", Role::Consumer), agency("urssaf", Role::Provider)],
            agreements: vec![agreement],
            revocations: Vec::new(),
        },
        consent: ConsentState::InForce(ConsentId(Uuid::from_u128(1))),
        quota: QuotaState::Left,
        now: "2026-06-15T10:00:00Z",
    }
}

/// Every condition, in the order in which the rules are asked: the reason it gives, and how it is violated. Those of
/// one group exclude each other.
type Condition = (Reason, &'static str, fn(&mut World));

const CONDITIONS: &[Condition] = &[
    (Reason::CertificateRevoked, "certificate", |world| {
        let agency = AgencyCode::parse("cnaf").unwrap();
        world.file.revocations.push(Revocation { fingerprint: [7; 32], agency, reason: "lost".to_owned() });
    }),
    (Reason::RoleNotHeld, "role", |world| world.file.agencies[0].roles = vec![Role::Auditor]),
    (Reason::AgreementUnknown, "agreement", |world| {
        world.request.agreement = AgreementId::parse("no-such").unwrap();
    }),
    (Reason::AgreementOfAnotherConsumer, "consumer", |world| {
        world.file.agreements[0].consumer = AgencyCode::parse("cnav").unwrap();
    }),
    (Reason::AgreementSuspended, "state", |world| world.file.agreements[0].state = AgreementState::Suspended),
    (Reason::AgreementTerminated, "state", |world| world.file.agreements[0].state = AgreementState::Terminated),
    (Reason::AgreementNotYetInForce, "days", |world| world.now = "2025-12-31T22:59:59Z"),
    (Reason::AgreementExpired, "days", |world| world.now = "2026-12-31T23:00:00Z"),
    (Reason::ProviderNotAssigned, "provider", |world| world.file.agencies[1].datasets.clear()),
    (Reason::DatasetNotCovered, "dataset", |world| {
        world.request.dataset = DatasetId::parse("company-turnover").unwrap();
    }),
    (Reason::OperationNotCovered, "operation", |world| world.request.operation = Operation::Document),
    (Reason::PurposeNotCovered, "purpose", |world| world.request.purpose = Purpose::Collection),
    (Reason::PurposeNotPermitted, "basis", |world| {
        world.file.agreements[0].legal_basis = LegalBasis::from_code("css-l114-16").unwrap();
    }),
    (Reason::PopulationNotCovered, "population", |world| world.request.subject_kind = SubjectKind::Company),
    (Reason::LocalBodyUnknown, "body", |world| world.request.local_body = Some("caf-99".to_owned())),
    (Reason::FieldNotGranted, "fields", |world| world.request.asked_fields = Some(fields(&["status"]))),
    (Reason::ConsentRequired, "consent", |world| world.consent = ConsentState::Absent),
    (Reason::ConsentWithdrawn, "consent", |world| world.consent = ConsentState::Withdrawn),
    (Reason::ConsentExpired, "consent", |world| world.consent = ConsentState::Expired),
    (Reason::QuotaExceeded, "quota", |world| world.quota = QuotaState::Exhausted),
];

#[test]
fn an_exchange_under_an_agreement_in_force_is_granted() {
    let grant = world().grant();
    let agreement = agreement();
    assert_eq!(
        grant,
        Grant {
            agreement: agreement.id.clone(),
            consumer: agreement.consumer.clone(),
            provider: agreement.provider.clone(),
            legal_basis: agreement.legal_basis,
            purpose: agreement.purpose,
            fields: agreement.fields.clone(),
            withheld: Vec::new(),
            policy_digest: policy_digest(&agreement),
        }
    );
}

#[test]
fn each_violated_condition_gives_its_own_reason() {
    for (reason, _, violate) in CONDITIONS {
        let mut world = world();
        violate(&mut world);
        assert_eq!(world.reason(), *reason);
    }
}

#[test]
fn without_an_agreement_nothing_is_exchanged() {
    let mut world = world();
    world.file.agreements.clear();
    assert_eq!(world.reason(), Reason::AgreementUnknown);
    world.file = RegistryFile::default();
    assert_eq!(world.reason(), Reason::RoleNotHeld);
}

#[test]
fn roles_are_those_of_the_registry_and_not_those_that_the_call_came_with() {
    let mut world = world();
    world.request.caller.roles.clear();
    assert_eq!(world.grant().consumer.as_str(), "cnaf");
    world.request.caller.roles = Role::ALL.into();
    world.file.agencies[0].roles.clear();
    assert_eq!(world.reason(), Reason::RoleNotHeld);
}

#[test]
fn a_provider_that_lost_its_role_or_is_gone_is_not_assigned() {
    let mut without_role = world();
    without_role.file.agencies[1].roles = vec![Role::Consumer];
    assert_eq!(without_role.reason(), Reason::ProviderNotAssigned);
    let mut gone = world();
    gone.file.agencies.truncate(1);
    assert_eq!(gone.reason(), Reason::ProviderNotAssigned);
}

#[test]
fn an_agreement_holds_on_its_first_and_last_day_in_paris() {
    for now in ["2025-12-31T23:00:00Z", "2026-12-31T22:59:59Z"] {
        assert_eq!(World { now, ..world() }.grant().agreement.as_str(), "d14-benefits");
    }
    let mut endless = World { now: "2126-01-01T00:00:00Z", ..world() };
    endless.file.agreements[0].valid_until = None;
    assert_eq!(endless.grant().agreement.as_str(), "d14-benefits");
}

#[test]
fn consent_counts_only_where_the_agreement_demands_it() {
    for consent in [ConsentState::Absent, ConsentState::Withdrawn, ConsentState::Expired] {
        let mut world = World { consent, ..world() };
        world.file.agreements[0].consent = ConsentRule::NotRequired;
        assert_eq!(world.grant().fields.len(), 3);
    }
}

#[test]
fn a_request_that_names_no_local_body_is_that_of_the_agency() {
    let mut world = world();
    world.request.local_body = None;
    assert_eq!(world.grant().consumer.as_str(), "cnaf");
}

#[test]
fn a_refusal_says_nothing_of_an_agreement_to_which_the_caller_is_no_party() {
    for (reason, _, violate) in &CONDITIONS[..4] {
        let mut world = world();
        violate(&mut world);
        assert_eq!(world.refusal(), Refusal::of(*reason));
    }
    let mut party = world();
    party.quota = QuotaState::Exhausted;
    let refusal = party.refusal();
    assert_eq!(refusal.provider.as_ref().map(AgencyCode::as_str), Some("urssaf"));
    assert_eq!(refusal.legal_basis, Some(agreement().legal_basis));
    assert_eq!(refusal.policy_digest, Some(policy_digest(&agreement())));
}

#[test]
fn an_empty_mask_asks_for_nothing_and_is_refused() {
    let mut world = world();
    world.request.asked_fields = Some(Vec::new());
    assert_eq!(world.reason(), Reason::FieldNotGranted);
}

proptest! {
    #[test]
    fn it_is_granted_only_if_no_condition_is_violated_and_the_first_violated_gives_the_reason(
        mut violated in prop::sample::subsequence(CONDITIONS, 0..=CONDITIONS.len()),
    ) {
        violated.dedup_by_key(|(_, group, _)| *group);
        let mut world = world();
        for (_, _, violate) in &violated {
            violate(&mut world);
        }
        match (world.decide(), violated.first()) {
            (Decision::Grant(_), None) => {}
            (Decision::Refusal(refusal), Some((reason, ..))) => prop_assert_eq!(refusal.reason, *reason),
            (decision, first) => prop_assert!(false, "{:?} for {:?}", decision, first.map(|(reason, ..)| reason)),
        }
    }

    #[test]
    fn exactly_the_granted_fields_that_were_asked_for_leave(
        granted in prop::sample::subsequence(&["a", "b", "c", "d", "e"][..], 1..=5).prop_shuffle(),
        asked in prop::option::of(prop::collection::vec(prop::sample::select(&["a", "b", "c", "d", "e"][..]), 0..8)),
    ) {
        let mut world = world();
        world.file.agreements[0].fields = fields(&granted);
        world.request.asked_fields = asked.as_deref().map(fields);
        let expected: Vec<&str> =
            granted.iter().copied().filter(|field| asked.as_ref().is_none_or(|asked| asked.contains(field))).collect();
        match world.decide() {
            Decision::Refusal(refusal) => {
                prop_assert_eq!(refusal.reason, Reason::FieldNotGranted);
                prop_assert!(expected.is_empty());
            }
            Decision::Grant(grant) => {
                prop_assert_eq!(&grant.fields, &fields(&expected));
                prop_assert!(!grant.fields.is_empty());
                let withheld: BTreeSet<&str> = grant.withheld.iter().map(FieldName::as_str).collect();
                prop_assert_eq!(withheld.len(), grant.withheld.len());
                let asked: BTreeSet<&str> = asked.into_iter().flatten().collect();
                let granted: BTreeSet<&str> = granted.into_iter().collect();
                prop_assert_eq!(withheld, asked.difference(&granted).copied().collect::<BTreeSet<_>>());
            }
        }
    }
}
