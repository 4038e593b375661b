//! What is old is forgotten, and what somebody waits for is not; what was told of an erased subject goes with it.

use unefois_store::{
    Acknowledgement, EventPlace, EventsAsked, EventsForgotten, PARTITIONS, Positions, SubscriptionAdvance,
    SubscriptionRow,
};

use crate::{
    rows::{DAY, LARGEST, NOW, attempt, dead_letter, dossier, event, id, in_partition, subscription},
    scene::Scene,
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
        after: [0; PARTITIONS],
        up_to: [LARGEST; PARTITIONS],
    };
    let rows = scene.store.events_list(&asked, 1_000).await.unwrap();
    [1, 2].map(|partition| {
        let places = rows.iter().map(|row| row.place);
        places.filter(|place| place.partition == partition).map(|place| place.position).collect()
    })
}

fn both(positions: std::ops::RangeInclusive<u64>) -> [Vec<u64>; 2] {
    [positions.clone().collect(), positions.collect()]
}

fn at(one: u64, two: u64) -> Positions {
    let mut positions = [0; PARTITIONS];
    (positions[1], positions[2]) = (one, two);
    positions
}

async fn acknowledges(scene: &mut Scene, number: u64, up_to: Positions) {
    let version = scene.store.subscription_fetch(id(number)).await.unwrap().unwrap().cursor.version;
    let told = SubscriptionAdvance { subscription: id(number), version, acknowledged: at(0, 0), delivered: up_to };
    let acknowledged = Acknowledgement { subscription: id(number), up_to };
    let done = scene.commits(async |tx| {
        assert_eq!(tx.subscriptions_advance_in_tx(&[told]).await?, [true]);
        tx.subscriptions_acknowledge_in_tx(&[acknowledged]).await
    });
    done.await.unwrap();
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
    assert_eq!(scene.tells(&[event(1, in_partition(1, 1))]).await, [EventPlace { partition: 1, position: 11 }]);
}

async fn what_a_subscription_has_not_acknowledged_is_kept_for_its_retention_and_no_longer(scene: &mut Scene) {
    ten_days(scene).await;
    let patient = SubscriptionRow { retention: 5 * DAY + DAY / 2, ..subscription(1) };
    scene.subscribes(&[patient]).await;
    acknowledges(scene, 1, at(7, 2)).await;
    forgets(scene, 1, 100).await;
    assert_eq!(
        left(scene).await,
        [vec![8, 9, 10], (5..=10).collect()],
        "the last five days and a half, or what is new"
    );
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
    let of = |number, days| SubscriptionRow { retention: days * DAY + DAY / 2, ..subscription(number) };
    scene.subscribes(&[of(1, 100), of(2, 100), of(3, 3), of(4, 100)]).await;
    acknowledges(scene, 1, at(9, 4)).await;
    acknowledges(scene, 2, at(5, 8)).await;
    scene.commits(async |tx| tx.subscription_delete_in_tx(id(4), NOW).await).await.unwrap();
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
    scene.subscribes(&[SubscriptionRow { retention: 8 * DAY + DAY / 2, ..subscription(1) }]).await;
    acknowledges(scene, 1, at(10, 10)).await;
    let place = |partition, position| EventPlace { partition, position };
    let letters = [place(1, 1), place(1, 2), place(2, 5)].map(|place| dead_letter(1, place));
    scene.commits(async |tx| tx.dead_letters_insert_in_tx(&letters).await).await.unwrap();
    assert_eq!(forgets(scene, -1, 100).await, 18);
    assert_eq!(left(scene).await, [vec![2], vec![5]], "the first is older than its retention");
    assert_eq!(forgets(scene, -1, 100).await, 0);
    assert_eq!(scene.store.dead_letters_list(id(1), None, 9).await.unwrap().len(), 2);
    let replayed = scene.commits(async |tx| tx.dead_letter_replay_in_tx(id(1), id(204), NOW).await).await.unwrap();
    assert_eq!(replayed.unwrap().letter.place, place(2, 5));
    assert_eq!(forgets(scene, -1, 100).await, 1);
    assert_eq!(left(scene).await, [vec![2], vec![]]);
}

async fn what_is_forgotten_takes_its_attempts_and_dead_letters_along_and_positions_go_on(scene: &mut Scene) {
    ten_days(scene).await;
    scene.subscribes(&[SubscriptionRow { retention: 2 * DAY, ..subscription(1) }]).await;
    let place = |position| EventPlace { partition: 1, position };
    let written = scene.commits(async |tx| {
        tx.attempts_write_in_tx(&[attempt(1, place(3)), attempt(1, place(9))]).await?;
        tx.dead_letters_insert_in_tx(&[dead_letter(1, place(4)), dead_letter(1, place(10))]).await
    });
    assert_eq!(written.await.unwrap(), 2);
    forgets(scene, 4, 100).await;
    assert_eq!(scene.store.attempts_list(id(1), 9).await.unwrap(), [attempt(1, place(9))]);
    let kept = scene.store.dead_letters_list(id(1), None, 9).await.unwrap();
    assert_eq!(kept.into_iter().map(|row| row.letter).collect::<Vec<_>>(), [dead_letter(1, place(10))]);
}

async fn all_that_was_told_of_an_erased_subject_goes_with_its_records(scene: &mut Scene) {
    ten_days(scene).await;
    let (erased, other) = (in_partition(1, 1), in_partition(2, 1));
    scene.subscribes(&[subscription(1)]).await;
    let places = [1, 2].map(|partition| [3, 4].map(|position| EventPlace { partition, position }));
    scene
        .commits(async |tx| {
            for [one, two] in places {
                tx.attempts_write_in_tx(&[attempt(1, one)]).await?;
                tx.dead_letters_insert_in_tx(&[dead_letter(1, two)]).await?;
            }
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
    assert_eq!(scene.store.attempts_list(id(1), 9).await.unwrap(), [attempt(1, places[1][0])]);
    let letters = scene.store.dead_letters_list(id(1), None, 9).await.unwrap();
    assert_eq!(letters.iter().map(|row| row.subject).collect::<Vec<_>>(), [id(other)]);
    assert_eq!(scene.store.dossiers_list("cnaf", None, 9).await.unwrap(), [dossier(other)]);
    assert_eq!(scene.store.event_heads_fetch().await.unwrap(), at(10, 10), "positions are not used again");
    let gone = scene.commits(async |tx| tx.dead_letters_insert_in_tx(&[dead_letter(1, places[0][0])]).await);
    assert_eq!(gone.await.unwrap(), 0, "what is erased is not given up");
}
