//! Consents that are withdrawn while something is told: the ledger is the judge.

use std::time::Duration;

use tokio::sync::watch;
use unefois_client::{Receiver, Told, cursor_of};
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    ledger::v1::{EntryKind, Outcome},
};
use unefois_testkit::{House, Person, affiliation_of};

use super::{
    super::words::{PATIENCE, ends, entries, receiver, subscribed},
    grants, scene, withdraws,
};
use crate::acknowledged;

const ROUNDS: usize = 10;

/// Takes whatever is told, for ever, and counts it.
async fn takes_everything(mut receiver: Receiver, told: watch::Sender<usize>) {
    loop {
        let Told::Event(delivery) = receiver.next().await.unwrap() else { panic!("it holds") };
        receiver.acknowledge(cursor_of(&delivery)).await;
        told.send_modify(|told| *told += 1);
    }
}

/// How many deliveries were released, each while there was a consent; the others were refused while there was none.
async fn released(house: &House) -> usize {
    let search = SearchExchangesRequest { page_size: 500, consumer: "cnaf".to_owned(), ..Default::default() };
    let (mut consented, mut released) = (false, 0);
    for entry in house.audited(search).await.into_iter().rev().map(|entry| entry.public_part.unwrap()) {
        match (entry.kind(), entry.outcome()) {
            (EntryKind::Consent, _) => consented = entry.change.unwrap().verb == "grant",
            (EntryKind::Delivery, Outcome::Released) => {
                assert!(consented, "a delivery was recorded after a withdrawal");
                released += 1;
            }
            (EntryKind::Delivery, outcome) => {
                assert!(!consented && outcome == Outcome::Refused, "{outcome:?} while there was a consent");
            }
            _ => {}
        }
    }
    released
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_after_a_withdrawal_that_was_decided_before_it() {
    let marie = Person::invented(1_005);
    let (house, cnaf) = scene(&[&marie]).await;
    let urssaf = house.agency("urssaf").await;
    let id = subscribed(&cnaf, 5).await;
    let (count, mut told) = watch::channel(0);
    let taking = tokio::spawn(takes_everything(receiver(&cnaf, &id), count));
    for _round in 0..ROUNDS {
        let consent = grants(&house, &marie).await;
        let publishing = async {
            for item in [affiliation_of(&marie), ends(&marie), affiliation_of(&marie), ends(&marie)] {
                acknowledged(&urssaf, item).await;
            }
        };
        tokio::join!(publishing, withdraws(&house, consent));
    }
    let decided = async {
        let mut turn = tokio::time::interval(Duration::from_millis(50));
        while entries(&house).await.len() < 4 * ROUNDS {
            turn.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, decided).await.expect("each event is decided");
    let released = released(&house).await;
    let all = told.wait_for(|told| *told == released);
    tokio::time::timeout(PATIENCE, all).await.expect("what was released is told").unwrap();
    taking.abort();
}
