//! Receivers that are told nothing are looked after together, and each hears of its own subscription.

use std::time::{Duration, Instant};

use unefois_client::{Connection, cursor_of};
use unefois_proto::pb::subscription::v1::{DeleteRequest, FetchEventsRequest};
use unefois_testkit::{House, HouseSettings, Person, affiliation_of, reason_of};

use super::words::{PATIENCE, asked, creates, ends, has, receiver, told};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{declaration, opens},
};

const LEASE: Duration = Duration::from_secs(3);

/// Whether somebody receives: whoever fetches is told so.
async fn is_received(consumer: &Connection, subscription_id: &str) -> bool {
    let fetch = FetchEventsRequest { subscription_id: subscription_id.to_owned(), events_max: 1, from: None };
    match consumer.subscription().fetch_events(fetch).await {
        Ok(_nothing) => false,
        Err(refused) => reason_of(&refused) == "SUBSCRIPTION_IN_USE",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_that_are_told_nothing_keep_their_subscriptions_and_hear_of_what_becomes_of_their_own() {
    let more = format!("[limits.broker]\nreceiver-lease = \"{}s\"\n", LEASE.as_secs());
    let house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    let cnaf = house.agency("cnaf").await;
    let marie = Person::invented(906);
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let [gone, kept] = [creates(&cnaf, asked("gone", 5)).await, creates(&cnaf, asked("kept", 5)).await];
    let (mut of_gone, mut of_kept) = (receiver(&cnaf, &gone), receiver(&cnaf, &kept));
    acknowledged(&house.agency("urssaf").await, affiliation_of(&marie)).await;
    for receiver in [&mut of_gone, &mut of_kept] {
        let delivery = told(receiver).await;
        receiver.acknowledge(cursor_of(&delivery)).await;
    }
    let connected = Instant::now();
    while connected.elapsed() < LEASE * 2 {
        assert!(is_received(&cnaf, &gone).await && is_received(&cnaf, &kept).await, "a lease was not renewed");
        tokio::time::sleep(LEASE / 10).await;
    }
    cnaf.subscription().delete(DeleteRequest { subscription_id: gone.clone() }).await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, of_gone.next()).await.expect("nothing is said of the end");
    assert_eq!(ended.unwrap_err().reason, "SUBSCRIPTION_UNKNOWN");
    acknowledged(&house.agency("urssaf").await, ends(&marie)).await;
    let delivery = told(&mut of_kept).await;
    assert_eq!(delivery.attempt, 1);
    of_kept.close().await;
    has(&cnaf, &kept, &delivery).await;
}
