//! Storage that fails under a hub: it stops, says what failed, syncs nothing again, and has promised nothing in vain.

use std::path::PathBuf;

use futures::{StreamExt, stream};
use unefois_testkit::{House, HouseSettings, Person};

use crate::{
    UNEFOIS,
    load::{Agencies, BrokeOff, apply},
    promises::Promises,
    strace::{Call, attach, calls},
};

/// How many hubs run at a time.
const AT_A_TIME: usize = 2;
/// How many turns the load has before the storage counts as sound.
const TURNS_MAX: u32 = 60;

/// Folds its logs often, so that the load reaches the databases themselves; waits until every caller has its answer.
const CONFIGURATION: &str = "[limits.store]\nfold-after-pages = 24\n[limits.server]\nfarewell-max = \"20s\"\n";

/// What fails, and what the hub says of it.
#[derive(Debug, Clone)]
struct Failing {
    file: &'static str,
    /// The calls that fail, and with which error.
    injection: String,
    /// The file that the message names, and words of it.
    named: &'static str,
    says: &'static str,
}

/// Writing and syncing of every file that the hub must keep, each with both errors.
fn failings() -> Vec<Failing> {
    let databases =
        [("hub.db-wal", "hub.db"), ("hub.db", "hub.db"), ("keys.db-wal", "keys.db"), ("keys.db", "keys.db")];
    let mut failings = Vec::new();
    for (error, of_write) in [("EIO", "a write failed"), ("ENOSPC", "no space is left")] {
        for (file, named) in databases {
            let calls = [("pwrite64", of_write), ("fsync,fdatasync", "a sync failed")];
            failings.extend(calls.map(|(calls, says)| Failing {
                file,
                injection: format!("{calls}:error={error}"),
                named,
                says,
            }));
        }
        for calls in ["pwrite64", "openat"] {
            let says = if error == "EIO" { "os error 5" } else { "os error 28" };
            let injection = format!("{calls}:error={error}");
            failings.push(Failing { file: "checkpoint", injection, named: "checkpoint", says });
        }
    }
    failings
}

/// Whether a call syncs.
fn syncs(call: &Call) -> bool {
    matches!(call.name.as_str(), "fsync" | "fdatasync" | "sync_file_range")
}

async fn turns(agencies: &Agencies, first: u32, promises: &mut Promises) -> Result<(), BrokeOff> {
    for person in first..first + TURNS_MAX {
        agencies.turn(person, promises).await?;
    }
    Ok(())
}

/// Lets storage fail under a load, and checks what the hub did and what the next one finds.
async fn fails(model: &House, failing: &Failing) {
    let mut house = model.beside();
    house.start();
    let mut promises = Promises::default();
    apply(&house, &mut promises).await.unwrap();
    let agencies = Agencies::of(&house).await.unwrap();
    agencies.turn(7_000, &mut promises).await.unwrap();
    let (log, file) = (house.path().join("strace.log"), house.data().join(failing.file));
    let attached = attach(house.process_id(), &log, std::slice::from_ref(&file), &failing.injection);
    let BrokeOff(reason) = turns(&agencies, 7_001, &mut promises).await.expect_err("the storage fails");
    let status = house.end().await;
    drop(attached);

    let said = house.log();
    assert_eq!(status.code(), Some(1), "{failing:?}: {said}");
    let (_, last) = said.rsplit_once("error: ").unwrap_or_else(|| panic!("{failing:?}: no error is named: {said}"));
    for due in ["the hub stops", failing.says, file_named(&house, failing).to_str().unwrap()] {
        assert!(last.contains(due), "{failing:?}: `{due}` is not in: {last}");
    }
    // A log is folded after the callers were answered: their answers stand, and the next call finds no hub.
    let is_fold = !failing.file.ends_with("-wal") && failing.file != "checkpoint";
    assert!(is_fold || reason == "COMMIT_UNKNOWN", "{failing:?}: the caller was told `{reason}`");

    let calls = calls(&log, house.data());
    let failed = calls.iter().position(|call| call.outcome.contains("(INJECTED)")).expect("a call failed");
    let again: Vec<&Call> = calls[failed + 1..].iter().filter(|call| syncs(call)).collect();
    assert!(again.is_empty(), "{failing:?}: after the failure: {again:?}");

    house.start();
    promises.are_kept_by(&house).await;
}

fn file_named(house: &House, failing: &Failing) -> PathBuf {
    house.data().join(failing.named)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_or_sync_that_fails_stops_the_hub_and_is_never_repeated() {
    let settings = HouseSettings { more: CONFIGURATION.to_owned(), ..HouseSettings::default() };
    let model = House::build(UNEFOIS, &settings);
    let cases = stream::iter(failings());
    cases.for_each_concurrent(AT_A_TIME, |failing| async { fails(&model, &{ failing }).await }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_fails_fails_its_call_and_nothing_else() {
    let mut house = House::open(UNEFOIS).await;
    let mut promises = Promises::default();
    apply(&house, &mut promises).await.unwrap();
    let marie = Person::invented(7_000);
    Agencies::of(&house).await.unwrap().turn(7_000, &mut promises).await.unwrap();
    // A hub that starts has nothing of its database in memory.
    house.stop();
    house.start();
    let agencies = Agencies::of(&house).await.unwrap();
    let (log, database) = (house.path().join("strace.log"), house.data().join("hub.db"));
    let attached = attach(house.process_id(), &log, &[database], "pread64:error=EIO");
    for _ in 0..3 {
        let told = agencies.pull_without_id(&marie, &mut promises).await.expect_err("nothing can be read");
        assert_eq!(told.0, "COMMIT_UNKNOWN");
    }
    drop(attached);
    assert!(std::fs::read_to_string(&log).unwrap().contains("(INJECTED)"), "a read failed");
    assert_eq!(house.ended(), None, "{}", house.log());
    agencies.pull_without_id(&marie, &mut promises).await.unwrap();
    promises.are_kept_by(&house).await;
}
