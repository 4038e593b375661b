//! A kill at each of the first calls by which a hub writes, syncs, moves or removes a file of its data directory.

use std::{
    collections::BTreeMap,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::{StreamExt, stream};
use unefois_testkit::{House, HouseSettings};

use crate::{
    UNEFOIS,
    load::{Agencies, BrokeOff, apply},
    promises::Promises,
    strace::{Call, calls, hurt, watched},
};

/// How many calls are killed: about half of them make the data directory, the others serve the load.
const CALLS: usize = 400;
/// How many turns the load has before it counts as not killed.
const TURNS_MAX: u32 = 60;
/// How many hubs run at a time.
const AT_A_TIME: usize = 2;
/// The signal of `kill -9`.
const KILLED: i32 = 9;

/// Folds its logs often, so that calls on the databases themselves are among the first.
const CONFIGURATION: &str = "[limits.store]\nfold-after-pages = 24\n";

/// Where a hub is killed: before the effect of the `nth` call of that name on a file by the thread that writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    call: String,
    file: PathBuf,
    nth: usize,
}

/// The places of the calls of a log, in their order.
fn places(calls: &[Call]) -> Vec<Place> {
    let mut counts: BTreeMap<(&str, &Path, u32), usize> = BTreeMap::new();
    let mut places: Vec<Place> = Vec::new();
    for call in calls {
        let nth = counts.entry((&call.name, &call.file, call.thread)).and_modify(|count| *count += 1).or_insert(1);
        let place = Place { call: call.name.clone(), file: call.file.clone(), nth: *nth };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Plays the load until the hub breaks off or `turns` are over.
async fn play(house: &House, turns: u32) -> (Promises, Result<(), BrokeOff>) {
    let mut promises = Promises::default();
    let played = async {
        apply(house, &mut promises).await?;
        let agencies = Agencies::of(house).await?;
        for person in 0..turns {
            agencies.turn(6_000 + person, &mut promises).await?;
        }
        Ok(())
    };
    let played = played.await;
    (promises, played)
}

/// What a hub does when nobody kills it: enough calls, and then some.
async fn undisturbed(model: &House) -> Vec<Place> {
    let mut house = model.beside();
    let log = house.path().join("strace.log");
    house.start_by(&watched(&log)).unwrap();
    let (mut promises, played) = play(&house, 3).await;
    played.unwrap();
    house.kill();
    let places = places(&calls(&log, house.data()));
    house.start();
    promises.are_kept_by(&house).await;
    places
}

/// Kills a hub there, and checks what the next one finds. Gives whether it came to that call.
async fn killed_at(model: &House, place: &Place) -> bool {
    let mut house = model.beside();
    let log = house.path().join("strace.log");
    let injection = format!("{}:signal=KILL:when={}", place.call, place.nth);
    // Gathered anew: the directory itself has no slash at its end.
    let file: PathBuf = house.data().join(&place.file).components().collect();
    let words = hurt(&log, &file, &injection);
    let mut promises = match house.start_by(&words) {
        // Killed before it listened: nothing was promised.
        Err(said) => {
            assert!(!said.contains("error"), "{place:?}: {said}");
            Promises::default()
        }
        Ok(()) => {
            let (promises, played) = play(&house, TURNS_MAX).await;
            if played.is_ok() {
                return false;
            }
            assert_eq!(house.end().await.signal(), Some(KILLED), "{place:?}: {}", house.log());
            promises
        }
    };
    house.start_by(&[]).unwrap_or_else(|said| panic!("{place:?}: the next hub does not start: {said}"));
    promises.are_kept_by(&house).await;
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_call_that_writes_or_syncs_loses_nothing_that_was_acknowledged() {
    let model =
        Arc::new(House::build(UNEFOIS, &HouseSettings { more: CONFIGURATION.to_owned(), ..HouseSettings::default() }));
    let places = undisturbed(&model).await;
    assert!(places.len() >= CALLS, "{} calls", places.len());
    let kills = stream::iter(places.into_iter().take(CALLS)).map(|place| {
        let model = Arc::clone(&model);
        async move {
            // A thread of the pool that writes the outside checkpoint may be another one: its count begins anew.
            for _ in 0..3 {
                let (model, of) = (Arc::clone(&model), place.clone());
                if tokio::spawn(async move { killed_at(&model, &of).await })
                    .await
                    .unwrap_or_else(|error| panic!("{place:?}: {error}"))
                {
                    return;
                }
            }
            panic!("{place:?}: no hub came to this call");
        }
    });
    kills.buffer_unordered(AT_A_TIME).collect::<Vec<()>>().await;
}
