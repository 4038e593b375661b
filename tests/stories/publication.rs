//! Publishing: an acknowledgement means durable, and a repeat gets the first one.

use std::collections::BTreeSet;

use futures::future::join_all;
use prost::Message;
use unefois_client::verify_acknowledgement;
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    income::v1::DeclaredTurnover,
    ledger::v1::EntryKind,
    publication::v1::{AcknowledgementKind, publish_response::Result as Fate},
};
use unefois_testkit::{House, Person, declared, item, turnover_of};

use crate::{UNEFOIS, acknowledged, publish, rejected};

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_proves_the_record_and_its_repeat_is_the_same() {
    let mut house = House::open(UNEFOIS).await;
    let marie = Person::invented(40);
    let published = turnover_of(&marie, 100);
    let first = acknowledged(&house.agency("urssaf").await, published.clone()).await;
    assert_eq!((first.revision, first.kind()), (1, AcknowledgementKind::Created));
    verify_acknowledgement(&first, &published.data, &house.public_key().await).unwrap();
    let other = declared(&marie, 101).encode_to_vec();
    assert!(verify_acknowledgement(&first, &other, &house.public_key().await).is_err());

    house.kill();
    house.start();
    let again = acknowledged(&house.agency("urssaf").await, published.clone()).await;
    assert_eq!((&again.record_id, again.revision, again.item_index), (&first.record_id, 1, first.item_index));
    assert_eq!((&again.blind, &again.item_path), (&first.blind, &first.item_path));
    assert_eq!(again.receipt.as_ref().unwrap().entry, first.receipt.as_ref().unwrap().entry);
    verify_acknowledgement(&again, &published.data, &house.public_key().await).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_bytes_make_no_revision_and_other_bytes_make_the_next() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(41);
    let urssaf = house.agency("urssaf").await;
    let first = acknowledged(&urssaf, turnover_of(&marie, 100)).await;
    let same = acknowledged(&urssaf, turnover_of(&marie, 100)).await;
    assert_eq!((same.revision, same.kind()), (1, AcknowledgementKind::Unchanged));
    assert!(same.receipt.is_none());
    let revised = acknowledged(&urssaf, turnover_of(&marie, 200)).await;
    assert_eq!((revised.revision, revised.kind()), (2, AcknowledgementKind::Revised));
    assert_eq!(revised.record_id, first.record_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn publications_that_come_at_once_each_have_a_revision_and_an_entry() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(49);
    let urssaf = house.agency("urssaf").await;
    let items: Vec<_> = (1..=40).map(|cents| turnover_of(&marie, cents)).collect();
    // The last one twice: whichever comes first is answered to both.
    let sent = items.iter().chain(items.last()).map(|item| acknowledged(&urssaf, item.clone()));
    let mut answers = join_all(sent).await;
    let twice = answers.pop().unwrap();
    assert_eq!((twice.revision, &twice.blind), (answers[39].revision, &answers[39].blind));
    let key = house.public_key().await;
    for (item, answer) in items.iter().zip(&answers) {
        verify_acknowledgement(answer, &item.data, &key).unwrap();
    }
    let revisions: BTreeSet<u64> = answers.iter().map(|answer| answer.revision).collect();
    assert_eq!(revisions, (1..=40).collect());
    let entries: BTreeSet<&[u8]> =
        answers.iter().map(|answer| answer.receipt.as_ref().unwrap().entry.as_slice()).collect();
    assert_eq!(entries.len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_identifier_names_one_content() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(42);
    let urssaf = house.agency("urssaf").await;
    let first = turnover_of(&marie, 100);
    acknowledged(&urssaf, first.clone()).await;
    let mut other = turnover_of(&marie, 200);
    other.publication_id.clone_from(&first.publication_id);
    assert_eq!(rejected(&urssaf, other).await.reason, "PUBLICATION_ID_REUSED");
    // Twice in one stream: the second is the repeat of the first.
    let twice = turnover_of(&marie, 300);
    let answers = publish(&urssaf, vec![twice.clone(), twice]).await;
    let records: Vec<String> = answers
        .into_iter()
        .map(|answer| match answer.result {
            Some(Fate::Acknowledged(acknowledgement)) => acknowledgement.record_id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(records[0], records[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_item_is_rejected_with_its_field_and_the_others_are_stored() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(43);
    let urssaf = house.agency("urssaf").await;
    let with = |change: fn(&mut DeclaredTurnover)| {
        let mut record = declared(&marie, 1);
        change(&mut record);
        item("declared-turnover", vec![marie.by_nir()], &record)
    };
    let mut no_time = turnover_of(&marie, 1);
    no_time.recorded_at = None;
    let mut nobody = turnover_of(&marie, 1);
    nobody.subjects.clear();
    let cases = [
        (with(|record| record.siren = Some("732829321".into())), "IDENTIFIER_INVALID", "data.siren"),
        (with(|record| record.siren = None), "PAYLOAD_INVALID", "data.siren"),
        (
            with(|record| record.amounts.as_mut().unwrap().bnc_cents = Some(-1)),
            "PAYLOAD_INVALID",
            "data.amounts.bnc_cents",
        ),
        (with(|record| record.status = Some(99)), "PAYLOAD_INVALID", "data.status"),
        (item("nothing", vec![marie.by_nir()], &declared(&marie, 1)), "DATASET_UNKNOWN", ""),
        (item("company-turnover", vec![marie.by_siren()], &declared(&marie, 1)), "DATASET_NOT_ASSIGNED", ""),
        (no_time, "ARGUMENT_INVALID", "recorded_at"),
        (nobody, "ARGUMENT_INVALID", "subjects"),
    ];
    let mut items: Vec<_> = cases.iter().map(|(item, _, _)| item.clone()).collect();
    items.push(turnover_of(&marie, 1));
    let mut answers = publish(&urssaf, items).await;
    assert!(matches!(answers.pop().unwrap().result, Some(Fate::Acknowledged(_))));
    for ((_, reason, field), answer) in cases.iter().zip(answers) {
        match answer.result {
            Some(Fate::Rejected(rejection)) => {
                assert_eq!((rejection.reason.as_str(), rejection.field.as_str()), (*reason, *field));
            }
            other => panic!("{reason}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_that_one_batch_joins_too_late_are_a_conflict_and_the_others_are_stored() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(44);
    let items = [vec![marie.by_nir()], vec![marie.by_siren()], vec![marie.by_nir(), marie.by_siren()]];
    let items = items.map(|subjects| item("declared-turnover", subjects, &declared(&marie, 1))).to_vec();
    let urssaf = house.agency("urssaf").await;
    for attempt in 0..2 {
        let answers = publish(&urssaf, items.clone()).await;
        let fates: Vec<String> = answers
            .into_iter()
            .map(|answer| match answer.result {
                Some(Fate::Acknowledged(_)) => "stored".to_owned(),
                Some(Fate::Rejected(rejection)) => rejection.reason,
                None => "nothing".to_owned(),
            })
            .collect();
        assert_eq!(fates, ["stored", "stored", "IDENTITY_CONFLICT"], "attempt {attempt}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_records_is_recorded_in_batches() {
    let house = House::open(UNEFOIS).await;
    let items: Vec<_> = (1_000..1_600).map(|number| turnover_of(&Person::invented(number), 1)).collect();
    let answers = publish(&house.agency("urssaf").await, items).await;
    assert!(answers.iter().all(|answer| matches!(answer.result, Some(Fate::Acknowledged(_)))));
    let search = SearchExchangesRequest { kind: EntryKind::Publication.into(), page_size: 500, ..Default::default() };
    let entries = house.audited(search).await;
    let count: u32 =
        entries.iter().map(|entry| entry.public_part.as_ref().unwrap().publication.as_ref().unwrap().count).sum();
    assert_eq!(count, 600);
    assert!(entries.len() < 600, "{} entries", entries.len());
}
