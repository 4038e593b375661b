//! How far subscriptions are: moved on by who knows their version, and set back.

use unefois_core::{Attempted, Cursor, PARTITIONS, Telling};
use unefois_store::{SubscriptionAdvance, SubscriptionCursor};

use crate::{
    chance::Chance,
    rows::{attempt, place, subscription, subscription_id},
    scene::{PATIENCE, Scene},
};

on_both!(
    a_subscription_moves_on_only_for_who_knows_its_version,
    a_subscription_never_goes_back_by_moving_on,
    what_is_settled_has_no_attempts_any_more,
    of_two_counts_of_one_event_that_are_written_at_once_the_last_stands,
    a_rewound_subscription_is_told_again_and_its_attempts_are_counted_anew,
    five_hundred_subscriptions_move_on_at_once,
);

on_several_nodes!(
    of_two_nodes_that_tell_at_once_only_one_does,
    nodes_that_move_the_same_subscriptions_do_not_stand_in_each_other_s_way,
);

const NONE: Cursor = Cursor::BEGIN;

/// These positions in the first partitions.
pub fn at<const N: usize>(first: [u64; N]) -> Cursor {
    let mut positions = [0; PARTITIONS];
    positions[..N].copy_from_slice(&first);
    Cursor::of(positions)
}

/// A step by one telling.
pub fn advance(number: u64, version: u64, acknowledged: Cursor, delivered: Cursor) -> SubscriptionAdvance {
    let (subscription, telling) = (subscription_id(number), Telling(version + 1));
    SubscriptionAdvance { subscription, version, acknowledged, delivered, telling, void_through: Telling(version) }
}

pub async fn advances(scene: &mut Scene, all: &[SubscriptionAdvance]) -> Vec<bool> {
    scene.commits(async |tx| tx.subscriptions_advance_in_tx(all).await).await.unwrap()
}

pub async fn cursor(scene: &Scene, number: u64) -> SubscriptionCursor {
    scene.store.subscription_fetch(subscription_id(number)).await.unwrap().unwrap().cursor
}

pub fn is_at(cursor: &SubscriptionCursor, version: u64, acknowledged: Cursor, delivered: Cursor) {
    assert_eq!((cursor.version, cursor.acknowledged, cursor.delivered), (version, acknowledged, delivered));
    assert!(!cursor.is_received);
}

async fn a_subscription_moves_on_only_for_who_knows_its_version(scene: &mut Scene) {
    scene.subscribes(&[subscription(1), subscription(2), subscription(3)]).await;
    // The third first: answers are in the order of the questions, not of the rows.
    let all = [
        advance(3, 0, at([0, 2]), at([0, 5])),
        advance(9, 0, NONE, at([1])),
        advance(1, 7, NONE, at([1])),
        advance(2, 0, at([3]), at([1, 4])),
    ];
    assert_eq!(advances(scene, &all).await, [true, false, false, true]);
    is_at(&cursor(scene, 1).await, 0, NONE, NONE);
    is_at(&cursor(scene, 2).await, 1, at([3]), at([3, 4]));
    is_at(&cursor(scene, 3).await, 1, at([0, 2]), at([0, 5]));
    assert_eq!(advances(scene, &[advance(3, 0, NONE, at([9]))]).await, [false], "it has moved since");
    assert_eq!(advances(scene, &[advance(3, 1, at([4]), at([4, 1]))]).await, [true]);
    is_at(&cursor(scene, 3).await, 2, at([4, 2]), at([4, 5]));
    assert!(advances(scene, &[]).await.is_empty());
    // Of two that share a transaction only one tells.
    let both = [advance(2, 1, NONE, at([6])), advance(1, 9, NONE, at([7])), advance(2, 1, at([8]), at([8]))];
    assert_eq!(advances(scene, &both).await, [true, false, false]);
    is_at(&cursor(scene, 2).await, 2, at([3]), at([6, 4]));
    let stale_first = [advance(2, 1, NONE, at([9])), advance(2, 2, NONE, at([7]))];
    assert_eq!(advances(scene, &stale_first).await, [false, true]);
    is_at(&cursor(scene, 2).await, 3, at([3]), at([7, 4]));
    let mut tx = scene.writer.begin().await.unwrap();
    assert_eq!(tx.subscriptions_advance_in_tx(&[advance(3, 2, NONE, at([8]))]).await.unwrap(), [true]);
    tx.rollback().await.unwrap();
    is_at(&cursor(scene, 3).await, 2, at([4, 2]), at([4, 5]));
}

async fn a_subscription_never_goes_back_by_moving_on(scene: &mut Scene) {
    scene.subscribes(&[subscription(1)]).await;
    let first =
        SubscriptionAdvance { telling: Telling(9), void_through: Telling(7), ..advance(1, 0, at([5]), at([6])) };
    assert_eq!(advances(scene, &[first]).await, [true]);
    let second =
        SubscriptionAdvance { telling: Telling(8), void_through: Telling(3), ..advance(1, 1, at([2, 2]), NONE) };
    assert_eq!(advances(scene, &[second]).await, [true]);
    let found = cursor(scene, 1).await;
    is_at(&found, 2, at([5, 2]), at([6, 2]));
    assert_eq!((found.telling, found.void_through), (Telling(9), Telling(7)));
}

async fn attempts(scene: &Scene, number: u64) -> Vec<Attempted> {
    scene.store.attempts_list(subscription_id(number), 9).await.unwrap()
}

async fn writes(scene: &mut Scene, number: u64, attempts: &[Attempted]) {
    let of = subscription_id(number);
    scene.commits(async |tx| tx.attempts_write_in_tx(of, attempts).await).await.unwrap();
}

async fn what_is_settled_has_no_attempts_any_more(scene: &mut Scene) {
    scene.subscribes(&[subscription(1), subscription(2)]).await;
    let all = [place(0, 1), place(0, 2), place(1, 1), place(1, 2)].map(attempt);
    for number in [1, 2] {
        writes(scene, number, &all).await;
    }
    assert_eq!(attempts(scene, 1).await, all);
    let last_at = jiff::Timestamp::from_microsecond(crate::rows::LONG_AGO).unwrap();
    let again = Attempted { attempts: 2_147_483_647, last_at, rejected: None, place: place(0, 1) };
    writes(scene, 1, std::slice::from_ref(&again)).await;
    assert_eq!(attempts(scene, 1).await[0], again, "the newest count stands");
    assert_eq!(scene.store.attempts_list(subscription_id(1), 1).await.unwrap(), [again]);
    advances(scene, &[advance(1, 0, at([1, 0]), at([2, 2]))]).await;
    assert_eq!(attempts(scene, 1).await, all[1..4]);
    advances(scene, &[advance(1, 1, at([1, 2]), at([2, 2]))]).await;
    assert_eq!(attempts(scene, 1).await, all[1..2]);
    assert_eq!(attempts(scene, 2).await, all);
    writes(scene, 2, &[]).await;
}

async fn of_two_counts_of_one_event_that_are_written_at_once_the_last_stands(scene: &mut Scene) {
    scene.subscribes(&[subscription(1)]).await;
    let last = Attempted { attempts: 3, rejected: None, ..attempt(place(0, 1)) };
    writes(scene, 1, &[attempt(place(0, 1)), attempt(place(1, 1)), last.clone()]).await;
    assert_eq!(attempts(scene, 1).await, [last, attempt(place(1, 1))]);
}

async fn a_rewound_subscription_is_told_again_and_its_attempts_are_counted_anew(scene: &mut Scene) {
    scene.subscribes(&[subscription(1), subscription(2)]).await;
    advances(scene, &[advance(1, 0, at([5, 5]), at([9, 9]))]).await;
    for number in [1, 2] {
        writes(scene, number, &[attempt(place(0, 7))]).await;
    }
    let rewinds = async |scene: &mut Scene, version, to| {
        let of = subscription_id(1);
        scene.commits(async |tx| tx.subscription_rewind_in_tx(of, version, &to).await).await.unwrap()
    };
    assert!(!rewinds(scene, 0, at([1, 7])).await);
    assert_eq!(attempts(scene, 1).await.len(), 1);
    assert!(rewinds(scene, 1, at([1, 7])).await);
    let found = cursor(scene, 1).await;
    is_at(&found, 2, at([1, 7]), at([1, 7]));
    assert_eq!((found.telling, found.void_through), (Telling(1), Telling(1)), "no cursor of before counts");
    assert_eq!((found.set_back_at, cursor(scene, 2).await.set_back_at), (Telling(1), Telling(0)));
    assert!(attempts(scene, 1).await.is_empty());
    assert_eq!(attempts(scene, 2).await.len(), 1);
}

async fn five_hundred_subscriptions_move_on_at_once(scene: &mut Scene) {
    for number in 1..=500 {
        scene.subscribes(&[subscription(number)]).await;
    }
    let of = |number: u64| advance(number, number % 2, at([number]), at([number, number]));
    let all: Vec<SubscriptionAdvance> = (1..=500).rev().map(of).collect();
    let moved = advances(scene, &all).await;
    assert!((1..=500).rev().zip(moved).all(|(number, moved)| moved == (number % 2 == 0)));
    is_at(&cursor(scene, 444).await, 1, at([444]), at([444, 444]));
    is_at(&cursor(scene, 333).await, 0, NONE, NONE);
}

async fn of_two_nodes_that_tell_at_once_only_one_does(scene: &mut Scene) {
    scene.subscribes(&[subscription(1)]).await;
    let mut other = scene.another_node().await;
    let mut first = other.writer.begin().await.unwrap();
    assert_eq!(first.subscriptions_advance_in_tx(&[advance(1, 0, NONE, at([3]))]).await.unwrap(), [true]);
    let Scene { writer, place, .. } = &mut *scene;
    let second = async {
        let mut tx = writer.begin().await.unwrap();
        let asked = [advance(1, 0, NONE, at([2]))];
        let moved = tokio::time::timeout(PATIENCE, tx.subscriptions_advance_in_tx(&asked)).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        moved
    };
    let (moved, ()) = tokio::join!(second, async {
        place.waits_for_a_lock().await;
        first.commit().await.unwrap();
    });
    assert_eq!(moved, [false]);
    is_at(&cursor(scene, 1).await, 1, NONE, at([3]));
}

async fn nodes_that_move_the_same_subscriptions_do_not_stand_in_each_other_s_way(scene: &mut Scene) {
    for number in 1..=8 {
        scene.subscribes(&[subscription(number)]).await;
    }
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(scene.another_node().await);
    }
    let mut nodes = tokio::task::JoinSet::new();
    for (mut node, seed) in all.into_iter().zip(0..) {
        nodes.spawn(async move {
            let mut chance = Chance(seed);
            for _ in 0..50 {
                let mut all = Vec::new();
                for number in 1..=8 {
                    let found = node.store.subscription_fetch(subscription_id(number)).await.unwrap().unwrap().cursor;
                    let delivered = at([found.delivered.positions()[0] + 1]);
                    all.push(advance(number, found.version, NONE, delivered));
                }
                let first = usize::try_from(chance.below(8)).unwrap();
                all.rotate_left(first);
                let mut tx = node.writer.begin().await.unwrap();
                tx.subscriptions_advance_in_tx(&all).await.unwrap();
                tx.commit().await.unwrap();
            }
        });
    }
    nodes.join_all().await;
    for number in 1..=8 {
        let cursor = cursor(scene, number).await;
        assert_eq!(cursor.version, cursor.delivered.positions()[0], "each step was made once");
        assert!(cursor.version >= 50);
    }
}
