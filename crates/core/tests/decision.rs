//! The decision, as properties: granted only when every condition holds, and each broken one has its own reason.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::date};
use proptest::prelude::*;
use unefois_core::{
    Agency, AgencyCode, Agreement, AgreementId, AgreementState, Caller, ConsentCollector, ConsentId, ConsentRule,
    ConsentState, DatasetId, Decision, ExchangeRequest, FieldName, LegalBasis, LocalBody, Operation, Purpose,
    QuotaState, Reason, Refusal, Registry, RegistryFile, Revocation, Role, SubjectKind, decide, policy_digest,
};
use uuid::Uuid;

const FIELDS: [&str; 4] = ["siren", "period", "amounts", "status"];
const CERTIFICATE: [u8; 32] = [7; 32];

fn agency(code: &str, role: Role) -> Agency {
    Agency {
        code: AgencyCode::parse(code).unwrap(),
        name: code.to_owned(),
        aliases: Vec::new(),
        roles: vec![role],
        local_bodies: vec![LocalBody { code: "caf-31".to_owned(), name: "CAF".to_owned() }],
        datasets: vec![DatasetId::parse("declared-turnover").unwrap()],
        systems: Vec::new(),
    }
}

fn agreement() -> Agreement {
    Agreement {
        id: AgreementId::parse("d14-benefits").unwrap(),
        title: "turnover".to_owned(),
        consumer: AgencyCode::parse("cnaf").unwrap(),
        provider: AgencyCode::parse("urssaf").unwrap(),
        dataset: DatasetId::parse("declared-turnover").unwrap(),
        dataset_major: 1,
        fields: FIELDS.map(FieldName::from).to_vec(),
        operations: vec![Operation::Pull],
        purpose: Purpose::Simplification,
        legal_basis: LegalBasis::from_code("crpa-l114-8-i").unwrap(),
        consent: ConsentRule::Required,
        consent_collected_by: ConsentCollector::Portal,
        population: vec![SubjectKind::NaturalPerson],
        whole_population: false,
        valid_from: date(2026, 1, 1),
        valid_until: Some(date(2026, 12, 31)),
        daily_quota: Some(10),
        state: AgreementState::InForce,
    }
}

/// Everything that a decision depends on.
#[derive(Debug, Clone)]
struct World {
    file: RegistryFile,
    request: ExchangeRequest,
    consent: ConsentState,
    quota: QuotaState,
    now: Timestamp,
}

/// A world in which the exchange is granted.
fn world() -> World {
    let caller = Caller {
        agency: AgencyCode::parse("cnaf").unwrap(),
        system: "benefits".to_owned(),
        roles: BTreeSet::from([Role::Consumer]),
        certificate: CERTIFICATE,
    };
    World {
        file: RegistryFile {
            agencies: vec![agency("urssaf", Role::Provider), agency("cnaf", Role::Consumer)],
            agreements: vec![agreement()],
            revocations: Vec::new(),
        },
        request: ExchangeRequest {
            caller,
            agreement: AgreementId::parse("d14-benefits").unwrap(),
            dataset: DatasetId::parse("declared-turnover").unwrap(),
            dataset_major: 1,
            operation: Operation::Pull,
            purpose: Purpose::Simplification,
            subject_kind: SubjectKind::NaturalPerson,
            local_body: Some("caf-31".to_owned()),
            asked_fields: None,
            consent_asked: None,
        },
        consent: ConsentState::InForce(ConsentId(Uuid::nil())),
        quota: QuotaState::Left,
        now: "2026-06-15T10:00:00Z".parse().unwrap(),
    }
}

fn decided(world: &World) -> Decision {
    let registry = Registry::of(1, world.file.clone());
    decide(&world.request, &registry, &world.consent, world.quota, world.now)
}

fn reason(world: &World) -> Option<Reason> {
    match decided(world) {
        Decision::Grant(_) => None,
        Decision::Refusal(refusal) => Some(refusal.reason),
    }
}

type Breakage = (Reason, fn(&mut World));

/// Each condition, broken, in the order in which the rules are asked.
const BREAKAGES: &[Breakage] = &[
    (Reason::CertificateRevoked, |world| {
        let agency = AgencyCode::parse("cnaf").unwrap();
        world.file.revocations.push(Revocation { fingerprint: CERTIFICATE, agency, reason: "lost".to_owned() });
    }),
    (Reason::RoleNotHeld, |world| world.file.agencies[1].roles = vec![Role::Provider]),
    (Reason::AgreementUnknown, |world| world.request.agreement = AgreementId::parse("nothing").unwrap()),
    (Reason::AgreementOfAnotherConsumer, |world| {
        world.file.agreements[0].consumer = AgencyCode::parse("urssaf").unwrap();
    }),
    (Reason::AgreementSuspended, |world| world.file.agreements[0].state = AgreementState::Suspended),
    (Reason::AgreementExpired, |world| world.now = "2026-12-31T23:00:00Z".parse().unwrap()),
    (Reason::ProviderNotAssigned, |world| world.file.agencies[0].datasets.clear()),
    (Reason::DatasetNotCovered, |world| world.request.dataset = DatasetId::parse("company-turnover").unwrap()),
    (Reason::DatasetNotCovered, |world| world.request.dataset_major = 2),
    (Reason::OperationNotCovered, |world| world.request.operation = Operation::Push),
    (Reason::PurposeNotCovered, |world| world.request.purpose = Purpose::Fraud),
    (Reason::PurposeNotPermitted, |world| {
        world.file.agreements[0].legal_basis = LegalBasis::from_code("crpa-l114-8-ii").unwrap();
    }),
    (Reason::PopulationNotCovered, |world| world.request.subject_kind = SubjectKind::Company),
    (Reason::LocalBodyUnknown, |world| world.request.local_body = Some("caf-99".to_owned())),
    (Reason::FieldNotGranted, |world| world.request.asked_fields = Some(vec![FieldName::from("declared_on")])),
    (Reason::ConsentRequired, |world| world.consent = ConsentState::Absent),
    (Reason::QuotaExceeded, |world| world.quota = QuotaState::Exhausted),
];

#[test]
fn an_exchange_that_meets_every_condition_is_granted_all_that_the_agreement_grants() {
    let Decision::Grant(grant) = decided(&world()) else { panic!("it was refused") };
    assert_eq!(grant.fields, FIELDS.map(FieldName::from));
    assert_eq!(grant.policy_digest, policy_digest(&agreement()));
}

#[test]
fn each_broken_condition_has_its_own_reason() {
    for (due, breaks) in BREAKAGES {
        let mut world = world();
        breaks(&mut world);
        assert_eq!(reason(&world), Some(*due));
    }
}

#[test]
fn the_states_of_agreements_and_consents_have_reasons_of_their_own() {
    let with = |change: fn(&mut World)| {
        let mut world = world();
        change(&mut world);
        reason(&world)
    };
    assert_eq!(with(|world| world.consent = ConsentState::Withdrawn), Some(Reason::ConsentWithdrawn));
    assert_eq!(with(|world| world.consent = ConsentState::Expired), Some(Reason::ConsentExpired));
    let terminated = with(|world| world.file.agreements[0].state = AgreementState::Terminated);
    assert_eq!(terminated, Some(Reason::AgreementTerminated));
    let early = with(|world| world.now = "2025-12-31T22:59:59Z".parse().unwrap());
    assert_eq!(early, Some(Reason::AgreementNotYetInForce));
    assert_eq!(with(|world| world.now = "2025-12-31T23:00:00Z".parse().unwrap()), None);
}

#[test]
fn the_digest_of_an_agreement_changes_with_anything_in_it() {
    let mut other = agreement();
    other.fields.pop();
    assert_ne!(policy_digest(&other), policy_digest(&agreement()));
    other = agreement();
    other.daily_quota = None;
    assert_ne!(policy_digest(&other), policy_digest(&agreement()));
}

#[test]
fn without_an_agreement_nothing_is_exchanged() {
    let mut world = world();
    world.file.agreements.clear();
    assert_eq!(reason(&world), Some(Reason::AgreementUnknown));
    world.file = RegistryFile::default();
    assert_eq!(reason(&world), Some(Reason::RoleNotHeld));
}

#[test]
fn roles_are_those_of_the_registry_and_not_those_that_the_call_came_with() {
    let mut world = world();
    world.request.caller.roles.clear();
    assert_eq!(reason(&world), None);
    world.request.caller.roles = Role::ALL.into();
    world.file.agencies[1].roles.clear();
    assert_eq!(reason(&world), Some(Reason::RoleNotHeld));
}

#[test]
fn a_provider_that_lost_its_role_or_is_gone_is_not_assigned() {
    let mut without_role = world();
    without_role.file.agencies[0].roles = vec![Role::Consumer];
    assert_eq!(reason(&without_role), Some(Reason::ProviderNotAssigned));
    let mut gone = world();
    gone.file.agencies.remove(0);
    assert_eq!(reason(&gone), Some(Reason::ProviderNotAssigned));
}

#[test]
fn an_agreement_holds_until_the_end_of_its_last_day_in_paris_and_for_ever_without_one() {
    let mut world = world();
    world.now = "2026-12-31T22:59:59Z".parse().unwrap();
    assert_eq!(reason(&world), None);
    world.file.agreements[0].valid_until = None;
    world.now = "2126-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(reason(&world), None);
}

#[test]
fn consent_counts_only_where_the_agreement_demands_it() {
    let mut world = world();
    world.file.agreements[0].consent = ConsentRule::NotRequired;
    for consent in [ConsentState::Absent, ConsentState::Withdrawn, ConsentState::Expired] {
        world.consent = consent;
        assert_eq!(reason(&world), None);
    }
}

#[test]
fn a_request_that_names_no_local_body_is_that_of_the_agency() {
    let mut world = world();
    world.request.local_body = None;
    assert_eq!(reason(&world), None);
}

#[test]
fn an_empty_mask_asks_for_nothing_and_is_refused() {
    let mut world = world();
    world.request.asked_fields = Some(Vec::new());
    assert_eq!(reason(&world), Some(Reason::FieldNotGranted));
}

#[test]
fn fields_leave_in_the_order_of_the_agreement_and_are_withheld_once_in_that_of_the_request() {
    let mut world = world();
    let asked = ["status", "zeta", "siren", "alpha", "zeta", "status"];
    world.request.asked_fields = Some(asked.map(FieldName::from).to_vec());
    let Decision::Grant(grant) = decided(&world) else { panic!("it was refused") };
    assert_eq!(grant.fields, ["siren", "status"].map(FieldName::from));
    assert_eq!(grant.withheld, ["zeta", "alpha"].map(FieldName::from));
}

#[test]
fn a_refusal_says_nothing_of_an_agreement_to_which_the_caller_is_no_party() {
    for (due, breaks) in BREAKAGES {
        let mut world = world();
        breaks(&mut world);
        let Decision::Refusal(refusal) = decided(&world) else { panic!("it was granted") };
        let before_the_party_is_known = matches!(
            due,
            Reason::CertificateRevoked
                | Reason::RoleNotHeld
                | Reason::AgreementUnknown
                | Reason::AgreementOfAnotherConsumer
        );
        if before_the_party_is_known {
            assert_eq!(refusal, Refusal::of(*due));
        } else {
            let agreement = &world.file.agreements[0];
            assert_eq!(refusal.provider.as_ref(), Some(&agreement.provider));
            assert_eq!(refusal.legal_basis, Some(agreement.legal_basis));
            assert_eq!(refusal.policy_digest, Some(policy_digest(agreement)));
        }
    }
}

proptest! {
    /// Whatever else is broken as well, nothing is granted, and the first broken rule gives the reason.
    #[test]
    fn any_broken_condition_refuses(broken in proptest::collection::btree_set(0..BREAKAGES.len(), 1..5)) {
        let mut world = world();
        for index in &broken {
            (BREAKAGES[*index].1)(&mut world);
        }
        prop_assert_eq!(reason(&world), broken.first().map(|first| BREAKAGES[*first].0));
    }

    /// What leaves was granted, and was asked for.
    #[test]
    fn only_granted_and_asked_fields_leave(
        asked in proptest::collection::btree_set("[a-z]{3,8}", 0..3),
        granted in proptest::sample::subsequence(FIELDS.to_vec(), 1..4),
    ) {
        let mut world = world();
        let mask: Vec<FieldName> =
            asked.iter().map(|field| FieldName::from(field.as_str())).chain(granted.iter().map(|field| FieldName::from(*field))).collect();
        world.request.asked_fields = Some(mask.clone());
        let Decision::Grant(grant) = decided(&world) else { return Err(TestCaseError::fail("refused")) };
        for field in &grant.fields {
            prop_assert!(FIELDS.contains(&field.as_str()) && mask.contains(field));
        }
        for field in &mask {
            prop_assert!(grant.fields.contains(field) != grant.withheld.contains(field));
        }
    }
}
