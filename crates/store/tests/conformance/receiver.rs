//! One receiver at a time.

use std::time::Duration;

use unefois_store::{Receiver, ReceiverTaken};

use crate::{
    rows::{NOW, id, subscription, subscription_id},
    scene::Scene,
    subscription_cursor::{advance, advances},
};

on_both!(
    a_subscription_has_one_receiver_at_a_time,
    a_receiver_that_ran_out_goes_on_unless_another_took_its_place,
    a_subscription_that_is_gone_is_received_by_nobody,
    the_versions_of_several_subscriptions_are_found_at_once,
);

on_several_nodes!(
    a_receiver_on_another_node_is_known_here_and_its_end_too,
    whoever_takes_a_subscription_over_makes_void_what_was_decided_before,
);

/// Longer than any test.
const LONG: Duration = Duration::from_secs(600);

fn receiver(subscription: u64, token: u64) -> Receiver {
    Receiver { subscription: subscription_id(subscription), token: id(1_000 + token) }
}

async fn takes(scene: &Scene, receiver: Receiver) -> ReceiverTaken {
    scene.store.receiver_take(receiver, LONG).await.unwrap()
}

async fn is_received(scene: &Scene, number: u64) -> bool {
    scene.store.subscription_fetch(subscription_id(number)).await.unwrap().unwrap().cursor.is_received
}

fn is_in_use(taken: ReceiverTaken) -> bool {
    matches!(taken, ReceiverTaken::InUse { left } if left > LONG / 2 && left <= LONG)
}

async fn a_subscription_has_one_receiver_at_a_time(scene: &mut Scene) {
    scene.subscribes(&[subscription(1), subscription(2)]).await;
    assert!(!is_received(scene, 1).await);
    assert_eq!(takes(scene, receiver(1, 1)).await, ReceiverTaken::Taken);
    assert!(is_received(scene, 1).await && !is_received(scene, 2).await);
    assert!(is_in_use(takes(scene, receiver(1, 2)).await));
    assert_eq!(takes(scene, receiver(1, 1)).await, ReceiverTaken::Taken, "it is its own already");
    assert_eq!(takes(scene, receiver(2, 2)).await, ReceiverTaken::Taken);
    let all = [receiver(2, 2), receiver(1, 2), receiver(1, 1), receiver(9, 1)];
    assert_eq!(scene.store.receivers_renew(&all, LONG).await.unwrap(), [true, false, true, false]);
    scene.store.receiver_release(receiver(1, 2)).await.unwrap();
    assert!(is_in_use(takes(scene, receiver(1, 2)).await), "who does not receive ends nothing");
    scene.store.receiver_release(receiver(1, 1)).await.unwrap();
    assert!(!is_received(scene, 1).await);
    assert_eq!(scene.store.receivers_renew(&[receiver(1, 1)], LONG).await.unwrap(), [false]);
    assert_eq!(takes(scene, receiver(1, 2)).await, ReceiverTaken::Taken);
    assert!(scene.store.receivers_renew(&[], LONG).await.unwrap().is_empty());
}

async fn a_receiver_that_ran_out_goes_on_unless_another_took_its_place(scene: &mut Scene) {
    scene.subscribes(&[subscription(1), subscription(2)]).await;
    for number in [1, 2] {
        let taken = scene.store.receiver_take(receiver(number, 1), Duration::ZERO).await.unwrap();
        assert_eq!(taken, ReceiverTaken::Taken);
        assert!(!is_received(scene, number).await, "it ran out");
    }
    assert_eq!(takes(scene, receiver(2, 2)).await, ReceiverTaken::Taken);
    let renewed = scene.store.receivers_renew(&[receiver(1, 1), receiver(2, 1)], LONG).await.unwrap();
    assert_eq!(renewed, [true, false]);
    assert!(is_in_use(takes(scene, receiver(1, 2)).await));
    assert!(is_in_use(takes(scene, receiver(2, 1)).await));
}

async fn a_subscription_that_is_gone_is_received_by_nobody(scene: &mut Scene) {
    assert_eq!(takes(scene, receiver(9, 1)).await, ReceiverTaken::Gone);
    scene.subscribes(&[subscription(1)]).await;
    assert_eq!(takes(scene, receiver(1, 1)).await, ReceiverTaken::Taken);
    scene.commits(async |tx| tx.subscription_delete_in_tx(subscription_id(1), NOW).await).await.unwrap();
    assert_eq!(scene.store.receivers_renew(&[receiver(1, 1)], LONG).await.unwrap(), [false]);
    assert_eq!(takes(scene, receiver(1, 2)).await, ReceiverTaken::Gone);
}

async fn the_versions_of_several_subscriptions_are_found_at_once(scene: &mut Scene) {
    scene.subscribes(&[subscription(1), subscription(2)]).await;
    let before = scene.store.subscription_fetch(subscription_id(2)).await.unwrap().unwrap().cursor;
    assert_eq!(advances(scene, &[advance(2, before.version, before.acknowledged, before.delivered)]).await, [true]);
    let ids = [3, 2, 1, 2].map(subscription_id);
    let versions = scene.store.subscription_versions_fetch(&ids).await.unwrap();
    assert_eq!(versions, [None, Some(before.version + 1), Some(before.version), Some(before.version + 1)]);
    assert!(scene.store.subscription_versions_fetch(&[]).await.unwrap().is_empty());
}

async fn a_receiver_on_another_node_is_known_here_and_its_end_too(scene: &mut Scene) {
    scene.subscribes(&[subscription(1)]).await;
    let other = scene.another_node().await;
    assert_eq!(other.store.receiver_take(receiver(1, 1), LONG).await.unwrap(), ReceiverTaken::Taken);
    assert!(is_received(scene, 1).await && is_in_use(takes(scene, receiver(1, 2)).await));
    // The other node was killed: nobody says again that it receives.
    scene.runs_sql("UPDATE subscription_cursor SET receiver_until = clock_timestamp() - interval '1 microsecond'");
    assert!(!is_received(scene, 1).await);
    assert_eq!(takes(scene, receiver(1, 2)).await, ReceiverTaken::Taken);
    assert_eq!(other.store.receivers_renew(&[receiver(1, 1)], LONG).await.unwrap(), [false]);
}

async fn whoever_takes_a_subscription_over_makes_void_what_was_decided_before(scene: &mut Scene) {
    scene.subscribes(&[subscription(1)]).await;
    takes(scene, receiver(1, 1)).await;
    let before = scene.store.subscription_fetch(subscription_id(1)).await.unwrap().unwrap().cursor;
    scene.runs_sql("UPDATE subscription_cursor SET receiver_until = clock_timestamp() - interval '1 microsecond'");
    takes(scene, receiver(1, 2)).await;
    let stale = advance(1, before.version, before.acknowledged, before.delivered);
    assert_eq!(advances(scene, &[stale]).await, [false]);
}
