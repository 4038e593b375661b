//! Consents: without one in force nothing leaves, and a withdrawal stops the next exchange.

use unefois_client::{RetryPolicy, pull};
use unefois_proto::pb::{
    consent::v1::{Consent, GrantRequest, ListRequest, WithdrawRequest},
    ledger::v1::Purpose,
};
use unefois_testkit::{House, Person, pull_request, reason_of, turnover_of};

use crate::{UNEFOIS, acknowledged};

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

async fn granted(house: &House, person: &Person) -> Consent {
    let portal = house.agency("portail").await;
    portal.consent().grant(grant(person)).await.unwrap().into_inner().consent.unwrap()
}

async fn asks(house: &House, person: &Person) -> Result<(), String> {
    let france_travail = house.agency("france-travail").await;
    let request = pull_request("d13-unemployment", person.by_siren());
    match france_travail.exchange().pull(request).await {
        Ok(_) => Ok(()),
        Err(status) => Err(reason_of(&status)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_consent_stops_the_next_exchange() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(20);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    assert_eq!(asks(&house, &marie).await, Err("CONSENT_REQUIRED".to_owned()));
    let consent = granted(&house, &marie).await;
    assert_eq!(asks(&house, &marie).await, Ok(()));
    let portal = house.agency("portail").await;
    let request = WithdrawRequest { consent_id: consent.consent_id.clone() };
    let withdrawn = portal.consent().withdraw(request.clone()).await.unwrap().into_inner();
    assert!(withdrawn.consent.unwrap().withdrawn_at.is_some());
    assert_eq!(asks(&house, &marie).await, Err("CONSENT_WITHDRAWN".to_owned()));
    let again = portal.consent().withdraw(request).await.unwrap().into_inner();
    assert!(again.exchange_id.is_empty(), "what was withdrawn before is not recorded again");
    granted(&house, &marie).await;
    assert_eq!(asks(&house, &marie).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_exchange_recorded_after_a_withdrawal_was_decided_before_it() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(21);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let portal = house.agency("portail").await;
    let france_travail = house.agency("france-travail").await;
    for _round in 0..5 {
        let consent = granted(&house, &marie).await;
        let asking: Vec<_> = (0..40)
            .map(|_| {
                let (client, request) = (france_travail.clone(), pull_request("d13-unemployment", marie.by_nir()));
                tokio::spawn(async move { pull(&client, request, &RetryPolicy::never()).await })
            })
            .collect();
        portal.consent().withdraw(WithdrawRequest { consent_id: consent.consent_id }).await.unwrap();
        for answer in asking {
            let _released_or_refused = answer.await.unwrap();
        }
    }
    // The ledger is the judge: between a withdrawal and the next grant nothing was released.
    let mut consented = false;
    for entry in entries_about_consents(&house).await {
        match entry.as_str() {
            "grant" => consented = true,
            "withdraw" => consented = false,
            "released" => assert!(consented, "a release was recorded after a withdrawal"),
            _ => {}
        }
    }
}

/// Grants, withdrawals and releases, oldest first.
async fn entries_about_consents(house: &House) -> Vec<String> {
    use unefois_proto::pb::{audit::v1::SearchExchangesRequest, ledger::v1::Outcome};
    let search = SearchExchangesRequest { page_size: 500, consumer: "france-travail".to_owned(), ..Default::default() };
    let mut found = house.audited(search).await;
    found.reverse();
    let verb = |public: &unefois_proto::pb::ledger::v1::PublicPart| match (&public.change, public.outcome()) {
        (Some(change), _) => change.verb.clone(),
        (None, Outcome::Released) => "released".to_owned(),
        (None, _) => "refused".to_owned(),
    };
    let words: Vec<String> = found.iter().map(|entry| verb(entry.public_part.as_ref().unwrap())).collect();
    assert!(words.iter().filter(|word| *word == "withdraw").count() == 5, "{words:?}");
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_portal_grants_and_only_a_portal_or_the_grantee_withdraws() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(22);
    let france_travail = house.agency("france-travail").await;
    let status = france_travail.consent().grant(grant(&marie)).await.unwrap_err();
    assert_eq!(reason_of(&status), "CONSENT_COLLECTION_NOT_PERMITTED");
    let consent = granted(&house, &marie).await;
    let withdraw = || WithdrawRequest { consent_id: consent.consent_id.clone() };
    let status = house.agency("cnaf").await.consent().withdraw(withdraw()).await.unwrap_err();
    assert_eq!(reason_of(&status), "CONSENT_NOT_YOURS");
    let unknown = WithdrawRequest { consent_id: uuid::Uuid::nil().to_string() };
    let status = france_travail.consent().withdraw(unknown).await.unwrap_err();
    assert_eq!(reason_of(&status), "CONSENT_UNKNOWN");
    france_travail.consent().withdraw(withdraw()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_consent_is_refused_as_expired_and_a_person_sees_all_of_theirs() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(23);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let portal = house.agency("portail").await;
    let soon = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap() + std::time::Duration::from_millis(1_500);
    let expires_at = prost_types::Timestamp {
        seconds: i64::try_from(soon.as_secs()).unwrap(),
        nanos: i32::try_from(soon.subsec_nanos()).unwrap(),
    };
    portal.consent().grant(GrantRequest { expires_at: Some(expires_at), ..grant(&marie) }).await.unwrap();
    assert_eq!(asks(&house, &marie).await, Ok(()));
    let mut last = Ok(());
    for _attempt in 0..200 {
        last = asks(&house, &marie).await;
        if last.is_err() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(last, Err("CONSENT_EXPIRED".to_owned()));
    let request = ListRequest { subject: Some(marie.by_siren()), case_reference: "session".to_owned() };
    let listed = portal.consent().list(request).await.unwrap().into_inner().consents;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].consumer, "france-travail");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_collects_consents_where_its_agreement_says_so() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(24);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let collecting = unefois_testkit::DEMONSTRATION_REGISTRY
        .replace("consent = \"required\"", "consent = \"required\"\nconsent-collected-by = \"portal-or-consumer\"");
    house.applies(&collecting).await.unwrap();
    let france_travail = house.agency("france-travail").await;
    let without_evidence = GrantRequest { evidence_digest: Vec::new(), ..grant(&marie) };
    let status = france_travail.consent().grant(without_evidence).await.unwrap_err();
    assert_eq!(reason_of(&status), "ARGUMENT_INVALID");
    france_travail.consent().grant(grant(&marie)).await.unwrap();
    assert_eq!(asks(&house, &marie).await, Ok(()));
    let status = house.agency("cnaf").await.consent().grant(grant(&marie)).await.unwrap_err();
    assert_eq!(reason_of(&status), "CONSENT_COLLECTION_NOT_PERMITTED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_withdrawn_many_times_at_once_is_withdrawn_once() {
    use unefois_proto::pb::{audit::v1::SearchExchangesRequest, ledger::v1::EntryKind};
    let house = House::open(UNEFOIS).await;
    let consent = granted(&house, &Person::invented(24)).await;
    let portal = house.agency("portail").await;
    let withdrawing = (0..12).map(|_| {
        let (mut service, consent_id) = (portal.consent(), consent.consent_id.clone());
        async move { service.withdraw(WithdrawRequest { consent_id }).await.unwrap().into_inner() }
    });
    let answers = futures::future::join_all(withdrawing).await;
    assert_eq!(answers.iter().filter(|answer| !answer.exchange_id.is_empty()).count(), 1);
    let instants: std::collections::BTreeSet<_> =
        answers.iter().map(|answer| answer.consent.as_ref().unwrap().withdrawn_at.unwrap().to_string()).collect();
    assert_eq!(instants.len(), 1, "all are told the same instant");
    let search = SearchExchangesRequest { kind: EntryKind::Consent.into(), ..Default::default() };
    assert_eq!(house.audited(search).await.len(), 2, "one grant, one withdrawal");
}
