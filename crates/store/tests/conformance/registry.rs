//! The registry: every version of every item.

use std::time::Duration;

use unefois_store::{Reach, RegistryItemRow, RegistryVersionRow};

use crate::{
    rows::{LARGEST, LONG_AGO, TEXTS, registry_item, registry_version},
    scene::{PATIENCE, Scene},
};

on_both!(
    each_version_is_what_was_in_force_then,
    items_are_listed_in_the_order_of_their_bytes,
    a_thousand_items_are_applied_at_once,
    a_version_is_applied_once_and_whole,
    a_transaction_sees_its_own_registry_before_others_do,
);

on_several_nodes!(other_nodes_wake_when_the_registry_or_the_epoch_is_committed_and_not_before);

async fn each_version_is_what_was_in_force_then(scene: &mut Scene) {
    assert_eq!(scene.store.registry_fetch().await.unwrap(), (0, vec![]));
    let [a, a2, b, c] = [("agency", "a", "1"), ("agency", "a", "2"), ("agency", "b", "1"), ("agreement", "a", "1")];
    scene.applies_registry(1, &[a, c]).await;
    scene.applies_registry(2, &[b]).await;
    scene.applies_registry(5, &[a2]).await;
    scene.applies_registry(LARGEST, &[]).await;
    let items = |items: &[(&str, &str, &str)]| items.iter().copied().map(registry_item).collect::<Vec<_>>();
    assert_eq!(scene.store.registry_fetch().await.unwrap(), (LARGEST, items(&[a2, b, c])));
    let expected = [
        (0, items(&[])),
        (1, items(&[a, c])),
        (2, items(&[a, b, c])),
        (4, items(&[a, b, c])),
        (5, items(&[a2, b, c])),
        (LARGEST, items(&[a2, b, c])),
    ];
    for (version, expected) in expected {
        assert_eq!(scene.store.registry_at_fetch(version).await.unwrap(), expected, "{version}");
    }
}

async fn items_are_listed_in_the_order_of_their_bytes(scene: &mut Scene) {
    let sorted: Vec<(&str, &str, &str)> = TEXTS.into_iter().flat_map(|noun| TEXTS.map(|id| (noun, id, noun))).collect();
    let backwards: Vec<_> = sorted.iter().rev().copied().collect();
    scene.applies_registry(1, &backwards).await;
    let expected: Vec<RegistryItemRow> = sorted.into_iter().map(registry_item).collect();
    assert_eq!(scene.store.registry_fetch().await.unwrap(), (1, expected.clone()));
    assert_eq!(scene.store.registry_at_fetch(1).await.unwrap(), expected);
}

async fn a_thousand_items_are_applied_at_once(scene: &mut Scene) {
    let ids: Vec<String> = (0..1_000).map(|n| format!("{n:04}")).collect();
    let body = "{\"é\": \"\\u0000\"}".repeat(500);
    let all: Vec<_> = ids.iter().map(|id| ("revocation", id.as_str(), body.as_str())).collect();
    scene.applies_registry(1, &all).await;
    scene.applies_registry(2, &all[500..]).await;
    let (version, found) = scene.store.registry_fetch().await.unwrap();
    assert_eq!((version, found.len()), (2, 1_000));
    assert!(found.iter().zip(&ids).all(|(item, id)| item.id == *id && item.body == body));
}

async fn a_version_is_applied_once_and_whole(scene: &mut Scene) {
    scene.applies_registry(1, &[("agency", "a", "1")]).await;
    let twice = [("agency", "b", "1"), ("agency", "b", "2")].map(registry_item);
    let again = [registry_item(("agency", "a", "2"))];
    for (version, items) in [(1, &again[..]), (2, &twice[..])] {
        let row = RegistryVersionRow { applied_at: LONG_AGO, ..registry_version(version) };
        let taken = scene.commits(async |tx| tx.registry_apply_in_tx(&row, items).await).await.unwrap_err();
        assert!(scene.is_taken(&taken), "{taken:?}");
    }
    let first = (1, vec![registry_item(("agency", "a", "1"))]);
    assert_eq!(scene.store.registry_fetch().await.unwrap(), first);
    assert_eq!(scene.store.registry_at_fetch(2).await.unwrap(), first.1);
}

async fn a_transaction_sees_its_own_registry_before_others_do(scene: &mut Scene) {
    let mut tx = scene.writer.begin().await.unwrap();
    let item = registry_item(("agency", "a", "1"));
    tx.registry_apply_in_tx(&registry_version(1), std::slice::from_ref(&item)).await.unwrap();
    assert_eq!(tx.registry_fetch_in_tx().await.unwrap(), (1, vec![item.clone()]));
    assert_eq!(scene.store.registry_fetch().await.unwrap(), (0, vec![]));
    tx.commit().await.unwrap();
    assert_eq!(scene.store.registry_fetch().await.unwrap(), (1, vec![item]));
}

async fn other_nodes_wake_when_the_registry_or_the_epoch_is_committed_and_not_before(scene: &mut Scene) {
    let shard = scene.takes_a_shard().await;
    let other = scene.another_node().await;
    let mut wakes = other.store.wakes().await.unwrap().unwrap();
    let mut tx = scene.writer.begin().await.unwrap();
    tx.registry_apply_in_tx(&registry_version(1), &[]).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(200), wakes.next()).await;
    assert!(early.is_err(), "nothing is in force yet: {early:?}");
    tx.commit().await.unwrap();
    tokio::time::timeout(PATIENCE, wakes.next()).await.unwrap().unwrap();
    assert_eq!(other.store.registry_fetch().await.unwrap().0, 1);

    let raised = scene.commits(async |tx| {
        tx.shard_fence_in_tx(&shard, Reach::Every).await?;
        tx.epoch_raise_in_tx().await
    });
    let raised = raised.await.unwrap();
    tokio::time::timeout(PATIENCE, wakes.next()).await.unwrap().unwrap();
    assert_eq!(other.store.authority_fetch().await.unwrap().epoch, raised);
}
