//! What leaves the hub about its own working: traces, metrics and log lines of a busy day name nobody.

use std::path::PathBuf;

use prost::Message;
use unefois_ledger::PersonalPart;
use unefois_testkit::{ApiGouv, Collector, House, HouseSettings, Person, pull_request};

use crate::{LOG_ALL, UNEFOIS, check, check_open, day, day::TRACE, scan::Scan, secrets};

/// What the hub calls a person and their record, where nobody else sees it.
async fn names_inside(house: &House, person: &Person) -> Vec<(&'static str, Vec<u8>)> {
    let cnaf = house.agency("cnaf").await;
    let answer = cnaf.exchange().pull(pull_request("d14-benefits", person.by_nir())).await.unwrap().into_inner();
    let part = PersonalPart::decode(answer.receipt.unwrap().personal_part.as_slice()).unwrap();
    let PersonalPart { subject_pseudonym, record_id, payload_commitment, request_id, .. } = part;
    vec![
        ("a pseudonym", subject_pseudonym),
        ("a record", record_id),
        ("a commitment", payload_commitment),
        ("an identifier of a request that the hub made", request_id.into_bytes()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_exported_or_logged_names_a_person_an_amount_or_a_reference() {
    let (collector, provider) = (Collector::serve().await, ApiGouv::serve(None).await);
    let more = format!("{LOG_ALL}{}", collector.settings());
    let settings = HouseSettings { provider: Some(provider.base_url()), more, ..HouseSettings::default() };
    let mut house = House::open_with(UNEFOIS, &settings).await;
    let people: Vec<Person> = (0..4).map(|number| Person::invented(8_000 + number * 37)).collect();
    day::publications(&house, &people).await;
    day::exchanges(&house, &people).await;
    day::mistakes(&house, &people[0]).await;
    day::portal_and_audit(&house, &people).await;
    day::live(&house, &provider, &people).await;
    let inside = names_inside(&house, &people[0]).await;
    let scraped = house.probed("/metrics").await.1;
    house.stop();

    // A trace is what traces are about; all else that the ledger keeps from strangers is kept from the collector too.
    let mut secrets = secrets(&people);
    secrets.retain(|(_, secret)| *secret != TRACE.as_bytes());
    secrets.extend(inside);
    let scan = Scan::of(&secrets);
    let exported = [
        (PathBuf::from("otlp"), collector.bytes()),
        (PathBuf::from("metrics"), scraped.into_bytes()),
        (PathBuf::from("hub.log"), house.log().into_bytes()),
    ];
    check(&scan, &exported);
    check_open(
        &exported,
        "otlp",
        &["unefois.caller.agency", "identify", "unefois_broker_step_seconds", "FIELD_UNKNOWN"],
    );
    check_open(&exported, "metrics", &["AGREEMENT_OF_ANOTHER_CONSUMER"]);
    check_open(&exported, "hub.log", &["\"level\":\"TRACE\"", TRACE, "the hub has stopped"]);
}
