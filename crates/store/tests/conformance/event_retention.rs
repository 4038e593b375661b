//! What is old is forgotten, and what somebody waits for is not; what was told of an erased subject goes with it.

use unefois_core::{Cursor, PARTITIONS, Partition};
use unefois_store::{EventsAsked, EventsForgotten};

use crate::{
    rows::{
        DAY, LARGEST, NOW, attempt, dead_letter, dossier, event, event_id, id, in_partition, keeping, place,
        subscription, subscription_id,
    },
    scene::Scene,
    subscription_cursor::{advance, advances, cursor},
};

on_both!(
    without_a_subscription_old_events_are_forgotten_in_slices,
    what_a_subscription_has_not_acknowledged_is_kept_for_its_retention_and_no_longer,
    the_slowest_subscription_keeps_what_all_others_have,
    an_open_dead_letter_keeps_its_event_until_it_is_replayed_or_out_of_retention,
    what_is_forgotten_takes_its_attempts_and_dead_letters_along_and_positions_go_on,
    all_that_was_told_of_an_erased_subject_goes_with_its_records,
);

/// Ten events in partition 1 and ten in partition 2, one a day each; the last today.
async fn ten_days(scene: &mut Scene) {
    for partition in [1, 2] {
        scene.adds_subjects(in_partition(partition, 1)..=in_partition(partition, 1)).await;
    }
    for day in 0..10 {
        let events = [1, 2].map(|partition| event(day + 100 * u64::from(partition), in_partition(partition, 1)));
        scene.tells_at(&events, NOW - (9 - i64::try_from(day).unwrap()) * DAY).await;
    }
}

/// Forgets what is older than that many days and a half.
async fn forgets(scene: &mut Scene, days: i64, count_max: u32) -> u64 {
    let forgotten = EventsForgotten { before: NOW - days * DAY - DAY / 2, now: NOW, count_max };
    scene.commits(async |tx| tx.events_forget_in_tx(forgotten).await).await.unwrap()
}

/// The positions that are left in partition 1 and in partition 2.
async fn left(scene: &Scene) -> [Vec<u64>; 2] {
    let asked = EventsAsked {
        datasets: vec!["declared-turnover".to_owned()],
        provider: "dgfip".to_owned(),
        after: Cursor::BEGIN,
        up_to: Cursor::of([LARGEST; PARTITIONS]),
    };
    let rows = scene.store.events_list(&asked, 1_000).await.unwrap();
    [1, 2].map(|partition| {
        let places = rows.iter().map(|row| row.place);
        let partition = Partition::numbered(partition).unwrap();
        places.filter(|place| place.partition == partition).map(|place| place.position.0).collect()
    })
}

fn both(positions: std::ops::RangeInclusive<u64>) -> [Vec<u64>; 2] {
    [positions.clone().collect(), positions.collect()]
}

fn at(one: u64, two: u64) -> Cursor {
    let mut positions = [0; PARTITIONS];
    (positions[1], positions[2]) = (one, two);
    Cursor::of(positions)
}

async fn acknowledges(scene: &mut Scene, number: u64, up_to: Cursor) {
    let version = cursor(scene, number).await.version;
    assert_eq!(advances(scene, &[advance(number, version, up_to, up_to)]).await, [true]);
}

async fn without_a_subscription_old_events_are_forgotten_in_slices(scene: &mut Scene) {
    ten_days(scene).await;
    assert_eq!(forgets(scene, 10, 100).await, 0);
    assert_eq!(left(scene).await, both(1..=10));
    assert_eq!(scene.store.events_forgotten_fetch().await.unwrap(), at(0, 0));
    let mut slices = Vec::new();
    while slices.last() != Some(&0) {
        slices.push(forgets(scene, 3, 5).await);
    }
    assert_eq!(slices, [5, 5, 2, 0]);
    assert_eq!(left(scene).await, both(7..=10));
    assert_eq!(scene.store.events_forgotten_fetch().await.unwrap(), at(6, 6));
    assert_eq!(scene.store.event_positions_before_fetch(0).await.unwrap(), at(6, 6), "no replay reaches further back");
    assert_eq!(forgets(scene, -1, 100).await, 8);
    assert_eq!(scene.store.event_heads_fetch().await.unwrap(), at(10, 10));
    assert_eq!(scene.store.event_positions_before_fetch(0).await.unwrap(), at(10, 10));
    assert_eq!(scene.tells(&[event(1, in_partition(1, 1))]).await, [place(1, 11)]);
}

async fn what_a_subscription_has_not_acknowledged_is_kept_for_its_retention_and_no_longer(scene: &mut Scene) {
    ten_days(scene).await;
    scene.subscribes(&[keeping(1, 5)]).await;
    acknowledges(scene, 1, at(7, 2)).await;
    forgets(scene, 1, 100).await;
    assert_eq!(left(scene).await, [vec![8, 9, 10], (5..=10).collect()], "the last five days, or what is new");
    assert_eq!(scene.store.events_forgotten_fetch().await.unwrap(), at(7, 4), "it has missed some in partition 2");
    forgets(scene, -1, 100).await;
    assert_eq!(left(scene).await, [vec![8, 9, 10], (5..=10).collect()], "however old is old");
    acknowledges(scene, 1, at(9, 9)).await;
    forgets(scene, 7, 100).await;
    assert_eq!(left(scene).await, [vec![8, 9, 10], (5..=10).collect()], "nor what is not old, for a replay");
    forgets(scene, 1, 100).await;
    assert_eq!(left(scene).await, [vec![9, 10], vec![9, 10]]);
    forgets(scene, -1, 100).await;
    assert_eq!(left(scene).await, [vec![10], vec![10]]);
}

async fn the_slowest_subscription_keeps_what_all_others_have(scene: &mut Scene) {
    ten_days(scene).await;
    scene.subscribes(&[keeping(1, 100), keeping(2, 100), keeping(3, 3), keeping(4, 100)]).await;
    acknowledges(scene, 1, at(9, 4)).await;
    acknowledges(scene, 2, at(5, 8)).await;
    scene.commits(async |tx| tx.subscription_delete_in_tx(subscription_id(4), NOW).await).await.unwrap();
    forgets(scene, 0, 100).await;
    assert_eq!(left(scene).await, [(6..=10).collect(), (5..=10).collect::<Vec<_>>()], "a deleted one keeps nothing");
    for number in [1, 2] {
        acknowledges(scene, number, at(10, 10)).await;
    }
    forgets(scene, 0, 100).await;
    assert_eq!(left(scene).await, both(7..=10), "the third has acknowledged nothing, and keeps three days");
}

async fn an_open_dead_letter_keeps_its_event_until_it_is_replayed_or_out_of_retention(scene: &mut Scene) {
    ten_days(scene).await;
    scene.subscribes(&[keeping(1, 8)]).await;
    acknowledges(scene, 1, at(10, 10)).await;
    let subject = |partition| in_partition(partition, 1);
    let letters = [
        dead_letter(place(1, 1), 100, subject(1)),
        dead_letter(place(1, 2), 101, subject(1)),
        dead_letter(place(2, 5), 204, subject(2)),
    ];
    let given_up = scene.commits(async |tx| tx.dead_letters_insert_in_tx(subscription_id(1), &letters, NOW).await);
    given_up.await.unwrap();
    assert_eq!(forgets(scene, -1, 100).await, 18);
    assert_eq!(left(scene).await, [vec![2], vec![5]], "the first is older than its retention");
    assert_eq!(forgets(scene, -1, 100).await, 0);
    assert_eq!(scene.store.dead_letters_list(subscription_id(1), None, 9).await.unwrap().len(), 2);
    let asked = scene.commits(async |tx| tx.dead_letter_replay_in_tx(subscription_id(1), event_id(204), NOW).await);
    assert_eq!(asked.await.unwrap().unwrap().letter.place, place(2, 5));
    assert_eq!(forgets(scene, -1, 100).await, 0, "it is still to be told again");
    let told = scene.commits(async |tx| tx.dead_letters_replayed_in_tx(subscription_id(1), &[place(2, 5)], NOW).await);
    told.await.unwrap();
    assert_eq!(forgets(scene, -1, 100).await, 1);
    assert_eq!(left(scene).await, [vec![2], vec![]]);
}

async fn what_is_forgotten_takes_its_attempts_and_dead_letters_along_and_positions_go_on(scene: &mut Scene) {
    ten_days(scene).await;
    scene.subscribes(&[keeping(1, 2)]).await;
    let (of, subject) = (subscription_id(1), in_partition(1, 1));
    let letters = [dead_letter(place(1, 4), 103, subject), dead_letter(place(1, 10), 109, subject)];
    let written = scene.commits(async |tx| {
        tx.attempts_write_in_tx(of, &[attempt(place(1, 3)), attempt(place(1, 9))]).await?;
        tx.dead_letters_insert_in_tx(of, &letters, NOW).await
    });
    assert_eq!(written.await.unwrap(), 2);
    forgets(scene, 4, 100).await;
    assert_eq!(scene.store.attempts_list(of, 9).await.unwrap(), [attempt(place(1, 9))]);
    let kept = scene.store.dead_letters_list(of, None, 9).await.unwrap();
    assert_eq!(kept.into_iter().map(|row| row.letter).collect::<Vec<_>>(), letters[1..]);
}

async fn all_that_was_told_of_an_erased_subject_goes_with_its_records(scene: &mut Scene) {
    ten_days(scene).await;
    let (erased, other) = (in_partition(1, 1), in_partition(2, 1));
    scene.subscribes(&[subscription(1)]).await;
    let of = subscription_id(1);
    let letters = [dead_letter(place(1, 4), 103, erased), dead_letter(place(2, 4), 203, other)];
    scene
        .commits(async |tx| {
            tx.attempts_write_in_tx(of, &[attempt(place(1, 3)), attempt(place(2, 3))]).await?;
            tx.dead_letters_insert_in_tx(of, &letters, NOW).await?;
            tx.dossiers_upsert_in_tx(&[dossier(erased), dossier(other)]).await
        })
        .await
        .unwrap();
    let early = scene.commits(async |tx| tx.subjects_erase_in_tx(&[id(erased)]).await).await.unwrap_err();
    assert!(!early.is_conflict() && !early.is_storage_failure(), "{early:?}");
    let erase = scene.commits(async |tx| {
        tx.records_erase_in_tx(&[id(erased)]).await?;
        tx.subjects_erase_in_tx(&[id(erased)]).await
    });
    erase.await.unwrap();
    assert_eq!(left(scene).await, [vec![], (1..=10).collect()]);
    assert_eq!(scene.store.attempts_list(of, 9).await.unwrap(), [attempt(place(2, 3))]);
    let kept = scene.store.dead_letters_list(of, None, 9).await.unwrap();
    assert_eq!(kept.into_iter().map(|row| row.letter).collect::<Vec<_>>(), letters[1..]);
    let dossiers = scene.store.dossiers_list("cnaf", None, None, 9).await.unwrap();
    assert_eq!(dossiers.iter().map(|found| &found.row).collect::<Vec<_>>(), [&dossier(other)]);
    assert_eq!(scene.store.event_heads_fetch().await.unwrap(), at(10, 10), "positions are not used again");
    let gone = scene.commits(async |tx| tx.dead_letters_insert_in_tx(of, &letters[..1], NOW).await);
    assert_eq!(gone.await.unwrap(), 0, "what is erased is not given up");
}
