//! Each rule of the creation of a subscription, by its reason.

use super::*;
use crate::{
    agency::AgencyCode,
    agreement::{AgreementId, AgreementState},
    dataset::FieldName,
    registry::{RegistryFile, Revocation},
    subscription::{Filter, Reach, SubscriptionName},
};

const FILE: &str = r#"
    [[agency]]
    code = "urssaf"
    name = "Urssaf"
    roles = ["provider"]
    datasets = ["declared-turnover"]

    [[agency]]
    code = "cnaf"
    name = "Cnaf"
    roles = ["consumer"]

    [[agency]]
    code = "cnam"
    name = "Cnam"
    roles = ["consumer"]

    [[agreement]]
    id = "d14-benefits"
    title = "Turnover for benefits"
    consumer = "cnaf"
    provider = "urssaf"
    dataset = "declared-turnover"
    fields = ["siren", "amounts"]
    operations = ["pull", "push"]
    purpose = "simplification"
    legal-basis = "crpa-l114-8-i"
    population = ["natural-person"]
    valid-from = "2026-01-01"
    valid-until = "2026-12-31"
"#;

/// What a rule looks at.
struct Scene {
    file: RegistryFile,
    caller: Caller,
    asked: NewSubscription,
    now: Timestamp,
}

fn terms() -> SubscriptionTerms {
    SubscriptionTerms { retention_days: 7, redelivery_after: SignedDuration::from_secs(30), attempts_max: 5 }
}

/// What comes of a creation that differs from a good one by this.
fn admitted(amend: impl FnOnce(&mut Scene)) -> Result<AgreementId, Reason> {
    let agency = AgencyCode::parse("cnaf").unwrap();
    let mut scene = Scene {
        file: toml::from_str(FILE).unwrap(),
        caller: Caller { agency, system: "main".to_owned(), roles: [Role::Consumer].into(), certificate: [7; 32] },
        asked: NewSubscription {
            name: SubscriptionName::parse("benefits").unwrap(),
            agreement: AgreementId::parse("d14-benefits").unwrap(),
            filter: Filter { kinds: [].into(), fields: vec![FieldName::from("amounts")] },
            reach: Reach::OpenDossiers,
            terms: terms(),
        },
        now: "2026-06-01T12:00:00Z".parse().unwrap(),
    };
    amend(&mut scene);
    let Scene { file, caller, asked, now } = scene;
    admit(&asked, &caller, &Registry::of(1, file), now).map(|agreement| agreement.id.clone())
}

#[test]
fn a_subscription_is_created_under_an_agreement_that_allows_push() {
    assert_eq!(admitted(|_| ()).unwrap().as_str(), "d14-benefits");
    assert!(admitted(|scene| scene.asked.filter = Filter::default()).is_ok(), "no filter: all that is granted");
}

type Amend = fn(&mut Scene);

#[test]
fn each_rule_refuses_with_its_reason() {
    let refusals: [(Amend, Reason); 13] = [
        (|scene| scene.file.revocations.push(revocation()), Reason::CertificateRevoked),
        (|scene| scene.file.agencies[1].roles.clear(), Reason::RoleNotHeld),
        (|scene| scene.asked.agreement = AgreementId::parse("other").unwrap(), Reason::AgreementUnknown),
        (|scene| scene.caller.agency = AgencyCode::parse("cnam").unwrap(), Reason::AgreementOfAnotherConsumer),
        (|scene| scene.now = "2025-12-31T12:00:00Z".parse().unwrap(), Reason::AgreementNotYetInForce),
        (|scene| scene.now = "2027-01-01T12:00:00Z".parse().unwrap(), Reason::AgreementExpired),
        (|scene| scene.file.agreements[0].state = AgreementState::Suspended, Reason::AgreementSuspended),
        (|scene| scene.file.agreements[0].state = AgreementState::Terminated, Reason::AgreementTerminated),
        (|scene| scene.file.agencies[0].datasets.clear(), Reason::ProviderNotAssigned),
        (|scene| scene.file.agreements[0].operations.truncate(1), Reason::OperationNotCovered),
        (|scene| scene.file.agreements[0].purpose = crate::Purpose::Fraud, Reason::PurposeNotPermitted),
        (|scene| scene.asked.filter.fields.push(FieldName::from("status")), Reason::FilterNotGranted),
        (|scene| scene.asked.reach = Reach::WholePopulation, Reason::WholePopulationNotGranted),
    ];
    for (amend, reason) in refusals {
        assert_eq!(admitted(amend), Err(reason));
    }
}

fn revocation() -> Revocation {
    Revocation { fingerprint: [7; 32], agency: AgencyCode::parse("cnaf").unwrap(), reason: "lost".to_owned() }
}

#[test]
fn the_whole_population_is_told_where_the_agreement_grants_it_and_as_long_as_it_does() {
    let granted = admitted(|scene| {
        scene.file.agreements[0].whole_population = true;
        scene.asked.reach = Reach::WholePopulation;
    });
    assert!(granted.is_ok());
    let file: RegistryFile = toml::from_str(FILE).unwrap();
    assert_eq!(Reach::WholePopulation.under(&file.agreements[0]), Reach::OpenDossiers);
}

#[test]
fn a_filter_tells_of_granted_fields_only() {
    let file: RegistryFile = toml::from_str(FILE).unwrap();
    let told = |fields: &[&str]| -> Vec<String> {
        let filter = Filter { kinds: [].into(), fields: fields.iter().map(|field| FieldName::from(*field)).collect() };
        filter.told(&file.agreements[0]).map(ToString::to_string).collect()
    };
    assert_eq!(told(&[]), ["siren", "amounts"]);
    assert_eq!(told(&["amounts", "status"]), ["amounts"]);
}

#[test]
fn terms_are_within_their_limits_and_the_one_that_is_not_is_named() {
    let seconds = SignedDuration::from_secs;
    let limits = SubscriptionLimits {
        retention_days: 1..=30,
        redelivery_after: seconds(1)..=seconds(3600),
        attempts_max: 1..=20,
    };
    assert_eq!(limits.check(&terms()), Ok(()));
    for (bad, field) in [
        (SubscriptionTerms { retention_days: 0, ..terms() }, "retention_days"),
        (SubscriptionTerms { retention_days: 31, ..terms() }, "retention_days"),
        (SubscriptionTerms { redelivery_after: seconds(0), ..terms() }, "redelivery_after"),
        (SubscriptionTerms { redelivery_after: seconds(3601), ..terms() }, "redelivery_after"),
        (SubscriptionTerms { attempts_max: 0, ..terms() }, "attempts_max"),
        (SubscriptionTerms { attempts_max: 21, ..terms() }, "attempts_max"),
    ] {
        assert_eq!(limits.check(&bad).unwrap_err().field, field);
    }
    let words = limits.check(&SubscriptionTerms { attempts_max: 0, ..terms() }).unwrap_err().to_string();
    assert_eq!(words, "`attempts_max` is from 1 to 20");
}
