//! A node that stands still for longer than its lease: another one continues its shard, and it writes nothing more.

use std::process::Command;

use tokio::task::JoinHandle;
use unefois_testkit::{CommitFate, House, Person, PostgresProxy};

use super::{asked, on_postgres, until_answered};
use crate::{
    UNEFOIS,
    load::{Agencies, apply, with_id},
    promises::Promises,
};

/// A lease that a test can wait for.
const CONFIGURATION: &str = "[limits.store]\nlease = \"3s\"\ntransaction-idle-max = \"500ms\"\n";
const IS_FREE: &str = "SELECT lease_until <= clock_timestamp() FROM shard WHERE slot = 0";
const TOKEN: &str = "SELECT lease_token FROM shard WHERE slot = 0";
const ENTRIES: &str = "SELECT size FROM shard WHERE slot = 0";

fn signal(house: &House, name: &str) {
    let sent = Command::new("kill").args([name, &house.process_id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// A node that has promised something.
async fn node(house: House, promises: &mut Promises) -> (House, Agencies) {
    let house = house.started();
    apply(&house, promises).await.unwrap();
    let agencies = Agencies::of(&house).await.unwrap();
    agencies.turn(6_000, promises).await.unwrap();
    (house, agencies)
}

/// That node takes the shard of the one that stands still, and goes on with it.
async fn succeeds(stopped: &House, successor: House, promises: &mut Promises) -> House {
    let token: u64 = asked(stopped, TOKEN).parse().unwrap();
    until_answered(stopped, IS_FREE, "t").await;
    let successor = successor.started();
    assert_eq!(asked(stopped, TOKEN), (token + 1).to_string(), "the successor has the shard, by a newer token");
    let before: u64 = asked(stopped, ENTRIES).parse().unwrap();
    Agencies::of(&successor).await.unwrap().turn(6_001, promises).await.unwrap();
    assert!(asked(stopped, ENTRIES).parse::<u64>().unwrap() > before, "it continues the shard");
    successor
}

/// The node goes on, and finds that it has lost its shard. Its folder, which has the secrets of the hub, stays.
async fn ends_for_its_lease(stopped: &mut House) {
    let before = asked(stopped, ENTRIES);
    signal(stopped, "-CONT");
    let status = stopped.end().await;
    assert_eq!(status.code(), Some(1), "{}", stopped.log());
    assert!(stopped.log().contains("LEASE_LOST"), "{}", stopped.log());
    assert_eq!(asked(stopped, ENTRIES), before, "it wrote nothing");
}

/// Asks a node that will hear it, or answer it, too late.
fn asks_in_vain(agencies: Agencies) -> JoinHandle<Promises> {
    tokio::spawn(async move {
        let (mut promises, request) = (Promises::default(), with_id(&Person::invented(6_000), "late"));
        let told = agencies.pull_with_id(&request, &mut promises).await;
        assert!(told.is_err(), "what is not recorded is not answered");
        promises
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_stopped_past_its_lease_writes_nothing_when_it_goes_on() {
    let mut promises = Promises::default();
    let (mut stopped, agencies) = node(House::build(UNEFOIS, &on_postgres(CONFIGURATION)), &mut promises).await;
    let other = stopped.second_node().started();
    signal(&stopped, "-STOP");
    let late = asks_in_vain(agencies);
    let successor = succeeds(&stopped, stopped.second_node(), &mut promises).await;
    ends_for_its_lease(&mut stopped).await;
    promises.add(late.await.unwrap());
    promises.are_kept_by(&other).await;
    promises.are_kept_by(&successor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_stopped_in_a_transaction_past_its_lease_records_nothing_of_it() {
    let house = House::build(UNEFOIS, &on_postgres(CONFIGURATION));
    let proxy = PostgresProxy::start(house.postgres().unwrap().port()).await;
    let successor = house.second_node();
    house.reaches_database_through(&proxy);
    let mut promises = Promises::default();
    let (mut stopped, agencies) = node(house, &mut promises).await;
    let mut caught = proxy.arm(CommitFate::IsHeldUp);
    let late = asks_in_vain(agencies);
    caught.is_there().await;
    signal(&stopped, "-STOP");
    let successor = succeeds(&stopped, successor, &mut promises).await;
    caught.let_go();
    ends_for_its_lease(&mut stopped).await;
    promises.add(late.await.unwrap());
    promises.are_kept_by(&successor).await;
}
