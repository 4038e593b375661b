//! The desk of deliveries, in random worlds with crashes, stalls and poison, against what the promises demand.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../decide/generate/chance.rs"]
#[allow(dead_code, reason = "the worlds of decisions draw in more ways")]
mod chance;
mod client;
mod hub;
mod log;
mod rules;
mod world;

use std::{collections::BTreeMap, thread};

use world::World;

/// How many worlds. They are the same ones each time.
const WORLDS: u64 = 1_000;

/// How many things happen in each before peace comes.
const STEPS: usize = 250;

/// How often each thing must come up in all worlds, so that their agreement with the rules means something.
const REACHED_MIN: u64 = 100;

#[test]
fn in_every_world_each_event_is_told_in_order_until_it_is_settled() {
    let mut came_up: BTreeMap<&'static str, u64> = BTreeMap::new();
    for seed in 0..WORLDS {
        let shown = Shown(seed);
        let mut world = World::of(seed);
        for _ in 0..STEPS {
            world.step();
        }
        world.comes_to_rest();
        for (what, times) in world.came_up() {
            *came_up.entry(what).or_default() += times;
        }
        drop(shown);
    }
    for (what, times) in &came_up {
        println!("{times:>8} {what}");
        assert!(*times >= REACHED_MIN, "{what} came up {times} times only");
    }
    assert_eq!(came_up.len(), 16, "{came_up:?}");
}

/// Says in which world a rule was broken.
struct Shown(u64);

impl Drop for Shown {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("in the world of seed {}", self.0);
        }
    }
}
