//! Several nodes publish at once, and whoever reads behind the heads skips nothing and sees every subject in order.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;
use unefois_core::{Cursor, EventId, PARTITIONS, Place, Position};
use unefois_store::{EventRow, EventsAsked, HeldRevision, NewEvent, RevisionRow, Store, Writer};

use crate::{
    chance::Chance,
    rows::{NOW, asked, event, id, in_partition, revision},
    scene::{PATIENCE, Scene},
};

on_both!(one_publisher_in_random_commits_and_a_reader_agree);

on_several_nodes!(
    concurrent_publishers_in_whatever_order_they_commit_make_no_reader_skip_or_reorder,
    a_publisher_waits_for_who_holds_its_partition_and_takes_the_place_of_one_who_gave_up,
    publishers_that_meet_in_every_partition_do_not_stand_in_each_other_s_way_for_ever,
);

const PUBLISHERS: usize = 5;
const TRANSACTIONS: u64 = 60;
/// So few that publishers meet in partitions all the time, and in subjects now and then.
const SUBJECTS: u64 = 24;
const CROWDED: [u8; 3] = [2, 7, 15];

/// One of those about whom several publish.
fn crowded(chance: &mut Chance) -> u64 {
    in_partition(*chance.one_of(&CROWDED), 1 + chance.below(SUBJECTS / 3))
}

/// The lock of each subject is its own, so that only the partitions keep publishers apart.
fn pseudonym_of(subject: u64) -> [u8; 32] {
    let mut pseudonym = [0; 32];
    pseudonym[30..].copy_from_slice(&u16::try_from((subject >> 56) << 6 | (subject & 0x3f)).unwrap().to_be_bytes());
    pseudonym
}

/// Publishes the next revision of some subjects, and commits it or gives it up after a while.
async fn publishes(writer: &mut Writer, chance: &mut Chance, seed: u64) -> Vec<NewEvent> {
    let mut committed = Vec::new();
    for nth in 0..TRANSACTIONS {
        let mut subjects: Vec<u64> = (0..=chance.below(2)).map(|_| crowded(chance)).collect();
        subjects.sort_unstable();
        subjects.dedup();
        let mut tx = writer.begin().await.unwrap();
        let pseudonyms: Vec<[u8; 32]> = subjects.iter().copied().map(pseudonym_of).collect();
        tx.pseudonyms_lock_in_tx(&pseudonyms).await.unwrap();
        let (mut rows, mut events) = (Vec::new(), Vec::new());
        for (within, subject) in (0..).zip(&subjects) {
            let newest = tx.records_fetch_in_tx(&[asked(*subject, *subject)]).await.unwrap();
            let number = newest[0].first().map_or(1, |held| held.number + 1);
            let first = revision(*subject, *subject);
            rows.push(RevisionRow { held: HeldRevision { number, ..first.held }, ..first });
            let event_number = (seed << 32) | (nth << 8) | within;
            events.push(NewEvent { record: id(*subject), revision: number, ..event(event_number, *subject) });
        }
        tx.revisions_insert_in_tx(&rows).await.unwrap();
        idles(chance, 3_000).await;
        // The clocks of the nodes do not agree.
        let now = NOW + i64::try_from(chance.below(1_000)).unwrap();
        tx.events_append_in_tx(&events, now).await.unwrap();
        idles(chance, 12_000).await;
        if chance.below(5) == 0 {
            tx.rollback().await.unwrap();
        } else {
            tx.commit().await.unwrap();
            committed.extend(events);
        }
    }
    committed
}

/// Lets others go first, for a while that is different each time.
async fn idles(chance: &mut Chance, micros_max: u64) {
    tokio::time::sleep(Duration::from_micros(chance.below(micros_max))).await;
}

/// Reads behind the heads until all publishers are done and nothing is left.
async fn reads(store: &Store, left: &AtomicUsize, chance: &mut Chance) -> Vec<EventRow> {
    let mut told = Vec::new();
    let mut asked = EventsAsked {
        datasets: vec!["declared-turnover".to_owned()],
        provider: "dgfip".to_owned(),
        after: Cursor::BEGIN,
        up_to: Cursor::BEGIN,
    };
    loop {
        let was_last = left.load(Ordering::Acquire) == 0;
        asked.up_to = store.event_heads_fetch().await.unwrap();
        let count_max = 1 + u32::try_from(chance.below(20)).unwrap();
        let page = store.events_list(&asked, count_max).await.unwrap();
        let is_short = page.len() < count_max as usize;
        for row in &page {
            asked.after.raise_to(row.place);
        }
        if is_short {
            // As a subscription does: what does not concern it is passed.
            asked.after = asked.up_to;
        }
        told.extend(page);
        if was_last && is_short {
            return told;
        }
    }
}

/// That a reader was told everything that was committed, and each subject in its order.
fn is_whole(told: &[EventRow], committed: &[NewEvent], heads: Cursor) {
    let ids: HashSet<EventId> = told.iter().map(|row| row.event.id).collect();
    assert_eq!((ids.len(), told.len()), (committed.len(), committed.len()), "each once");
    assert!(committed.iter().all(|event| ids.contains(&event.id)));
    let (mut passed, mut revisions): (Cursor, BTreeMap<[u8; 16], u64>) = (Cursor::BEGIN, BTreeMap::new());
    for EventRow { place, event, .. } in told {
        assert_eq!(place.position.before(), passed.at(place.partition), "{place:?}");
        passed.raise_to(*place);
        let before = revisions.entry(event.subject).or_default();
        assert_eq!(event.revision, *before + 1, "subject {:?}", event.subject);
        *before = event.revision;
    }
    assert_eq!(passed, heads);
}

async fn adds_the_subjects(scene: &mut Scene) {
    for partition in 0..16 {
        scene.adds_subjects(in_partition(partition, 1)..=in_partition(partition, SUBJECTS / 3)).await;
    }
}

async fn one_publisher_in_random_commits_and_a_reader_agree(scene: &mut Scene) {
    adds_the_subjects(scene).await;
    let (left, Scene { store, writer, .. }) = (AtomicUsize::new(1), scene);
    let (mut writing, mut reading) = (Chance(1), Chance(2));
    let published = async {
        let committed = publishes(writer, &mut writing, 1).await;
        left.store(0, Ordering::Release);
        committed
    };
    let (committed, told) = tokio::join!(published, reads(store, &left, &mut reading));
    is_whole(&told, &committed, store.event_heads_fetch().await.unwrap());
}

async fn concurrent_publishers_in_whatever_order_they_commit_make_no_reader_skip_or_reorder(scene: &mut Scene) {
    adds_the_subjects(scene).await;
    let left = Arc::new(AtomicUsize::new(PUBLISHERS));
    let mut nodes = Vec::new();
    for _ in 0..PUBLISHERS {
        nodes.push(scene.another_node().await);
    }
    // Not before all are there: whoever came first would be done.
    let mut publishers = JoinSet::new();
    for (mut node, seed) in nodes.into_iter().zip(1..) {
        let left = Arc::clone(&left);
        publishers.spawn(async move {
            let committed = publishes(&mut node.writer, &mut Chance(seed), seed).await;
            left.fetch_sub(1, Ordering::AcqRel);
            committed
        });
    }
    let (mut one, mut other) = (Chance(100), Chance(200));
    let readers = async { tokio::join!(reads(&scene.store, &left, &mut one), reads(&scene.store, &left, &mut other)) };
    let (committed, (told, told_too)) = tokio::join!(publishers.join_all(), readers);
    let (committed, heads) = (committed.concat(), scene.store.event_heads_fetch().await.unwrap());
    is_whole(&told, &committed, heads);
    is_whole(&told_too, &committed, heads);
}

async fn a_publisher_waits_for_who_holds_its_partition_and_takes_the_place_of_one_who_gave_up(scene: &mut Scene) {
    adds_the_subjects(scene).await;
    let of = |number, partition| event(number, in_partition(partition, 1));
    for (nth, gives_up) in [(0, false), (10, true)] {
        let (mut first, mut second) = (scene.another_node().await, scene.another_node().await);
        let mut tx = first.writer.begin().await.unwrap();
        let held = tx.events_append_in_tx(&[of(nth + 1, 4)], NOW).await.unwrap();
        // Another partition is free meanwhile.
        let mut meanwhile = second.writer.begin().await.unwrap();
        let elsewhere = [of(nth + 2, 5)];
        let free = meanwhile.events_append_in_tx(&elsewhere, NOW);
        tokio::time::timeout(PATIENCE, free).await.unwrap().unwrap();
        meanwhile.commit().await.unwrap();

        let Scene { writer, place, .. } = &mut *scene;
        let follows = async {
            let mut tx = writer.begin().await.unwrap();
            let events = [of(nth + 3, 4), of(nth + 4, 6)];
            let places = tokio::time::timeout(PATIENCE, tx.events_append_in_tx(&events, NOW)).await.unwrap().unwrap();
            tx.commit().await.unwrap();
            places[0]
        };
        let (follows, ()) = tokio::join!(follows, async {
            place.waits_for_a_lock().await;
            if gives_up { tx.rollback().await.unwrap() } else { tx.commit().await.unwrap() }
        });
        let step = u64::from(!gives_up);
        let follows = follows.place;
        assert_eq!(follows, Place { position: Position(held[0].place.position.0 + step), ..held[0].place });
        assert_eq!(scene.store.event_heads_fetch().await.unwrap().at(follows.partition), follows.position);
    }
}

async fn publishers_that_meet_in_every_partition_do_not_stand_in_each_other_s_way_for_ever(scene: &mut Scene) {
    adds_the_subjects(scene).await;
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(scene.another_node().await);
    }
    let mut publishers = JoinSet::new();
    for (mut of_node, node) in nodes.into_iter().zip(0..) {
        publishers.spawn(async move {
            for nth in 0..40 {
                // By turns in ascending and in descending order.
                let mut events: Vec<NewEvent> = (0..16)
                    .map(|partition| {
                        event((node << 32) | (nth << 8) | u64::from(partition), in_partition(partition, 1))
                    })
                    .collect();
                if (node + nth) % 2 == 1 {
                    events.reverse();
                }
                let mut tx = of_node.writer.begin().await.unwrap();
                tx.events_append_in_tx(&events, NOW).await.unwrap();
                tx.commit().await.unwrap();
            }
        });
    }
    publishers.join_all().await;
    assert_eq!(scene.store.event_heads_fetch().await.unwrap(), Cursor::of([160; PARTITIONS]));
}
