//! The shard row: taking it, and the fence.

use std::time::Duration;

use unefois_store::{Fence, Reach, Shard, StoreLimits, Transaction};

use crate::{
    rows::{LARGEST, TEXTS},
    scene::{PATIENCE, Scene, limits, origin},
};

on_both!(
    a_new_shard_is_empty_and_a_taken_one_goes_on_with_a_higher_token,
    the_fence_holds_what_is_as_decided_and_says_what_is_not,
    a_raised_epoch_is_in_every_shard_once_it_is_committed,
    what_is_rolled_back_is_not_advanced,
    the_largest_size_and_any_checkpoint_are_kept,
);

on_several_nodes!(
    each_node_takes_a_shard_of_its_own_until_every_slot_is_held,
    a_shard_that_was_given_back_or_ran_out_is_taken_by_another_and_one_that_is_held_is_not,
    the_fence_renews_the_lease,
    a_shard_given_back_by_one_who_lost_it_stays_its_holder_s,
    a_batch_holds_only_its_own_shard_still,
    whoever_reaches_every_shard_waits_for_the_batches_of_others_and_they_for_it,
    no_shard_is_opened_while_one_reaches_every_shard,
    a_shard_whose_holder_stands_still_in_a_transaction_is_passed_over,
    the_epoch_of_a_new_shard_is_the_one_of_the_hub,
);

async fn fence(scene: &mut Scene, held: &Shard, reach: Reach) -> Fence {
    scene.commits(async |tx| tx.shard_fence_in_tx(held, reach).await).await.unwrap()
}

async fn takes(tx: &mut Transaction<'_>) -> Option<Shard> {
    tx.shard_take_in_tx(&origin).await.unwrap()
}

async fn a_new_shard_is_empty_and_a_taken_one_goes_on_with_a_higher_token(scene: &mut Scene) {
    assert_eq!(scene.store.shard_fetch(0).await.unwrap(), None);
    assert!(scene.store.shards_list().await.unwrap().is_empty());
    let first = scene.takes_a_shard().await;
    assert_eq!((first.slot, first.size, first.authority_epoch), (0, 0, 1));
    assert_eq!((first.origin.clone(), first.checkpoint.as_str()), (origin(0), ""));
    scene.commits(async |tx| tx.shard_advance_in_tx(0, 3, "three").await).await.unwrap();
    scene.writer.shard_release(&first).await.unwrap();
    let second = scene.takes_a_shard().await;
    assert!(second.lease_token > first.lease_token);
    let grown = Shard { size: 3, checkpoint: "three".to_owned(), lease_token: second.lease_token, ..first.clone() };
    assert_eq!(second, grown);
    assert_eq!(scene.store.shard_fetch(0).await.unwrap().as_ref(), Some(&grown));
    assert_eq!(scene.store.shards_list().await.unwrap(), std::slice::from_ref(&grown));
    assert_eq!(scene.writer.shard_settle(&first).await.unwrap().as_ref(), Some(&grown), "also to who lost it");
    assert_eq!(scene.writer.shard_settle(&Shard { slot: 1, ..grown }).await.unwrap(), None);
}

async fn the_fence_holds_what_is_as_decided_and_says_what_is_not(scene: &mut Scene) {
    let held = scene.takes_a_shard().await;
    for reach in [Reach::Own, Reach::Every] {
        assert_eq!(fence(scene, &held, reach).await, Fence::Held);
        assert_eq!(fence(scene, &held, reach).await, Fence::Held, "it changes nothing");
        let moved = Fence::EpochMoved { authority_epoch: held.authority_epoch };
        let older = Shard { authority_epoch: held.authority_epoch - 1, ..held.clone() };
        assert_eq!(fence(scene, &older, reach).await, moved);
        let lost = [
            Shard { lease_token: held.lease_token + 1, ..held.clone() },
            Shard { lease_token: held.lease_token - 1, ..older },
            Shard { size: held.size + 1, ..held.clone() },
            Shard { slot: 7, ..held.clone() },
        ];
        for lost in lost {
            assert_eq!(fence(scene, &lost, reach).await, Fence::LeaseLost, "{lost:?}");
        }
    }
    assert_eq!(scene.store.shard_fetch(0).await.unwrap(), Some(held));
}

async fn a_raised_epoch_is_in_every_shard_once_it_is_committed(scene: &mut Scene) {
    let held = scene.takes_a_shard().await;
    let mut tx = scene.writer.begin().await.unwrap();
    tx.shard_fence_in_tx(&held, Reach::Every).await.unwrap();
    assert_eq!(tx.epoch_raise_in_tx().await.unwrap(), held.authority_epoch + 1);
    assert_eq!(scene.store.shard_fetch(0).await.unwrap(), Some(held.clone()));
    tx.commit().await.unwrap();
    let raised = Shard { authority_epoch: held.authority_epoch + 1, ..held.clone() };
    assert_eq!(scene.store.shards_list().await.unwrap(), std::slice::from_ref(&raised));
    let moved = Fence::EpochMoved { authority_epoch: raised.authority_epoch };
    assert_eq!(fence(scene, &held, Reach::Own).await, moved);
    assert_eq!(fence(scene, &raised, Reach::Own).await, Fence::Held);
}

async fn what_is_rolled_back_is_not_advanced(scene: &mut Scene) {
    let held = scene.takes_a_shard().await;
    let mut tx = scene.writer.begin().await.unwrap();
    tx.shard_fence_in_tx(&held, Reach::Own).await.unwrap();
    tx.shard_advance_in_tx(0, 9, "nine").await.unwrap();
    drop(tx);
    assert_eq!(scene.writer.shard_settle(&held).await.unwrap(), Some(held.clone()));
    assert_eq!(fence(scene, &held, Reach::Own).await, Fence::Held);
}

async fn the_largest_size_and_any_checkpoint_are_kept(scene: &mut Scene) {
    let held = scene.takes_a_shard().await;
    for checkpoint in TEXTS {
        scene.commits(async |tx| tx.shard_advance_in_tx(0, LARGEST, checkpoint).await).await.unwrap();
        let expected = Shard { size: LARGEST, checkpoint: checkpoint.to_owned(), ..held.clone() };
        assert_eq!(scene.store.shard_fetch(0).await.unwrap().as_ref(), Some(&expected));
        assert_eq!(fence(scene, &expected, Reach::Own).await, Fence::Held);
    }
}

async fn each_node_takes_a_shard_of_its_own_until_every_slot_is_held(scene: &mut Scene) {
    let mut node = scene.another_node_with(&StoreLimits { shards_max: 3, ..limits() }).await;
    for slot in 0..3 {
        let mut tx = node.writer.begin().await.unwrap();
        let shard = takes(&mut tx).await.unwrap();
        assert_eq!((shard.slot, shard.origin, shard.lease_token), (slot, origin(slot), 1));
        tx.commit().await.unwrap();
    }
    assert_eq!(takes(&mut node.writer.begin().await.unwrap()).await, None);
    let listed = scene.store.shards_list().await.unwrap();
    assert_eq!(listed.iter().map(|shard| shard.slot).collect::<Vec<_>>(), [0, 1, 2]);
}

async fn a_shard_that_was_given_back_or_ran_out_is_taken_by_another_and_one_that_is_held_is_not(scene: &mut Scene) {
    let (first, second) = (scene.takes_a_shard().await, scene.takes_a_shard().await);
    assert_eq!((first.slot, second.slot), (0, 1));
    scene.runs_sql("UPDATE shard SET lease_until = clock_timestamp() - interval '1 microsecond' WHERE slot = 1");
    let after_the_end = scene.takes_a_shard().await;
    assert_eq!((after_the_end.slot, after_the_end.lease_token), (1, second.lease_token + 1));
    scene.writer.shard_release(&first).await.unwrap();
    let after_release = scene.takes_a_shard().await;
    assert_eq!((after_release.slot, after_release.lease_token), (0, first.lease_token + 1));
    assert_eq!(scene.takes_a_shard().await.slot, 2, "the others are held");
    for lost in [first, second] {
        assert_eq!(fence(scene, &lost, Reach::Own).await, Fence::LeaseLost);
    }
    assert_eq!(fence(scene, &after_release, Reach::Own).await, Fence::Held);
}

async fn the_fence_renews_the_lease(scene: &mut Scene) {
    let held = scene.takes_a_shard().await;
    // It ran out, but nobody took it: it is still this node's.
    scene.runs_sql("UPDATE shard SET lease_until = clock_timestamp() - interval '1 hour'");
    assert_eq!(fence(scene, &held, Reach::Own).await, Fence::Held);
    let left = scene.runs_sql("SELECT lease_until - clock_timestamp() BETWEEN '5 s' AND '10 s' FROM shard");
    assert_eq!((scene.writer.lease(), left.as_str()), (Some(Duration::from_secs(10)), "t"));
    assert_eq!(scene.takes_a_shard().await.slot, 1);
}

async fn a_shard_given_back_by_one_who_lost_it_stays_its_holder_s(scene: &mut Scene) {
    let first = scene.takes_a_shard().await;
    scene.writer.shard_release(&first).await.unwrap();
    let holder = scene.takes_a_shard().await;
    scene.writer.shard_release(&first).await.unwrap();
    assert_eq!(scene.takes_a_shard().await.slot, 1);
    assert_eq!(fence(scene, &holder, Reach::Own).await, Fence::Held);
}

async fn a_batch_holds_only_its_own_shard_still(scene: &mut Scene) {
    let (ours, theirs) = (scene.takes_a_shard().await, scene.takes_a_shard().await);
    let mut other = scene.another_node().await;
    let mut tx = scene.writer.begin().await.unwrap();
    assert_eq!(tx.shard_fence_in_tx(&ours, Reach::Own).await.unwrap(), Fence::Held);
    let mut meanwhile = other.writer.begin().await.unwrap();
    let fenced = tokio::time::timeout(PATIENCE, meanwhile.shard_fence_in_tx(&theirs, Reach::Own)).await.unwrap();
    assert_eq!(fenced.unwrap(), Fence::Held);
    meanwhile.commit().await.unwrap();
    tx.commit().await.unwrap();
}

async fn whoever_reaches_every_shard_waits_for_the_batches_of_others_and_they_for_it(scene: &mut Scene) {
    let (ours, theirs) = (scene.takes_a_shard().await, scene.takes_a_shard().await);
    let (mut remover, mut exchanger) = (scene.another_node().await, scene.another_node().await);

    let mut batch = scene.writer.begin().await.unwrap();
    assert_eq!(batch.shard_fence_in_tx(&ours, Reach::Own).await.unwrap(), Fence::Held);
    let raised = {
        let theirs = theirs.clone();
        tokio::spawn(async move {
            let mut tx = remover.writer.begin().await.unwrap();
            assert_eq!(tx.shard_fence_in_tx(&theirs, Reach::Every).await.unwrap(), Fence::Held);
            (tx.epoch_raise_in_tx().await.unwrap(), tx.commit().await.unwrap()).0
        })
    };
    scene.place.waits_for_a_lock().await;
    assert_eq!(scene.store.shard_fetch(1).await.unwrap().unwrap().authority_epoch, 1, "it waits");
    batch.commit().await.unwrap();
    assert_eq!(tokio::time::timeout(PATIENCE, raised).await.unwrap().unwrap(), 2);

    let theirs = Shard { authority_epoch: 2, ..theirs };
    let mut every = scene.writer.begin().await.unwrap();
    assert_eq!(
        every.shard_fence_in_tx(&Shard { authority_epoch: 2, ..ours }, Reach::Every).await.unwrap(),
        Fence::Held
    );
    let waiting = tokio::spawn(async move {
        let mut tx = exchanger.writer.begin().await.unwrap();
        tx.shard_fence_in_tx(&theirs, Reach::Own).await.unwrap()
    });
    scene.place.waits_for_a_lock().await;
    assert_eq!(every.epoch_raise_in_tx().await.unwrap(), 3);
    every.commit().await.unwrap();
    let found = tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap();
    assert_eq!(found, Fence::EpochMoved { authority_epoch: 3 }, "what it decided is older than the removal");
}

async fn no_shard_is_opened_while_one_reaches_every_shard(scene: &mut Scene) {
    let held = scene.takes_a_shard().await;
    let mut other = scene.another_node().await;
    let mut every = scene.writer.begin().await.unwrap();
    every.shard_fence_in_tx(&held, Reach::Every).await.unwrap();
    let opens = tokio::spawn(async move {
        let mut tx = other.writer.begin().await.unwrap();
        let shard = takes(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        shard
    });
    scene.place.waits_for_a_lock().await;
    assert_eq!(every.epoch_raise_in_tx().await.unwrap(), 2);
    every.commit().await.unwrap();
    let opened = tokio::time::timeout(PATIENCE, opens).await.unwrap().unwrap();
    assert_eq!((opened.slot, opened.authority_epoch), (1, 2));
}

async fn a_shard_whose_holder_stands_still_in_a_transaction_is_passed_over(scene: &mut Scene) {
    let held = scene.takes_a_shard().await;
    let mut other = scene.another_node().await;
    let mut still = scene.writer.begin().await.unwrap();
    still.shard_fence_in_tx(&held, Reach::Own).await.unwrap();
    still.commit().await.unwrap();
    scene.runs_sql("UPDATE shard SET lease_until = clock_timestamp() - interval '1 hour'");
    let mut still = scene.writer.begin().await.unwrap();
    still.shard_advance_in_tx(0, 0, "").await.unwrap();
    let mut tx = other.writer.begin().await.unwrap();
    let taken = tokio::time::timeout(PATIENCE, takes(&mut tx)).await.unwrap();
    assert_eq!(taken.unwrap().slot, 1);
}

async fn the_epoch_of_a_new_shard_is_the_one_of_the_hub(scene: &mut Scene) {
    let first = scene.takes_a_shard().await;
    for _ in 0..3 {
        scene.commits(async |tx| tx.epoch_raise_in_tx().await).await.unwrap();
    }
    assert_eq!(scene.takes_a_shard().await.authority_epoch, first.authority_epoch + 3);
    let epochs: Vec<u64> = scene.store.shards_list().await.unwrap().iter().map(|shard| shard.authority_epoch).collect();
    assert_eq!(epochs, [4, 4]);
}
