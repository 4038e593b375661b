//! Duplicates and homonyms in the monthly resources: found at publication, marked, and told to the provider.

mod before;

use futures::TryStreamExt;
use prost::Message;
use unefois_client::{Connection, RetryPolicy, monthly_resources, verify_acknowledgement};
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    calendar::v1::Month,
    income::v1::{GetMonthlyResourcesRequest, MonthlyResources},
    ledger::v1::EntryKind,
    publication::v1::{
        Acknowledgement, AcknowledgementKind, FindingKind, PublishRequest, PublishResponse,
        publish_response::Result as Fate,
    },
    subject::v1::{EraseRequest, ErasureScope},
};
use unefois_testkit::{DEMONSTRATION_REGISTRY, House, Person, context, item};

use crate::{UNEFOIS, catalog, example::example_of, published};

/// The resources of the example.
fn resources() -> MonthlyResources {
    let catalog = catalog();
    let dataset = catalog.dataset("monthly-resources").unwrap();
    MonthlyResources::decode(dataset.from_json(&example_of(dataset)).unwrap().as_slice()).unwrap()
}

/// The same, of somebody of that first name.
fn renamed(first_names: &str) -> MonthlyResources {
    let mut record = resources();
    record.identity.as_mut().unwrap().first_names = Some(first_names.to_owned());
    record
}

fn item_of(person: &Person, record: &MonthlyResources) -> PublishRequest {
    item("monthly-resources", vec![person.by_nir()], record)
}

async fn acknowledged(provider: &Connection, item: PublishRequest) -> Acknowledgement {
    match published(provider, item).await {
        Fate::Acknowledged(acknowledgement) => acknowledgement,
        Fate::Rejected(rejection) => panic!("{rejection:?}"),
    }
}

fn found(acknowledgement: &Acknowledgement) -> Vec<(FindingKind, &str)> {
    acknowledgement.findings.iter().map(|finding| (finding.kind(), finding.path.as_str())).collect()
}

/// Publishes these in one stream. Gives what is found about each.
async fn found_in_stream(provider: &Connection, items: Vec<PublishRequest>) -> Vec<Vec<String>> {
    let stream = futures::stream::iter(items);
    let answers = provider.publication().publish(stream).await.unwrap().into_inner();
    let answers: Vec<PublishResponse> = answers.try_collect().await.unwrap();
    let paths = |answer: PublishResponse| match answer.result.unwrap() {
        Fate::Acknowledged(known) => known.findings.into_iter().map(|finding| finding.path).collect(),
        Fate::Rejected(rejection) => panic!("{rejection:?}"),
    };
    answers.into_iter().map(paths).collect()
}

/// What CNAF gets of the person.
async fn pulled(house: &House, person: &Person) -> MonthlyResources {
    let request = GetMonthlyResourcesRequest {
        context: Some(context("drm-benefits")),
        subject: Some(person.by_nir()),
        month: Some(Month { year: Some(2026), month: Some(3) }),
        field_mask: None,
    };
    let cnaf = house.agency("cnaf").await;
    monthly_resources(&cnaf, request, &RetryPolicy::never()).await.unwrap().data
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_declared_twice_is_marked_and_told() {
    let house = House::open(UNEFOIS).await;
    let cnav = house.agency("cnav").await;
    let marie = Person::invented(501);
    let mut record = resources();
    record.payments.push(record.payments[0].clone());
    let item = item_of(&marie, &record);

    let first = acknowledged(&cnav, item.clone()).await;
    assert_eq!(found(&first), [(FindingKind::Duplicate, "payments[1].duplicate")]);
    // The provider proves what is kept: its record with the marks that it was told of.
    record.payments[1].duplicate = Some(true);
    record.possible_duplicate = Some(true);
    verify_acknowledgement(&first, &record.encode_to_vec(), &house.public_key().await).unwrap();
    let again = acknowledged(&cnav, item).await;
    assert_eq!(found(&again), found(&first), "a repeat is told the same");
    let same = acknowledged(&cnav, item_of(&marie, &record)).await;
    assert_eq!((same.kind(), found(&same)), (AcknowledgementKind::Unchanged, found(&first)));

    let seen = pulled(&house, &marie).await;
    let marks: Vec<Option<bool>> = seen.payments.iter().map(|payment| payment.duplicate).collect();
    assert_eq!((marks, seen.possible_duplicate), (vec![None, Some(true)], Some(true)));

    // Mended, it is a new revision without marks.
    let mended = acknowledged(&cnav, item_of(&marie, &resources())).await;
    assert_eq!((mended.kind(), found(&mended)), (AcknowledgementKind::Revised, Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_with_the_same_traits_is_marked_and_told() {
    let house = House::open(UNEFOIS).await;
    let cnav = house.agency("cnav").await;
    let (marie, namesake, other) = (Person::invented(502), Person::invented(503), Person::invented(504));
    let first = acknowledged(&cnav, item_of(&marie, &resources())).await;
    assert_eq!(found(&first), []);

    let second = acknowledged(&cnav, item_of(&namesake, &resources())).await;
    assert_eq!(found(&second), [(FindingKind::Homonym, "possible_homonym")]);
    assert_eq!(pulled(&house, &namesake).await.possible_homonym, Some(true));
    assert_eq!(pulled(&house, &marie).await.possible_homonym, Some(false), "what was told before stays");

    // The same person again is no homonym, and nothing changed.
    let again = acknowledged(&cnav, item_of(&marie, &resources())).await;
    assert_eq!((again.kind(), found(&again)), (AcknowledgementKind::Unchanged, Vec::new()));
    let again = acknowledged(&cnav, item_of(&namesake, &resources())).await;
    assert_eq!((again.kind(), found(&again)), (AcknowledgementKind::Unchanged, found(&second)));

    assert_eq!(found(&acknowledged(&cnav, item_of(&other, &renamed("MARIE ANNE"))).await), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_not_told_whom_another_provider_knows() {
    let house = House::open(UNEFOIS).await;
    // DGFIP too may publish monthly resources.
    let both = DEMONSTRATION_REGISTRY
        .replace(r#"    "company-turnover","#, "    \"company-turnover\",\n    \"monthly-resources\",");
    assert_eq!(house.applies(&both).await.unwrap().changes.len(), 1);
    let (cnav, dgfip) = (house.agency("cnav").await, house.agency("dgfip").await);
    let (marie, namesake, third) = (Person::invented(506), Person::invented(507), Person::invented(508));
    acknowledged(&cnav, item_of(&marie, &resources())).await;

    assert_eq!(found(&acknowledged(&dgfip, item_of(&namesake, &resources())).await), [], "CNAV's people are CNAV's");
    let third = acknowledged(&dgfip, item_of(&third, &resources())).await;
    assert_eq!(found(&third), [(FindingKind::Homonym, "possible_homonym")], "its own it is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_erased_or_corrected_is_nobody_s_homonym() {
    let house = House::open(UNEFOIS).await;
    let cnav = house.agency("cnav").await;
    let people: Vec<Person> = (509..513).map(Person::invented).collect();
    acknowledged(&cnav, item_of(&people[0], &resources())).await;

    let erase = EraseRequest {
        subject: Some(people[0].by_nir()),
        scope: ErasureScope::Payload.into(),
        case_reference: "decision 31".to_owned(),
    };
    house.agency("operator").await.subject().erase(erase).await.unwrap();
    assert_eq!(found(&acknowledged(&cnav, item_of(&people[1], &resources())).await), [], "the payload held the traits");

    let homonym = [(FindingKind::Homonym, "possible_homonym")];
    assert_eq!(found(&acknowledged(&cnav, item_of(&people[2], &resources())).await), homonym);
    acknowledged(&cnav, item_of(&people[1], &renamed("MARIE ANNE"))).await;
    let again = acknowledged(&cnav, item_of(&people[2], &resources())).await;
    assert_eq!(
        (again.kind(), found(&again)),
        (AcknowledgementKind::Revised, Vec::new()),
        "she is the first of them now"
    );
    assert_eq!(found(&acknowledged(&cnav, item_of(&people[3], &resources())).await), homonym);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_batch_the_next_one_is_the_first_when_the_first_is_corrected() {
    let house = House::open(UNEFOIS).await;
    let cnav = house.agency("cnav").await;
    let (none, homonym) = (Vec::<String>::new, || vec!["possible_homonym".to_owned()]);
    let (mut before, mut batch, mut due) = (Vec::new(), Vec::new(), Vec::new());
    // Many, so that however the stream is cut most are in one batch with those before them.
    for (number, letter) in (0..).zip('A'..='T') {
        let people: Vec<Person> = (0..5).map(|nth| Person::invented(520 + number * 5 + nth)).collect();
        let [alone, shared] = ["MARIE", "JEANNE"].map(|name| renamed(&format!("{name} {letter}")));
        let corrected = |nth: &str| renamed(&format!("{nth} {letter}"));
        before.extend([item_of(&people[0], &alone), item_of(&people[1], &shared), item_of(&people[2], &shared)]);
        // Nobody is left who states these traits.
        batch.extend([item_of(&people[0], &corrected("ANNE")), item_of(&people[3], &alone)]);
        due.extend([none(), none()]);
        // Somebody is who did before; then somebody who came in this batch.
        batch.extend([item_of(&people[1], &corrected("LOUISE")), item_of(&people[4], &shared)]);
        batch.extend([item_of(&people[2], &corrected("CLAIRE")), item_of(&people[1], &shared)]);
        due.extend([none(), homonym(), none(), homonym()]);
    }
    found_in_stream(&cnav, before).await;
    assert_eq!(found_in_stream(&cnav, batch).await, due);
    let search = SearchExchangesRequest { kind: EntryKind::Publication.into(), page_size: 500, ..Default::default() };
    let counts = house.audited(search).await.into_iter().map(|entry| entry.public_part.unwrap().publication.unwrap());
    assert!(counts.map(|publication| publication.count).max() > Some(1), "no batch holds two");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_under_two_identifiers_is_no_homonym() {
    let house = House::open(UNEFOIS).await;
    let cnav = house.agency("cnav").await;
    let marie = Person::invented(505);
    let mut by_both = item_of(&marie, &resources());
    by_both.subjects.push(marie.by_siren());
    assert_eq!(found(&acknowledged(&cnav, by_both).await), []);
    let mut by_siren = item_of(&marie, &resources());
    by_siren.subjects = vec![marie.by_siren()];
    assert_eq!(found(&acknowledged(&cnav, by_siren).await), []);
}
