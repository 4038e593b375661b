//! The decision, against a slow reference that was written from the promises, in many small random worlds.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod days;
mod generate;
mod reasons;
mod reference;
mod restrict;
mod world;

use std::{collections::BTreeMap, ops::Range, thread};

use unefois_core::{Decision, Grant, LegalBasis, Reason};

use generate::chance::Chance;
use world::{World, reason};

/// How many worlds. They are the same ones each time.
const WORLDS: u64 = 100_000;

/// How often each reason must come up, so that the agreement of code and reference means something.
const REACHED_MIN: u64 = 100;

/// How often each outcome came up; `None` is the grant.
type Outcomes = BTreeMap<Option<Reason>, u64>;

#[test]
fn in_every_world_the_decision_is_the_one_that_the_promises_demand() {
    let outcomes = in_all_worlds(|world, _| {
        let decision = world.decided();
        assert_eq!(decision, reference::decision(world));
        if let Decision::Grant(grant) = &decision {
            leaves_no_more_than_was_granted_and_asked_for(grant, world);
        }
        reason(&decision)
    });
    for (outcome, times) in &outcomes {
        println!("{times:>6} {}", outcome.map_or("granted", Reason::code));
    }
    for outcome in reasons::of_decisions().map(Some).chain([None]) {
        let times = outcomes.get(&outcome).copied().unwrap_or_default();
        assert!(times >= REACHED_MIN, "{outcome:?} came up {times} times only");
    }
    assert_eq!(outcomes.len(), reasons::of_decisions().count() + 1, "a decision had a reason that is not its own");
}

fn leaves_no_more_than_was_granted_and_asked_for(grant: &Grant, world: &World) {
    let agreement = reference::named(world).unwrap();
    let asked = world.request.asked_fields.as_ref().unwrap_or(&agreement.fields);
    assert!(!grant.fields.is_empty());
    assert!(grant.fields.iter().all(|field| agreement.fields.contains(field) && asked.contains(field)));
    assert!(asked.iter().all(|field| grant.fields.contains(field) != grant.withheld.contains(field)));
    assert!(grant.withheld.iter().all(|field| asked.contains(field)));
}

#[test]
fn in_no_world_does_a_restriction_grant_what_was_refused_or_more_than_was_granted() {
    let outcomes = in_all_worlds(|world, chance| {
        let restricted = restrict::restricted(world, chance);
        let (before, after) = (world.decided(), restricted.decided());
        match (&before, &after) {
            (Decision::Refusal(_), Decision::Grant(grant)) => panic!("a restriction granted {grant:?}"),
            (Decision::Grant(before), Decision::Grant(after)) => {
                assert!(after.fields.iter().all(|field| before.fields.contains(field)), "{after:?}");
            }
            (_, Decision::Refusal(_)) => {}
        }
        if let (Some(before), Some(after)) = (digest(&before), digest(&after)) {
            let amended = reference::named(world) != reference::named(&restricted);
            assert_eq!(before != after, amended, "the policy digest changes exactly when the agreement does");
        }
        if reason(&before).is_none() { reason(&after) } else { None }
    });
    // Restrictions bite: they turn grants into refusals, for nearly every reason.
    assert!(outcomes.len() >= 12, "{outcomes:?}");
}

#[test]
fn the_list_of_the_law_is_closed() {
    let mut codes: Vec<&str> = LegalBasis::all().map(LegalBasis::code).collect();
    codes.sort_unstable();
    assert_eq!(codes, reference::law::LAW.map(|(code, _)| code));
}

fn digest(decision: &Decision) -> Option<[u8; 32]> {
    match decision {
        Decision::Grant(grant) => Some(grant.policy_digest),
        Decision::Refusal(refusal) => refusal.policy_digest,
    }
}

/// Judges every world on all processors; the first that fails is printed.
fn in_all_worlds(judge: impl Fn(&World, &mut Chance) -> Option<Reason> + Sync) -> Outcomes {
    let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let share = |worker: u64| WORLDS * worker / workers..WORLDS * (worker + 1) / workers;
    let mut outcomes = Outcomes::new();
    thread::scope(|scope| {
        let judge = &judge;
        let judged: Vec<_> = (0..workers).map(|worker| scope.spawn(move || judged_in(share(worker), judge))).collect();
        for share in judged {
            for (outcome, times) in share.join().unwrap() {
                *outcomes.entry(outcome).or_default() += times;
            }
        }
    });
    outcomes
}

fn judged_in(seeds: Range<u64>, judge: &impl Fn(&World, &mut Chance) -> Option<Reason>) -> Outcomes {
    let mut outcomes = Outcomes::new();
    for seed in seeds {
        let world = generate::world(seed);
        let shown = Shown(seed, &world);
        *outcomes.entry(judge(&world, &mut Chance::of(!seed))).or_default() += 1;
        drop(shown);
    }
    outcomes
}

/// Shows the world in which a judgement failed.
struct Shown<'a>(u64, &'a World);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("in the world of seed {}: {:#?}", self.0, self.1);
        }
    }
}
