//! What is in force, in numbers.

use unefois_store::Reach;

use crate::{
    rows::{NOW, id},
    scene::Scene,
};

on_both!(
    the_mark_of_a_new_hub_is_nothing_at_all,
    epoch_registry_and_erasures_move_the_mark_and_only_their_own_part_of_it,
    what_is_rolled_back_or_dropped_moves_nothing,
);

async fn the_mark_of_a_new_hub_is_nothing_at_all(scene: &mut Scene) {
    let mark = scene.store.authority_fetch().await.unwrap();
    assert_eq!((mark.epoch, mark.registry), (0, 0));
    assert_eq!(mark.erasure, scene.store.erasure_newest_fetch().await.unwrap());
    assert_eq!(scene.writer.begin().await.unwrap().authority_in_tx().await.unwrap(), mark);
}

async fn epoch_registry_and_erasures_move_the_mark_and_only_their_own_part_of_it(scene: &mut Scene) {
    let shard = scene.takes_a_shard().await;
    let first = scene.store.authority_fetch().await.unwrap();
    assert_eq!(first.epoch, shard.authority_epoch);

    let raised = scene.commits(async |tx| {
        tx.shard_fence_in_tx(&shard, Reach::Every).await?;
        tx.epoch_raise_in_tx().await
    });
    assert_eq!(raised.await.unwrap(), first.epoch + 1);
    let second = scene.store.authority_fetch().await.unwrap();
    assert_eq!((second.epoch, second.registry, second.erasure), (first.epoch + 1, 0, first.erasure));

    scene.applies_registry(7, &[("agency", "cnaf", "{}")]).await;
    let third = scene.store.authority_fetch().await.unwrap();
    assert_eq!((third.epoch, third.registry, third.erasure), (second.epoch, 7, first.erasure));

    let erased = scene.commits(async |tx| {
        let number = tx.erasure_insert_in_tx(&[id(1)], &[], NOW).await?;
        Ok((number, tx.authority_in_tx().await?))
    });
    let (number, within) = erased.await.unwrap();
    assert!(number > first.erasure);
    assert_eq!((within.epoch, within.registry, within.erasure), (third.epoch, 7, number));
    assert_eq!(scene.store.authority_fetch().await.unwrap(), within);
}

async fn what_is_rolled_back_or_dropped_moves_nothing(scene: &mut Scene) {
    scene.takes_a_shard().await;
    let before = scene.store.authority_fetch().await.unwrap();
    let mut tx = scene.writer.begin().await.unwrap();
    let raised = tx.epoch_raise_in_tx().await.unwrap();
    assert_eq!(tx.authority_in_tx().await.unwrap().epoch, raised);
    assert_eq!(scene.store.authority_fetch().await.unwrap(), before);
    tx.rollback().await.unwrap();
    let mut tx = scene.writer.begin().await.unwrap();
    assert_eq!(tx.authority_in_tx().await.unwrap(), before);
    tx.erasure_insert_in_tx(&[id(1)], &[], NOW).await.unwrap();
    drop(tx);
    let mut tx = scene.writer.begin().await.unwrap();
    assert_eq!(tx.authority_in_tx().await.unwrap(), before);
}
