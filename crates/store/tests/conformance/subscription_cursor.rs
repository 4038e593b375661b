//! How far subscriptions are: moved on by who knows their version, acknowledged in whatever order.

use unefois_store::{
    Acknowledged, Acknowledgement, EventPlace, PARTITIONS, Positions, SubscriptionAdvance, SubscriptionCursor,
};

use crate::{
    chance::Chance,
    rows::{LONG_AGO, attempt, id, subscription},
    scene::{PATIENCE, Place, Scene},
};

on_both!(
    a_subscription_moves_on_only_for_who_knows_its_version,
    acknowledgements_add_up_in_whatever_order_they_come,
    an_acknowledgement_of_what_was_never_told_changes_nothing,
    what_is_acknowledged_or_passed_has_no_attempts_any_more,
    a_rewound_subscription_is_told_again_and_its_attempts_are_counted_anew,
    five_hundred_subscriptions_move_on_at_once,
);

on_several_nodes!(
    of_two_nodes_that_tell_at_once_only_one_does,
    an_acknowledgement_beside_the_writer_waits_for_the_delivery_and_neither_is_lost,
    nodes_that_move_the_same_subscriptions_do_not_stand_in_each_other_s_way,
);

const NONE: Positions = [0; PARTITIONS];

/// These positions in the first partitions.
pub fn at<const N: usize>(first: [u64; N]) -> Positions {
    let mut positions = NONE;
    positions[..N].copy_from_slice(&first);
    positions
}

pub fn advance(number: u64, version: u64, acknowledged: Positions, delivered: Positions) -> SubscriptionAdvance {
    SubscriptionAdvance { subscription: id(number), version, acknowledged, delivered }
}

pub fn acknowledgement(number: u64, up_to: Positions) -> Acknowledgement {
    Acknowledgement { subscription: id(number), up_to }
}

pub async fn advances(scene: &mut Scene, all: &[SubscriptionAdvance]) -> Vec<bool> {
    scene.commits(async |tx| tx.subscriptions_advance_in_tx(all).await).await.unwrap()
}

pub async fn acknowledges(scene: &mut Scene, all: &[Acknowledgement]) -> Vec<Acknowledged> {
    scene.commits(async |tx| tx.subscriptions_acknowledge_in_tx(all).await).await.unwrap()
}

pub async fn cursor(scene: &Scene, number: u64) -> SubscriptionCursor {
    scene.store.subscription_fetch(id(number)).await.unwrap().unwrap().cursor
}

pub fn is_at(cursor: &SubscriptionCursor, version: u64, acknowledged: Positions, delivered: Positions) {
    let expected = SubscriptionCursor { version, acknowledged, delivered, is_received: false };
    assert_eq!(*cursor, expected);
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
    let mut tx = scene.writer.begin().await.unwrap();
    assert_eq!(tx.subscriptions_advance_in_tx(&[advance(3, 2, NONE, at([8]))]).await.unwrap(), [true]);
    tx.rollback().await.unwrap();
    is_at(&cursor(scene, 3).await, 2, at([4, 2]), at([4, 5]));
}

async fn acknowledgements_add_up_in_whatever_order_they_come(scene: &mut Scene) {
    let mut chance = Chance(3);
    for number in 1..=20 {
        scene.subscribes(&[subscription(number)]).await;
        // The cursors that go with each of a row of events, and an order in which they come back.
        let (mut told, mut cursors) = (NONE, Vec::new());
        for _ in 0..8 {
            told[usize::try_from(chance.below(16)).unwrap()] += 1 + chance.below(3);
            cursors.push(told);
        }
        assert_eq!(advances(scene, &[advance(number, 0, NONE, told)]).await, [true]);
        let mut expected = NONE;
        for _ in 0..6 {
            let up_to = *chance.one_of(&cursors);
            expected = std::array::from_fn(|partition| expected[partition].max(up_to[partition]));
            let done = acknowledges(scene, &[acknowledgement(number, up_to)]).await;
            assert_eq!(done, [Acknowledged::UpTo(expected)]);
        }
        is_at(&cursor(scene, number).await, 1, expected, told);
    }
}

async fn an_acknowledgement_of_what_was_never_told_changes_nothing(scene: &mut Scene) {
    scene.subscribes(&[subscription(1), subscription(2)]).await;
    advances(scene, &[advance(1, 0, NONE, at([5, 5])), advance(2, 0, NONE, at([5, 5]))]).await;
    let all = [acknowledgement(2, at([5, 1])), acknowledgement(9, NONE), acknowledgement(1, at([1, 6]))];
    assert_eq!(
        acknowledges(scene, &all).await,
        [Acknowledged::UpTo(at([5, 1])), Acknowledged::Gone, Acknowledged::NeverTold]
    );
    is_at(&cursor(scene, 1).await, 1, NONE, at([5, 5]));
    is_at(&cursor(scene, 2).await, 1, at([5, 1]), at([5, 5]));
    assert_eq!(acknowledges(scene, &[acknowledgement(1, at([0, 0, 1]))]).await, [Acknowledged::NeverTold]);
    assert!(acknowledges(scene, &[]).await.is_empty());
    let beside = scene.store.subscriptions_acknowledge(&[acknowledgement(1, at([2, 3]))]).await.unwrap();
    match &scene.place {
        Place::Folder { .. } => assert_eq!(beside, None, "there is one writer"),
        Place::Server { .. } => assert_eq!(beside, Some(vec![Acknowledged::UpTo(at([2, 3]))])),
    }
}

async fn what_is_acknowledged_or_passed_has_no_attempts_any_more(scene: &mut Scene) {
    scene.subscribes(&[subscription(1), subscription(2)]).await;
    let place = |partition, position| EventPlace { partition, position };
    let all = [place(0, 1), place(0, 2), place(1, 1), place(1, 2)];
    let attempts = [1, 2].map(|number| all.map(|place| attempt(number, place))).concat();
    scene.commits(async |tx| tx.attempts_write_in_tx(&attempts).await).await.unwrap();
    assert_eq!(scene.store.attempts_list(id(1), 9).await.unwrap(), attempts[..4]);
    let again = unefois_store::AttemptRow { attempts: 3, last_at: LONG_AGO, ..attempt(1, all[0]) };
    scene.commits(async |tx| tx.attempts_write_in_tx(std::slice::from_ref(&again)).await).await.unwrap();
    assert_eq!(scene.store.attempts_list(id(1), 1).await.unwrap(), [again], "the newest count stands");
    advances(scene, &[advance(1, 0, at([1, 0]), at([2, 2]))]).await;
    assert_eq!(scene.store.attempts_list(id(1), 9).await.unwrap(), attempts[1..4]);
    acknowledges(scene, &[acknowledgement(1, at([1, 2]))]).await;
    assert_eq!(scene.store.attempts_list(id(1), 9).await.unwrap(), attempts[1..2]);
    assert_eq!(scene.store.attempts_list(id(2), 9).await.unwrap(), attempts[4..]);
}

async fn a_rewound_subscription_is_told_again_and_its_attempts_are_counted_anew(scene: &mut Scene) {
    scene.subscribes(&[subscription(1), subscription(2)]).await;
    advances(scene, &[advance(1, 0, at([5, 5]), at([9, 9]))]).await;
    let place = EventPlace { partition: 0, position: 7 };
    let attempts = [attempt(1, place), attempt(2, place)];
    scene.commits(async |tx| tx.attempts_write_in_tx(&attempts).await).await.unwrap();
    let rewinds = async |scene: &mut Scene, version, to| {
        scene.commits(async |tx| tx.subscription_rewind_in_tx(id(1), version, &to).await).await.unwrap()
    };
    assert!(!rewinds(scene, 0, at([1, 7])).await);
    assert_eq!(scene.store.attempts_list(id(1), 9).await.unwrap().len(), 1);
    assert!(rewinds(scene, 1, at([1, 7])).await);
    is_at(&cursor(scene, 1).await, 2, at([1, 7]), at([9, 9]));
    assert!(scene.store.attempts_list(id(1), 9).await.unwrap().is_empty());
    assert_eq!(scene.store.attempts_list(id(2), 9).await.unwrap().len(), 1);
    assert!(rewinds(scene, 2, at([0, 12])).await, "forwards too: what is left out counts as told");
    is_at(&cursor(scene, 1).await, 3, at([0, 12]), at([9, 12]));
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

async fn an_acknowledgement_beside_the_writer_waits_for_the_delivery_and_neither_is_lost(scene: &mut Scene) {
    scene.subscribes(&[subscription(1)]).await;
    advances(scene, &[advance(1, 0, NONE, at([3]))]).await;
    let mut tx = scene.writer.begin().await.unwrap();
    assert_eq!(tx.subscriptions_advance_in_tx(&[advance(1, 1, NONE, at([7]))]).await.unwrap(), [true]);
    let up_to = [acknowledgement(1, at([3]))];
    let acknowledged = async {
        let done = scene.store.subscriptions_acknowledge(&up_to);
        tokio::time::timeout(PATIENCE, done).await.unwrap().unwrap()
    };
    let (acknowledged, ()) = tokio::join!(acknowledged, async {
        scene.place.waits_for_a_lock().await;
        tx.commit().await.unwrap();
    });
    assert_eq!(acknowledged, Some(vec![Acknowledged::UpTo(at([3]))]));
    is_at(&cursor(scene, 1).await, 2, at([3]), at([7]));
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
                    let found = node.store.subscription_fetch(id(number)).await.unwrap().unwrap().cursor;
                    let mut delivered = found.delivered;
                    delivered[0] += 1;
                    all.push(advance(number, found.version, NONE, delivered));
                }
                let first = usize::try_from(chance.below(8)).unwrap();
                all.rotate_left(first);
                let up_to: Vec<Acknowledgement> =
                    (1..=8).rev().map(|number| acknowledgement(number, at([chance.below(3)]))).collect();
                let mut tx = node.writer.begin().await.unwrap();
                tx.subscriptions_advance_in_tx(&all).await.unwrap();
                tx.commit().await.unwrap();
                node.store.subscriptions_acknowledge(&up_to).await.unwrap();
            }
        });
    }
    nodes.join_all().await;
    for number in 1..=8 {
        let cursor = cursor(scene, number).await;
        assert_eq!(cursor.version, cursor.delivered[0], "each step was made once");
        assert!(cursor.version >= 50 && cursor.acknowledged[0] == 2);
    }
}
