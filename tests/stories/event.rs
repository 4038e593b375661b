//! Events: what is published is in the log of what is told, in the transaction of its record and never without it.

use std::time::Duration;

use tonic::Request;
use unefois_proto::pb::{
    publication::v1::{AcknowledgementKind, PublicationChange, PublishRequest, publish_response::Result as Fate},
    subscription::v1::EventKind,
};
use unefois_testkit::{House, HouseSettings, Person, declared, item, pull_request, sql, table, turnover_of};

use crate::{UNEFOIS, acknowledged, publish, rejected, trace::TRACE};

/// What a query gives, on either backend: rows as lines, `|` between their columns. `hex(…)` is of both.
fn asked(house: &House, query: &str) -> String {
    match house.postgres() {
        Some(postgres) => postgres.runs_sql("hub", &query.replace("hex(changed)", "upper(encode(changed, 'hex'))")),
        None => table(&house.data().join("hub.db"), query),
    }
}

/// Does something behind the hub's back.
fn made(house: &House, on_sqlite: &str, on_postgres: &str) {
    match house.postgres() {
        Some(postgres) => drop(postgres.runs_sql("hub", on_postgres)),
        None => sql(&house.data().join("hub.db"), on_sqlite),
    }
}

/// The events, in their order: revision, kind, and the fields that changed.
fn told(house: &House) -> Vec<String> {
    let query = "SELECT revision, kind, hex(changed) FROM event ORDER BY recorded_at, partition, position";
    asked(house, query).lines().map(str::to_owned).collect()
}

fn heads(house: &House) -> String {
    asked(house, "SELECT sum(head) FROM event_partition")
}

fn with(mut item: PublishRequest, change: PublicationChange) -> PublishRequest {
    item.change = change.into();
    item
}

#[tokio::test(flavor = "multi_thread")]
async fn each_new_revision_is_told_with_what_became_of_the_record_and_the_fields_that_changed() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let marie = Person::invented(801);
    let published = |cents, change| with(turnover_of(&marie, cents), change);
    use PublicationChange::{Correction, End, Unspecified};
    for (nth, (cents, change, kind)) in [
        (100, Unspecified, AcknowledgementKind::Created),
        (100, Unspecified, AcknowledgementKind::Unchanged),
        (200, Unspecified, AcknowledgementKind::Revised),
        // Of the same value: that it was wrong before is news, and that it ended, once each.
        (200, Correction, AcknowledgementKind::Revised),
        (200, Correction, AcknowledgementKind::Unchanged),
        (200, Unspecified, AcknowledgementKind::Unchanged),
        (200, End, AcknowledgementKind::Revised),
        (200, End, AcknowledgementKind::Unchanged),
        // What ended goes on.
        (200, Unspecified, AcknowledgementKind::Revised),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = acknowledged(&urssaf, published(cents, change)).await;
        assert_eq!(answer.kind(), kind, "publication {nth}");
        let pulled = cnaf.exchange().pull(Request::new(pull_request("d14-benefits", marie.by_nir()))).await;
        let freshness = pulled.unwrap().into_inner().freshness.unwrap();
        let change =
            [EventKind::Created, EventKind::Revised, EventKind::Corrected, EventKind::Ended, EventKind::Revised]
                [usize::try_from(answer.revision).unwrap() - 1];
        assert_eq!((freshness.revision, freshness.change()), (answer.revision, change), "publication {nth}");
    }
    // The third field holds the amounts. Whatever ended is stated anew when it goes on.
    assert_eq!(told(&house), ["1|1|01020304050607", "2|2|03", "3|3|", "4|4|", "5|2|01020304050607"]);
    assert_eq!(heads(&house), "5");
    assert_eq!(asked(&house, "SELECT DISTINCT provider, dataset FROM event"), "urssaf|declared-turnover");
    let whose = "SELECT count(*) FROM event e JOIN record r ON r.id = e.record AND r.subject = e.subject";
    assert_eq!(asked(&house, whose), "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_said_can_neither_be_corrected_nor_end_and_a_repeat_is_of_the_same_change() {
    let house = House::open(UNEFOIS).await;
    let urssaf = house.agency("urssaf").await;
    let marie = Person::invented(802);
    for change in [PublicationChange::Correction, PublicationChange::End] {
        assert_eq!(rejected(&urssaf, with(turnover_of(&marie, 1), change)).await.reason, "NOT_FOUND");
    }
    let mut unknown = turnover_of(&marie, 1);
    unknown.change = 3;
    let refused = rejected(&urssaf, unknown).await;
    assert_eq!((refused.reason.as_str(), refused.field.as_str()), ("ARGUMENT_INVALID", "change"));
    assert!(told(&house).is_empty() && heads(&house) == "0");

    let first = turnover_of(&marie, 1);
    acknowledged(&urssaf, first.clone()).await;
    assert_eq!(acknowledged(&urssaf, first.clone()).await.revision, 1, "the first acknowledgement once more");
    assert_eq!(rejected(&urssaf, with(first, PublicationChange::End)).await.reason, "PUBLICATION_ID_REUSED");
    assert_eq!(told(&house).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_told_in_its_order_and_carries_the_trace_of_its_publication() {
    let house = House::open(UNEFOIS).await;
    let urssaf = house.agency("urssaf").await;
    let people: Vec<Person> = (810..850).map(Person::invented).collect();
    let mut items: Vec<PublishRequest> = people.iter().map(|person| turnover_of(person, 1)).collect();
    items.extend(people.iter().map(|person| turnover_of(person, 2)));
    // One of a batch that is rejected is told to nobody.
    items.insert(7, item("declared-turnover", vec![], &declared(&people[0], 3)));
    let mut request = Request::new(futures::stream::iter(items));
    request.metadata_mut().insert("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01").parse().unwrap());
    let mut answers = urssaf.publication().publish(request).await.unwrap().into_inner();
    let mut stored = 0;
    while let Some(answer) = answers.message().await.unwrap() {
        stored += u32::from(matches!(answer.result, Some(Fate::Acknowledged(_))));
    }
    assert_eq!((stored, heads(&house).as_str(), told(&house).len()), (80, "80", 80));
    let traced = format!("SELECT count(*) FROM event WHERE traceparent LIKE '00-{TRACE}-%'");
    assert_eq!(asked(&house, &traced), "80");
    let swapped = "SELECT count(*) FROM event a JOIN event b ON a.record = b.record AND a.revision < b.revision
         WHERE a.partition <> b.partition OR a.position > b.position";
    assert_eq!(asked(&house, swapped), "0");
    let gaps = "SELECT count(*) FROM event_partition p
         WHERE head <> (SELECT count(*) FROM event e WHERE e.partition = p.partition)";
    assert_eq!(asked(&house, gaps), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_recorded_is_not_told() {
    let house = House::open(UNEFOIS).await;
    let urssaf = house.agency("urssaf").await;
    let marie = Person::invented(803);
    // The ledger is written after the events, and does not take the entry.
    made(
        &house,
        "CREATE TRIGGER no_entry BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'no entry'); END",
        "ALTER TABLE entry ADD CONSTRAINT no_entry CHECK (false) NOT VALID",
    );
    let items = futures::stream::iter(vec![turnover_of(&marie, 1)]);
    let mut answers = urssaf.publication().publish(items).await.unwrap().into_inner();
    answers.message().await.unwrap_err();
    assert!(told(&house).is_empty() && heads(&house) == "0");
    made(&house, "DROP TRIGGER no_entry", "ALTER TABLE entry DROP CONSTRAINT no_entry");
    acknowledged(&urssaf, turnover_of(&marie, 1)).await;
    assert_eq!((told(&house).len(), heads(&house).as_str()), (1, "1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn old_events_are_forgotten_and_positions_go_on() {
    let more = "[limits.broker]\nevents-kept = \"1ms\"\nforget-slice-max = 3\nhousekeeping-every = \"100ms\"\n";
    let house = House::open_with(UNEFOIS, &HouseSettings { more: more.to_owned(), ..HouseSettings::default() }).await;
    let urssaf = house.agency("urssaf").await;
    let items = (0..10).map(|number| turnover_of(&Person::invented(850 + number), 1)).collect();
    publish(&urssaf, items).await;
    let forgotten = async {
        while !told(&house).is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), forgotten).await.expect("old events are kept");
    assert_eq!(heads(&house), "10");
    assert_eq!(asked(&house, "SELECT count(*) FROM revision"), "10", "records stay");
}
