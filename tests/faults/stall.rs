//! Storage that stalls: the hub says so, sheds what comes, promises nothing meanwhile, and goes on when it is over.

use std::time::Duration;

use tonic::{Code, Status};
use unefois_client::{Connection, Refused};
use unefois_proto::pb::audit::v1::GetCheckpointRequest;
use unefois_testkit::{
    Caught, CommitFate, House, HouseSettings, Person, PostgresProxy, Storage, is_serving, pull_request, turnover_of,
};

use crate::{
    UNEFOIS,
    calls::grant_of,
    load::{Agencies, BrokeOff, apply, with_id},
    number,
    promises::Promises,
    strace::{Attached, attach},
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

/// What stalls while one caller waits for it and others come.
trait Stall {
    /// Holds up the next commit of a caller, once the hub's own are done.
    async fn begins(&mut self, house: &House);
    /// Lets go, where it does not end by itself.
    fn ends(&mut self) {}
    /// It has ended: nothing slows the hub down any more.
    fn is_over(&mut self) {}
}

/// The next of these calls on that file of an embedded hub takes long.
struct CallsOnFile {
    file: &'static str,
    calls: &'static str,
    attached: Option<Attached>,
}

impl CallsOnFile {
    fn of(file: &'static str, calls: &'static str) -> Self {
        Self { file, calls, attached: None }
    }
}

impl Stall for CallsOnFile {
    async fn begins(&mut self, house: &House) {
        until_indexed(house).await;
        let Self { file, calls, attached } = self;
        let log = house.path().join("strace.log");
        let injection = format!("{calls}:delay_enter={STALL_MICROSECONDS}:when=1");
        *attached = Some(attach(house.process_id(), &log, &[house.data().join(file)], &injection));
    }

    fn is_over(&mut self) {
        self.attached = None;
    }
}

/// The next COMMIT takes until it is let go to PostgreSQL.
struct Commit {
    proxy: PostgresProxy,
    caught: Option<Caught>,
}

impl Stall for Commit {
    async fn begins(&mut self, _house: &House) {
        self.caught = Some(self.proxy.arm(CommitFate::IsHeldUp));
    }

    fn ends(&mut self) {
        self.caught.as_ref().unwrap().let_go();
    }
}

fn settings(storage: Storage) -> HouseSettings {
    let more = match storage {
        Storage::Sqlite => CONFIGURATION.to_owned(),
        // Neither the hub nor the server gives up before the test lets go.
        Storage::Postgres => format!(
            "{CONFIGURATION}[limits.store]\nstatement-max = \"60s\"\ntransaction-idle-max = \"60s\"\nlease = \"120s\"\n"
        ),
    };
    HouseSettings { storage, more, ..HouseSettings::default() }
}

/// Stalls the storage of a hub that was not started yet.
async fn stalls(house: House, mut stall: impl Stall, held_up: HeldUp) {
    let house = house.started();
    let mut promises = Promises::default();
    apply(&house, &mut promises).await.unwrap();
    let agencies = Agencies::of(&house).await.unwrap();
    agencies.turn(8_000, &mut promises).await.unwrap();
    let (known, newcomer) = (Person::invented(8_000), Person::invented(8_001));
    let watching = house.agency("cnaf").await;
    until_serving(&watching, true).await;
    let before = checkpoint(&watching).await;

    stall.begins(&house).await;
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
    let Err(BrokeOff(reason)) = told else { panic!("it is acknowledged before it is durable") };
    assert_eq!(reason, "COMMIT_UNKNOWN");
    is_shed(&house, &known).await;
    assert_eq!(checkpoint(&watching).await, before, "nothing is promised yet");
    assert!(!is_serving(&watching).await, "the stall is not over");

    stall.ends();
    until_serving(&watching, true).await;
    stall.is_over();
    promises.add(of_held_up);
    agencies.turn(8_002, &mut promises).await.unwrap();
    promises.are_kept_by(&house).await;
}

async fn file_stalls(file: &'static str, calls: &'static str, held_up: HeldUp) {
    let house = House::build(UNEFOIS, &settings(Storage::Sqlite));
    stalls(house, CallsOnFile::of(file, calls), held_up).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_of_the_database_that_stalls_makes_the_hub_unready_and_it_recovers() {
    file_stalls("hub.db-wal", "?fsync,?fdatasync", HeldUp::Pull).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_of_the_key_store_that_stalls_makes_the_hub_unready_and_it_recovers() {
    file_stalls("keys.db-wal", "?fsync,?fdatasync", HeldUp::PublicationOfNewcomer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outside_checkpoint_that_stalls_makes_the_hub_unready_and_it_recovers() {
    file_stalls("checkpoint", "pwrite64", HeldUp::Pull).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_postgresql_holds_up_makes_the_hub_unready_and_it_recovers() {
    let house = House::build(UNEFOIS, &settings(Storage::Postgres));
    let proxy = PostgresProxy::start(house.postgres().unwrap().port()).await;
    house.reaches_database_through(&proxy);
    stalls(house, Commit { proxy, caught: None }, HeldUp::Pull).await;
}
