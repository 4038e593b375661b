//! Rounds of `kill -9` at random moments, under the load of many callers, on one data directory.
//!
//! Ten rounds of known seeds here; `cargo xtask soak` says in the environment from which seed on, and how many.

use std::{sync::Arc, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};
use unefois_testkit::{House, HouseSettings, Person};

use crate::{
    UNEFOIS,
    load::{Agencies, BrokeOff, apply, with_id},
    promises::Promises,
};

/// The seeds of a run that names none: one a round.
const SEEDS: [u64; 10] = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89];
/// How long the load lasts before the kill, in milliseconds.
const UNTIL_KILLED: std::ops::Range<u64> = 5..600;
/// How many people one caller publishes in one round at most.
const NEW_PEOPLE_MAX: u32 = 400;
/// How many callers there are, each on connections of its own: two of each kind.
const CALLERS: u32 = 2 * KINDS;
const KINDS: u32 = 4;
/// Folds the log often enough that kills fall into it.
const CONFIGURATION: &str = "[limits.store]\nfold-after-pages = 200\n";

/// What one caller does, again and again.
#[derive(Debug, Clone, Copy)]
enum Kind {
    PullsWithId,
    PullsWithoutId,
    Publishes,
    Consents,
}

/// One caller of one round.
struct Caller {
    kind: Kind,
    agencies: Agencies,
    random: StdRng,
    /// No other caller of any round has this number.
    number: u32,
    /// People of whom a record is published.
    known: Arc<Vec<u32>>,
    promises: Promises,
}

impl Caller {
    /// Goes on until the hub breaks off.
    async fn goes_on(mut self) -> Promises {
        let mut done = 0;
        while self.acts(done).await.is_ok() {
            done += 1;
        }
        self.promises
    }

    fn somebody(&mut self) -> Person {
        Person::invented(self.known[self.random.random_range(0..self.known.len())])
    }

    async fn acts(&mut self, done: u32) -> Result<(), BrokeOff> {
        match self.kind {
            Kind::PullsWithId => {
                // Now and then one that was asked before, by itself.
                let nth =
                    if done > 0 && self.random.random_bool(0.2) { self.random.random_range(0..done) } else { done };
                let id = format!("{}-{nth}", self.number);
                let person = self.somebody();
                let request = self.promises.asked.get(&id).cloned().unwrap_or_else(|| with_id(&person, &id));
                self.agencies.pull_with_id(&request, &mut self.promises).await
            }
            Kind::PullsWithoutId => {
                let person = self.somebody();
                self.agencies.pull_without_id(&person, &mut self.promises).await
            }
            Kind::Publishes => {
                let person = Person::invented(new_person(self.number / KINDS, done % NEW_PEOPLE_MAX));
                let cents = i64::from(self.random.random_range(0..1_000_000_u32));
                self.agencies.publish(&person, cents, &mut self.promises).await
            }
            Kind::Consents => {
                let person = self.somebody();
                let consent = self.agencies.grant(&person, &mut self.promises).await?;
                if self.random.random_bool(0.5) {
                    self.agencies.withdraw(consent, &mut self.promises).await?;
                }
                Ok(())
            }
        }
    }
}

/// Nobody whom another publisher of any round publishes.
fn new_person(publisher: u32, nth: u32) -> u32 {
    10_000 + publisher * NEW_PEOPLE_MAX + nth
}

/// Lets callers loose on a hub, kills it at a moment that the seed decides, and checks the next one.
async fn round(house: &mut House, number: u32, seed: u64, known: &Arc<Vec<u32>>) -> Promises {
    let mut random = StdRng::seed_from_u64(seed);
    let kinds: [Kind; KINDS as usize] = [Kind::PullsWithId, Kind::PullsWithoutId, Kind::Publishes, Kind::Consents];
    let mut callers = Vec::new();
    for (position, kind) in (0..CALLERS).zip(kinds.into_iter().cycle()) {
        let caller = Caller {
            kind,
            agencies: Agencies::of(house).await.unwrap(),
            random: StdRng::seed_from_u64(random.random()),
            number: number * CALLERS + position,
            known: Arc::clone(known),
            promises: Promises::default(),
        };
        callers.push(caller);
    }
    let callers: Vec<_> = callers.into_iter().map(|caller| tokio::spawn(caller.goes_on())).collect();
    // Not to hope for anything: this is the moment of the kill.
    tokio::time::sleep(Duration::from_millis(random.random_range(UNTIL_KILLED))).await;
    house.kill();
    let mut promises = Promises::default();
    for caller in callers {
        promises.add(caller.await.unwrap());
    }
    house.start();
    promises
}

/// The seeds of this run, one a round.
pub(crate) fn seeds() -> Vec<u64> {
    seeds_of("UNEFOIS_SOAK_ROUNDS")
}

/// The seeds of this run, where the environment says under that name how many rounds there are.
pub(crate) fn seeds_of(rounds: &str) -> Vec<u64> {
    match (named("UNEFOIS_SOAK_SEED"), named(rounds)) {
        (Some(seed), Some(rounds)) => (0..rounds).map(|round| seed.wrapping_add(round)).collect(),
        _ => SEEDS.to_vec(),
    }
}

/// A number that the environment names.
pub(crate) fn named(name: &str) -> Option<u64> {
    #[allow(clippy::disallowed_methods, reason = "`cargo xtask soak` says in the environment which rounds to run")]
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Says how to repeat a round, when a test stops in it.
pub(crate) struct Named {
    round: u32,
    flags: String,
}

impl Named {
    /// A round of kills.
    pub(crate) fn of(round: u32, seed: u64) -> Self {
        Self::with(round, format!("--seed {seed} --rounds 1"))
    }

    /// A round that is repeated with these flags.
    pub(crate) fn with(round: u32, flags: String) -> Self {
        Self { round, flags }
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { round, flags } = self;
            eprintln!("round {round} failed: repeat it with `cargo xtask soak {flags}`");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_a_hub_is_killed_everything_it_acknowledged_is_there_once() {
    let more = CONFIGURATION.to_owned();
    let mut house = House::build(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).started();
    let mut all = Promises::default();
    apply(&house, &mut all).await.unwrap();
    let mut known = Vec::new();
    for person in 9_000..9_020 {
        let agencies = Agencies::of(&house).await.unwrap();
        agencies.publish(&Person::invented(person), i64::from(person), &mut all).await.unwrap();
        known.push(person);
    }
    let known = Arc::new(known);
    for (number, seed) in (0..).zip(seeds()) {
        let named = Named::of(number, seed);
        let mut promises = round(&mut house, number, seed, &known).await;
        promises.registry = all.registry;
        promises.stand_at(&house).await;
        all.add(promises);
        all.are_in_the_ledger_of(&house).await;
        drop(named);
        println!(
            "round {number}, seed {seed}: {} pulls, {} publications stand",
            all.pulled.len() + all.released.len(),
            all.publications.len()
        );
    }
    all.are_kept_by(&house).await;
}
