//! The withdrawal race: two nodes on one PostgreSQL, pulled as fast as they can be, while consents are withdrawn,
//! agreements suspended and certificates revoked. Nothing is released on what was removed, once that is acknowledged.
//!
//! The check reads the ledger, not clocks. The entry of a removal carries the epoch that it raised. After its
//! acknowledgement the size of every shard is read: every entry from there on must carry that epoch or a newer one.

mod removals;
mod verdict;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use unefois_client::{Connection, Refused};
use unefois_testkit::{House, HouseSettings, Person, Storage, pull_request, turnover_of};

use crate::{UNEFOIS, stream};
use removals::{Removals, remove_all};
use verdict::{Fault, faults};

/// How many exchanges there are at least, released or refused; `cargo xtask soak` asks for more.
const EXCHANGES: usize = 10_000;
/// How many people are asked about.
const PEOPLE: u32 = 4;
/// The first of them.
const FIRST: u32 = 20_000;
/// How many callers pull on each node, each on a connection and under a system of its own.
const CALLERS: usize = 4;
/// How many calls each has under way: exchanges are recorded in batches.
const STREAMS: usize = 8;
/// The agreement that asks for consent, and the one that is suspended and resumed.
const BY_CONSENT: &str = "d13-unemployment";
const SUSPENDED: &str = "d14-benefits";

/// Two nodes that know everybody.
async fn two_nodes() -> (House, House) {
    let house =
        House::open_with(UNEFOIS, &HouseSettings { storage: Storage::Postgres, ..HouseSettings::default() }).await;
    let other = house.second_node().started();
    let items: Vec<_> = (FIRST..FIRST + PEOPLE).map(|person| turnover_of(&Person::invented(person), 7)).collect();
    let mut answers = stream(&house.agency("urssaf").await, items).await.unwrap();
    while let Some(answer) = answers.message().await.unwrap() {
        assert!(answer.result.is_some());
    }
    (house, other)
}

/// Pulls until it is told to stop. What it is told must be an answer or a refusal for what is removed in this race.
async fn pull_on(connection: Connection, agreement: &str, seed: u64, done: Arc<AtomicUsize>, stop: Arc<AtomicBool>) {
    let mut random = StdRng::seed_from_u64(seed);
    while !stop.load(Ordering::Relaxed) {
        let person = Person::invented(FIRST + random.random_range(0..PEOPLE));
        match connection.exchange().pull(pull_request(agreement, person.by_nir())).await {
            Ok(_) => {}
            Err(status) => {
                let refused = Refused::from_status(&status);
                let due = ["CONSENT_REQUIRED", "CONSENT_WITHDRAWN", "AGREEMENT_SUSPENDED", "CERTIFICATE_REVOKED"];
                assert!(due.contains(&refused.reason.as_str()), "{status:?}");
                if refused.reason == "CERTIFICATE_REVOKED" {
                    return;
                }
            }
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
}

/// Lets callers and removals race, until there were so many exchanges.
async fn race(house: &House, other: &House, seed: u64, exchanges: usize) -> Removals {
    let (done, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let mut pullers = Vec::new();
    for (node, number) in [house, other].into_iter().flat_map(|node| (0..CALLERS).map(move |number| (node, number))) {
        let (agency, agreement) =
            if number.is_multiple_of(2) { ("france-travail", BY_CONSENT) } else { ("cnaf", SUSPENDED) };
        let system = format!("race-{number}");
        let connection = node.connect(Some(house.pki().client(agency, &system))).await.unwrap();
        for _ in 0..STREAMS {
            let (done, stop, seed) = (Arc::clone(&done), Arc::clone(&stop), seed + pullers.len() as u64);
            pullers.push(tokio::spawn(pull_on(connection.clone(), agreement, seed, done, stop)));
        }
    }
    let removals = remove_all(house, other, seed, || done.load(Ordering::Relaxed) < exchanges).await;
    stop.store(true, Ordering::Relaxed);
    for puller in pullers {
        puller.await.unwrap();
    }
    println!("{} exchanges, {} removals", done.load(Ordering::Relaxed), removals.count());
    removals
}

/// The seed and the number of exchanges of this run.
fn asked() -> (u64, usize) {
    #[allow(clippy::disallowed_methods, reason = "`cargo xtask soak` says in the environment what to run")]
    let named = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let exchanges = named("UNEFOIS_SOAK_EXCHANGES").and_then(|count| usize::try_from(count).ok());
    (named("UNEFOIS_SOAK_SEED").unwrap_or(1), exchanges.unwrap_or(EXCHANGES))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recorded_under_authority_older_than_an_acknowledged_removal() {
    let (seed, exchanges) = asked();
    let (house, other) = two_nodes().await;
    let removals = race(&house, &other, seed, exchanges).await;
    assert!(removals.count() > 20, "there were {} removals", removals.count());
    assert_eq!(faults(&house, &removals).await, []);
}

/// In this database a raised epoch does not reach the row of another node: its batches are not fenced.
const FENCE_REMOVED: &str = "
CREATE FUNCTION fence_remove() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.slot <> 0 THEN
        NEW.authority_epoch := OLD.authority_epoch;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER fence_removed BEFORE UPDATE ON shard FOR EACH ROW EXECUTE FUNCTION fence_remove();";

#[tokio::test(flavor = "multi_thread")]
async fn without_the_fence_the_same_race_is_lost() {
    let (house, other) = two_nodes().await;
    house.postgres().unwrap().runs_sql("hub", FENCE_REMOVED);
    let removals = race(&house, &other, 1, EXCHANGES / 3).await;
    let found = faults(&house, &removals).await;
    assert!(found.iter().any(|fault| matches!(fault, Fault::OlderThanARemoval { .. })), "the check finds nothing");
}
