//! The withdrawal race: two nodes are pulled as fast as callers can, while what the pulls rest on is taken away at random
//! and given back. The ledger is the judge, not a clock.
//!
//! Some thousand exchanges of a known seed here; `cargo xtask soak` says in the environment how many, and which seed.

mod caller;
mod judge;
mod ledger;
mod remover;

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::AtomicU32},
};

use futures::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::sync::watch;
use unefois_ledger::{Hash, VerifyingKey};
use unefois_testkit::{House, HouseSettings, Person, Storage};

use self::{
    caller::Caller,
    judge::{Finding, judged},
    remover::Remover,
};
use crate::{UNEFOIS, publishes};

/// How many exchanges there are in a run that names no number.
const EXCHANGES: u64 = 20_000;
/// How many there are of each kind where the check itself is checked.
const EXCHANGES_TO_CHECK: u64 = 1_500;
/// How many runs without the fence there are at most until one releases what it may not: most do, five times and more.
const UNFENCED_RUNS_MAX: u32 = 10;
const SEED: u64 = 1_978;
/// How many callers there are: of each node and each consumer the same number.
const CALLERS: u32 = 24;
/// Whose records are pulled. Few, so that much is under way about each when their consent is withdrawn.
const PEOPLE: u32 = 12;
/// How many withdraw consents, each of people of their own.
const WITHDRAWERS: usize = 3;

/// A hub of two nodes, on one PostgreSQL.
struct Nodes {
    /// Dropped before the one that started first, whose folder it needs.
    second: House,
    first: House,
}

/// One run: who takes part in it shares it.
struct Race {
    nodes: Nodes,
    key: VerifyingKey,
    /// Whose records are pulled, by a number that nobody in another run has.
    people: Vec<(u32, Person)>,
    /// No other run of these nodes has this number.
    number: u32,
    changing: Changing,
    /// How many exchanges are recorded and answered, and how many shall be.
    answered: watch::Sender<u64>,
    due: u64,
    /// By caller, how many certificates it had before the present one.
    certificates: Vec<AtomicU32>,
}

/// At which node authority is removed and given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changing {
    AtEither,
    AtTheFirst,
}

/// What a release may rest on, and what may be taken away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Support {
    /// The consent of the person of that number.
    Consent(u32),
    /// An agreement, by identifier.
    Agreement(String),
    /// The certificate of a caller's system: each system has one.
    Certificate(String),
}

/// How many entries each shard has, by slot.
type Sizes = Vec<u64>;

/// Something that was taken away, and acknowledged.
#[derive(Debug)]
struct Removal {
    what: Support,
    /// The identifier of its own entry.
    entry: Vec<u8>,
    /// After it was acknowledged.
    acknowledged: Sizes,
    /// Before it was given back, if it was.
    given_back: Option<Sizes>,
}

/// What a caller holds: the place that a receipt names, and what the caller knows and the ledger does not say.
#[derive(Debug)]
struct Held {
    slot: usize,
    index: u64,
    leaf: Hash,
    person: u32,
    consented: bool,
}

/// What came of a run.
#[derive(Default)]
struct Ran {
    held: Vec<Held>,
    removals: Vec<Removal>,
}

impl Nodes {
    async fn start() -> Self {
        let settings = HouseSettings { storage: Storage::Postgres, ..HouseSettings::default() };
        let first = House::open_with(UNEFOIS, &settings).await;
        let second = first.second_node().started();
        Self { second, first }
    }

    fn both(&self) -> [&House; 2] {
        [&self.first, &self.second]
    }

    fn runs_sql(&self, sql: &str) {
        self.first.postgres().unwrap().runs_sql("hub", sql);
    }
}

impl Race {
    /// A run with people of its own, of each of whom there is a record.
    async fn of(nodes: Nodes, key: &VerifyingKey, number: u32, due: u64, changing: Changing) -> Self {
        let people: Vec<_> = (number * PEOPLE..(number + 1) * PEOPLE).map(|of| (of, Person::invented(of))).collect();
        for (number, person) in &people {
            publishes(&nodes.first, person, i64::from(*number)).await;
        }
        let key = key.clone();
        let certificates = (0..CALLERS).map(|_| AtomicU32::new(0)).collect();
        Self { nodes, key, people, number, changing, answered: watch::Sender::new(0), due, certificates }
    }

    fn counts_one(&self) {
        self.answered.send_modify(|answered| *answered += 1);
    }

    fn is_over(&self) -> bool {
        *self.answered.borrow() >= self.due
    }

    /// Waits until that many more exchanges are recorded, or all.
    async fn passes(&self, more: u64) {
        let mut following = self.answered.subscribe();
        let until = self.due.min(*following.borrow() + more);
        following.wait_for(|answered| *answered >= until).await.unwrap();
    }

    /// Lets callers and removers loose on the nodes until enough is recorded. Gives the nodes back.
    async fn run(self, seed: u64) -> (Nodes, Ran) {
        let mut random = StdRng::seed_from_u64(seed);
        let mut seed = || StdRng::seed_from_u64(random.random());
        let race = Arc::new(self);
        let (mut callers, mut removers) = (Vec::new(), Vec::new());
        for number in 0..CALLERS {
            callers.push(Caller::of(&race, number, seed()).await);
        }
        let [suspender, revoker] = [Remover::of(&race, seed()).await, Remover::of(&race, seed()).await];
        for people in race.people.chunks(race.people.len() / WITHDRAWERS) {
            let withdrawer = Remover::of(&race, seed()).await;
            let consents = withdrawer.grants(people).await;
            removers.push(tokio::spawn(withdrawer.withdraws(consents)));
        }
        removers.push(tokio::spawn(suspender.suspends()));
        removers.push(tokio::spawn(revoker.revokes()));
        let callers: Vec<_> = callers.into_iter().map(|caller| tokio::spawn(caller.goes_on())).collect();
        let held = join_all(callers).await.into_iter().flat_map(Result::unwrap).collect();
        let removals = join_all(removers).await.into_iter().flat_map(Result::unwrap).collect();
        let race = Arc::into_inner(race).expect("all who took part have ended");
        (race.nodes, Ran { held, removals })
    }
}

/// What `cargo xtask soak` says, if it does.
fn told(name: &str) -> Option<u64> {
    #[allow(clippy::disallowed_methods, reason = "`cargo xtask soak` says in the environment how long the race is")]
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recorded_under_authority_that_was_removed_before_on_whichever_node() {
    let exchanges = told("UNEFOIS_SOAK_EXCHANGES").unwrap_or(EXCHANGES);
    let seed = told("UNEFOIS_SOAK_SEED").unwrap_or(SEED);
    println!("repeat this race with: cargo xtask soak --seed {seed} --exchanges {exchanges}");
    let nodes = Nodes::start().await;
    let key = nodes.first.public_key().await;
    let race = Race::of(nodes, &key, 0, exchanges, Changing::AtEither).await;
    let (nodes, ran) = race.run(seed).await;
    let shards = ledger::verified(&nodes.second).await;
    let findings = judged(&shards, &ran);
    assert!(findings.is_empty(), "{} findings: {:?}", findings.len(), findings.first());

    let kinds: BTreeSet<u8> = ran.removals.iter().map(|removal| removal.what.kind()).collect();
    let reasons: BTreeSet<&str> = shards.iter().flatten().map(|entry| entry.reason.as_str()).collect();
    println!("{} releases, {} removals, refused: {reasons:?}", ran.held.len(), ran.removals.len());
    assert_eq!(kinds.len(), 3, "consents, agreements and certificates were taken away");
    assert!(["CONSENT_WITHDRAWN", "AGREEMENT_SUSPENDED"].iter().all(|due| reasons.contains(due)), "{reasons:?}");
}

/// Batches of the second node take a while between what they decide and their commit.
const SLOW: &str = "
    CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END $$;
    CREATE TRIGGER slowly BEFORE UPDATE OF size ON shard
        FOR EACH ROW WHEN (NEW.slot = 1) EXECUTE FUNCTION slowly();";

/// What the first node removes does not raise the epoch of the second one's shard.
const UNFENCED: &str = "
    CREATE FUNCTION unfenced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER unfenced BEFORE UPDATE OF authority_epoch ON shard
        FOR EACH ROW WHEN (NEW.slot = 1) EXECUTE FUNCTION unfenced();";

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_without_the_fence_fails_the_check_that_one_with_it_passes() {
    let nodes = Nodes::start().await;
    let key = nodes.first.public_key().await;
    nodes.runs_sql(SLOW);
    let race = Race::of(nodes, &key, 0, EXCHANGES_TO_CHECK, Changing::AtTheFirst).await;
    let (mut nodes, fenced) = race.run(SEED).await;
    assert_eq!(judged(&ledger::verified(&nodes.first).await, &fenced), []);

    nodes.runs_sql(UNFENCED);
    let mut held = fenced.held;
    for number in 1..=UNFENCED_RUNS_MAX {
        let race = Race::of(nodes, &key, number, EXCHANGES_TO_CHECK, Changing::AtTheFirst).await;
        let mut ran;
        (nodes, ran) = race.run(SEED + u64::from(number)).await;
        held.append(&mut ran.held);
        ran.held = held;
        let findings = judged(&ledger::verified(&nodes.first).await, &ran);
        held = ran.held;
        let [older, resting] =
            [Finding::is_older, Finding::is_resting].map(|is| findings.iter().filter(|of| is(of)).count());
        println!("{older} entries are older than removals, {resting} releases rest on what was removed");
        assert!(older > 0, "whatever is recorded at the second node is older");
        assert_eq!(older + resting, findings.len(), "and nothing else is found: {findings:?}");
        if resting > 0 {
            return;
        }
    }
    panic!("no release rests on what was removed");
}
