//! Storage that stalls: the hub says so, sheds what comes, promises nothing meanwhile, and goes on when it is over.

use std::time::Duration;

use tonic::{Code, Status};
use unefois_client::{Connection, Refused};
use unefois_proto::pb::audit::v1::GetCheckpointRequest;
use unefois_testkit::{House, HouseSettings, Person, is_serving, pull_request, turnover_of};

use crate::{
    UNEFOIS,
    calls::grant_of,
    load::{Agencies, BrokeOff, apply, with_id},
    number,
    promises::Promises,
    strace::attach,
    stream,
};

/// How long the storage stalls, in microseconds: far longer than a busy machine takes to come to the next step.
const STALL_MICROSECONDS: u64 = 12_000_000;
/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A hub whose callers wait for two seconds at most.
const CONFIGURATION: &str = "[limits.broker]\ncommit-stall-max = \"500ms\"\ncommit-wait-max = \"2s\"\n";

/// Waits until the hub says that it is ready, or that it is not.
async fn until_serving(connection: &Connection, due: bool) {
    let seen = async {
        while is_serving(connection).await != due {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.unwrap_or_else(|_late| panic!("never seen: serving {due}"));
}

fn assert_shed(status: &Status) {
    let refused = Refused::from_status(status);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::ResourceExhausted, "OVERLOADED"));
    assert!(refused.is_retryable() && refused.retry_after.is_some() && refused.exchange_id.is_none());
}

/// New work of every kind, which the hub must shed.
async fn is_shed(house: &House, person: &Person) {
    let (cnaf, portal) = (house.agency("cnaf").await, house.agency("portail").await);
    assert_shed(&cnaf.exchange().pull(pull_request("d14-benefits", person.by_nir())).await.unwrap_err());
    assert_shed(&portal.consent().grant(grant_of(person)).await.unwrap_err());
    let mut answers = stream(&house.agency("urssaf").await, vec![turnover_of(person, 1)]).await.unwrap();
    assert_shed(&answers.message().await.unwrap_err());
}

async fn checkpoint(connection: &Connection) -> String {
    connection.audit().get_checkpoint(GetCheckpointRequest::default()).await.unwrap().into_inner().checkpoint
}

/// Waits until the index is built, so that the next write is not one of the hub's own.
async fn until_indexed(house: &House) {
    let behind = "SELECT (SELECT size FROM shard) - (SELECT next FROM index_position)";
    let indexed = async {
        while number(&house.data().join("hub.db"), behind) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, indexed).await.unwrap();
}

/// The work that the stall holds up.
#[derive(Debug, Clone, Copy)]
enum HeldUp {
    /// A pull under a `request_id`.
    Pull,
    /// The publication of a record of somebody who is new, and so has no keys yet.
    PublicationOfNewcomer,
}

/// Stalls the next of these calls on that file, while one caller waits for it and others come.
async fn stalls(file: &str, calls: &str, held_up: HeldUp) {
    let more = CONFIGURATION.to_owned();
    let mut house = House::build(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() });
    house.start();
    let mut promises = Promises::default();
    apply(&house, &mut promises).await.unwrap();
    let agencies = Agencies::of(&house).await.unwrap();
    agencies.turn(8_000, &mut promises).await.unwrap();
    let (known, newcomer) = (Person::invented(8_000), Person::invented(8_001));
    let watching = house.agency("cnaf").await;
    until_serving(&watching, true).await;
    let before = checkpoint(&watching).await;

    until_indexed(&house).await;
    let log = house.path().join("strace.log");
    let injection = format!("{calls}:delay_enter={STALL_MICROSECONDS}:when=1");
    let attached = attach(house.process_id(), &log, &[house.data().join(file)], &injection);
    let mut of_held_up = Promises::default();
    let waits = async {
        match held_up {
            HeldUp::Pull => agencies.pull_with_id(&with_id(&known, "held-up"), &mut of_held_up).await,
            HeldUp::PublicationOfNewcomer => agencies.publish(&newcomer, 7, &mut of_held_up).await,
        }
    };
    let comes = async {
        until_serving(&watching, false).await;
        let (status, why) = house.probed("/readyz").await;
        assert!(status == 503 && why.contains("has not come further"), "{status}: {why}");
        assert_eq!(house.probed("/livez").await.0, 200, "a stall is not the process's: a restart would mend nothing");
        is_shed(&house, &known).await;
    };
    let (told, ()) = tokio::join!(waits, comes);
    let Err(BrokeOff(reason)) = told else { panic!("{file}: it is acknowledged before it is durable") };
    assert_eq!(reason, "COMMIT_UNKNOWN", "{file}");
    is_shed(&house, &known).await;
    assert_eq!(checkpoint(&watching).await, before, "{file}: nothing is promised yet");
    assert!(!is_serving(&watching).await, "{file}: the stall is not over");

    until_serving(&watching, true).await;
    drop(attached);
    promises.add(of_held_up);
    agencies.turn(8_002, &mut promises).await.unwrap();
    promises.are_kept_by(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_of_the_database_that_stalls_makes_the_hub_unready_and_it_recovers() {
    stalls("hub.db-wal", "?fsync,?fdatasync", HeldUp::Pull).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_of_the_key_store_that_stalls_makes_the_hub_unready_and_it_recovers() {
    stalls("keys.db-wal", "?fsync,?fdatasync", HeldUp::PublicationOfNewcomer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outside_checkpoint_that_stalls_makes_the_hub_unready_and_it_recovers() {
    stalls("checkpoint.new", "write", HeldUp::Pull).await;
}
