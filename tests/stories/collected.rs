//! What a consent permits: what it says, and nothing more.

use unefois_proto::pb::{
    consent::v1::{GrantRequest, GrantResponse},
    exchange::v1::PullRequest,
    ledger::v1::Purpose,
};
use unefois_testkit::{House, Person, pull_request, reason_of, turnover_of};

use crate::{UNEFOIS, acknowledged};

/// An agreement under which France Travail collects the consent itself.
const COLLECTED: &str = r#"
[[agreement]]
id = "collected"
title = "collected by the consumer"
consumer = "france-travail"
provider = "urssaf"
dataset = "declared-turnover"
fields = ["period", "status"]
operations = ["pull"]
purpose = "simplification"
legal-basis = "crpa-l114-8-i"
consent = "required"
consent-collected-by = "portal-or-consumer"
population = ["natural-person"]
valid-from = "2025-01-01"
"#;

fn grant(person: &Person) -> GrantRequest {
    GrantRequest {
        subject: Some(person.by_nir()),
        consumer: "france-travail".to_owned(),
        dataset: "declared-turnover".to_owned(),
        purpose: Purpose::Simplification.into(),
        expires_at: None,
        evidence_digest: vec![7; 32],
    }
}

async fn grants(house: &House, agency: &str, request: GrantRequest) -> Result<GrantResponse, String> {
    let answer = house.agency(agency).await.consent().grant(request).await;
    answer.map(tonic::Response::into_inner).map_err(|status| reason_of(&status))
}

async fn asks(house: &House, request: PullRequest) -> Result<(), String> {
    let answer = house.agency("france-travail").await.exchange().pull(request).await;
    answer.map(drop).map_err(|status| reason_of(&status))
}

fn relying_on(person: &Person, consent_id: &str) -> PullRequest {
    let mut request = pull_request("d13-unemployment", person.by_nir());
    request.context.as_mut().unwrap().consent_id = Some(consent_id.to_owned());
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_collects_consents_for_the_purpose_of_its_agreement_only() {
    let house = House::open(UNEFOIS).await;
    house.applies(COLLECTED).await.unwrap();
    let marie = Person::invented(120);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let consent = grants(&house, "france-travail", grant(&marie)).await.unwrap().consent.unwrap();
    assert_eq!(consent.granted_by, "france-travail");
    asks(&house, pull_request("collected", marie.by_nir())).await.unwrap();
    for purpose in [Purpose::Fraud, Purpose::NonTakeUp] {
        let request = GrantRequest { purpose: purpose.into(), ..grant(&marie) };
        assert_eq!(grants(&house, "france-travail", request).await.unwrap_err(), "CONSENT_COLLECTION_NOT_PERMITTED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_helps_its_own_person_purpose_dataset_and_consumer_only() {
    let house = House::open(UNEFOIS).await;
    let (marie, paul) = (Person::invented(121), Person::invented(122));
    let urssaf = house.agency("urssaf").await;
    acknowledged(&urssaf, turnover_of(&marie, 1)).await;
    acknowledged(&urssaf, turnover_of(&paul, 1)).await;
    let others = [
        GrantRequest { subject: Some(paul.by_nir()), ..grant(&marie) },
        GrantRequest { purpose: Purpose::NonTakeUp.into(), ..grant(&marie) },
        GrantRequest { dataset: "self-employed-affiliation".to_owned(), ..grant(&marie) },
        GrantRequest { consumer: "cnaf".to_owned(), ..grant(&marie) },
    ];
    let mut ids = Vec::new();
    for other in others {
        ids.push(grants(&house, "portail", other).await.unwrap().consent.unwrap().consent_id);
    }
    assert_eq!(asks(&house, pull_request("d13-unemployment", marie.by_nir())).await.unwrap_err(), "CONSENT_REQUIRED");
    for id in &ids {
        assert_eq!(asks(&house, relying_on(&marie, id)).await.unwrap_err(), "CONSENT_REQUIRED");
    }
    let good = grants(&house, "portail", grant(&marie)).await.unwrap().consent.unwrap().consent_id;
    asks(&house, relying_on(&marie, &good)).await.unwrap();
    // Another consent is in force; the one that is relied on is not Marie's.
    assert_eq!(asks(&house, relying_on(&marie, &ids[0])).await.unwrap_err(), "CONSENT_REQUIRED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_says_nothing_clear_is_not_recorded() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(123);
    let past = prost_types::Timestamp { seconds: 1_600_000_000, nanos: 0 };
    let broken = prost_types::Timestamp { seconds: 0, nanos: -1 };
    let cases = [
        (GrantRequest { subject: None, ..grant(&marie) }, "CONTEXT_INCOMPLETE"),
        (GrantRequest { consumer: "nobody".to_owned(), ..grant(&marie) }, "ARGUMENT_INVALID"),
        (GrantRequest { consumer: "Not A Code".to_owned(), ..grant(&marie) }, "ARGUMENT_INVALID"),
        (GrantRequest { dataset: "nothing".to_owned(), ..grant(&marie) }, "DATASET_UNKNOWN"),
        (GrantRequest { purpose: 0, ..grant(&marie) }, "ARGUMENT_INVALID"),
        (GrantRequest { evidence_digest: vec![7; 31], ..grant(&marie) }, "ARGUMENT_INVALID"),
        (GrantRequest { expires_at: Some(past), ..grant(&marie) }, "ARGUMENT_INVALID"),
        (GrantRequest { expires_at: Some(broken), ..grant(&marie) }, "ARGUMENT_INVALID"),
    ];
    for (request, due) in cases {
        assert_eq!(grants(&house, "portail", request.clone()).await.unwrap_err(), due, "{request:?}");
    }
    let search = unefois_proto::pb::audit::v1::SearchExchangesRequest {
        kind: unefois_proto::pb::ledger::v1::EntryKind::Consent.into(),
        ..Default::default()
    };
    assert!(house.audited(search).await.is_empty());
}
