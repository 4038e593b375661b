//! A connection that breaks where entries are committed: the answer agrees with the ledger, whatever became of it.

use unefois_testkit::{CommitFate, House, Person, PostgresProxy};

use super::{asked, on_postgres, until_answered};
use crate::{
    UNEFOIS,
    load::{Agencies, BrokeOff, apply, with_id},
    promises::Promises,
};

/// A transaction whose node does not say anything is ended by the server after this.
const CONFIGURATION: &str = "[limits.store]\ntransaction-idle-max = \"1s\"\n";

/// The server waits for the COMMIT no longer.
const IS_ENDED: &str =
    "SELECT count(*) FILTER (WHERE state = 'idle in transaction') = 0 FROM pg_stat_activity WHERE datname = 'hub'";
/// The hub waits for the end of the transaction, to know its outcome.
const IS_ASKED_FOR: &str =
    "SELECT count(*) FILTER (WHERE wait_event_type = 'Lock') > 0 FROM pg_stat_activity WHERE datname = 'hub'";
const AT_ONCE: &str = "SELECT true";

/// What is recorded.
#[derive(Debug, Clone, Copy)]
enum Call {
    PullWithId,
    PullWithoutId,
    Publication,
    Grant,
    Withdrawal,
}

const CALLS: [Call; 5] = [Call::PullWithId, Call::PullWithoutId, Call::Publication, Call::Grant, Call::Withdrawal];

impl Call {
    /// One statement that is a transaction of its own: when its answer is lost and the row says that it is not there, it
    /// is recorded again before anybody is told, and must do nothing when it arrives after all.
    fn is_one_statement(self) -> bool {
        matches!(self, Self::PullWithId | Self::PullWithoutId)
    }
}

/// What the caller must be told at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Answer,
    CommitUnknown,
}

/// A hub that reaches its database through a proxy.
struct Scene {
    house: House,
    proxy: PostgresProxy,
    agencies: Agencies,
    promises: Promises,
}

impl Scene {
    async fn set() -> Self {
        let house = House::build(UNEFOIS, &on_postgres(CONFIGURATION));
        let proxy = PostgresProxy::start(house.postgres().unwrap().port()).await;
        house.reaches_database_through(&proxy);
        let house = house.started();
        let mut promises = Promises::default();
        apply(&house, &mut promises).await.unwrap();
        let agencies = Agencies::of(&house).await.unwrap();
        agencies.turn(7_000, &mut promises).await.unwrap();
        Self { house, proxy, agencies, promises }
    }

    fn entries(&self) -> u64 {
        asked(&self.house, "SELECT sum(size) FROM shard").parse().unwrap()
    }

    /// One call whose COMMIT has that fate, let go when the database answers `true`; then the same call again, unless
    /// it was answered.
    async fn breaks(&mut self, call: Call, nth: u32, fate: CommitFate, let_go_when: &str, due: Told) {
        if call.is_one_statement() {
            // The first release after a removal draws from its quota, in a transaction.
            acts(&self.agencies, &mut self.promises, call, 50 + nth, "").await.unwrap();
        }
        let consent = match call {
            Call::Withdrawal => self.agencies.grant(&Person::invented(7_000), &mut self.promises).await.unwrap(),
            _ => String::new(),
        };
        let (what, before, mut caught) = (format!("{call:?}, {fate:?}"), self.entries(), self.proxy.arm(fate));
        let (let_go_when, due) = match fate {
            _ if !call.is_one_statement() => (let_go_when.to_owned(), due),
            CommitFate::ArrivesLate => (format!("SELECT sum(size) = {} FROM shard", before + 1), Told::Answer),
            _ => (AT_ONCE.to_owned(), Told::Answer),
        };
        let lets_go = async {
            caught.is_there().await;
            until_answered(&self.house, &let_go_when, "t").await;
            caught.let_go();
        };
        let Self { agencies, promises, .. } = self;
        let (told, ()) = tokio::join!(acts(agencies, promises, call, nth, &consent), lets_go);
        match due {
            Told::Answer => told.unwrap_or_else(|told| panic!("{what}: {told:?}")),
            Told::CommitUnknown => {
                let BrokeOff(reason) = told.expect_err(&what);
                assert_eq!(reason, "COMMIT_UNKNOWN", "{what}");
                assert_eq!(self.entries(), before, "{what}: what the server never committed is not there");
                let again = acts(&self.agencies, &mut self.promises, call, nth, &consent).await;
                again.unwrap_or_else(|told| panic!("{what}, again: {told:?}"));
            }
        }
        assert_eq!(self.entries() - before, 1, "{what}: recorded once");
    }
}

async fn acts(
    agencies: &Agencies,
    promises: &mut Promises,
    call: Call,
    nth: u32,
    consent: &str,
) -> Result<(), BrokeOff> {
    let (known, new) = (Person::invented(7_000), Person::invented(7_100 + nth));
    match call {
        Call::PullWithId => agencies.pull_with_id(&with_id(&known, &format!("cut-{nth}")), promises).await,
        Call::PullWithoutId => agencies.pull_without_id(&known, promises).await,
        Call::Publication => agencies.publish(&new, i64::from(nth), promises).await,
        Call::Grant => agencies.grant(&known, promises).await.map(drop),
        Call::Withdrawal => agencies.withdraw(consent.to_owned(), promises).await,
    }
}

/// Every kind of call, each at one such COMMIT.
async fn every_call_breaks(fate: CommitFate, let_go_when: &str, due: Told) {
    let mut scene = Scene::set().await;
    for (nth, call) in (0..).zip(CALLS) {
        scene.breaks(call, nth, fate, let_go_when, due).await;
    }
    scene.promises.are_kept_by(&scene.house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_is_answered_although_the_answer_of_the_database_was_lost() {
    every_call_breaks(CommitFate::AnswerIsLost, AT_ONCE, Told::Answer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_never_heard_is_not_answered_and_is_recorded_when_it_is_asked_again() {
    every_call_breaks(CommitFate::NeverArrives, AT_ONCE, Told::CommitUnknown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_comes_after_its_connection_broke_is_waited_for_and_answered() {
    every_call_breaks(CommitFate::ArrivesLate, IS_ASKED_FOR, Told::Answer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_comes_after_the_database_ended_its_transaction_is_nothing() {
    every_call_breaks(CommitFate::ArrivesLate, IS_ENDED, Told::CommitUnknown).await;
    every_call_breaks(CommitFate::IsHeldUp, IS_ENDED, Told::CommitUnknown).await;
}
