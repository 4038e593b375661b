//! Batches that are recorded at once, or not at all.

use unefois_store::{Batch, EntryRow, QuotaOf, QuotaSpent, Reach, RequestClaim, Shard, TileRow};

use crate::{
    rows::{FAR_AHEAD, LONG_AGO, NOW, bytes, claim, entry, entry_about, id, tile, trace_key},
    scene::{PATIENCE, Scene},
};

on_both!(
    a_batch_is_read_back_as_it_was_recorded_and_the_next_one_follows_it,
    a_batch_is_not_recorded_when_the_shard_is_not_as_held,
    a_batch_is_not_recorded_when_one_of_its_claims_is_taken_however_long_ago,
    a_batch_of_a_thousand_entries_is_recorded,
    what_was_settled_tells_whether_a_batch_is_there,
);

on_several_nodes!(
    a_batch_waits_for_who_holds_its_shard_and_is_not_recorded_after_a_removal,
    a_batch_whose_claim_another_node_has_in_hand_waits_for_it,
    a_batch_that_was_sent_before_its_shard_was_settled_does_nothing,
    a_batch_after_a_lost_connection_is_not_recorded_at_once,
);

const DAY: &str = "2026-11-21";

/// What batches are made of.
struct Made {
    entries: Vec<EntryRow>,
    tiles: Vec<TileRow>,
    claims: Vec<RequestClaim>,
}

fn made(entries: impl IntoIterator<Item = u64>) -> Made {
    let entries: Vec<EntryRow> = entries.into_iter().map(entry).collect();
    let claims = entries.iter().map(|entry| claim(entry.index)).collect();
    Made { entries, tiles: Vec::new(), claims }
}

impl Made {
    fn on<'a>(&'a self, held: &'a Shard) -> Batch<'a> {
        let Self { entries, tiles, claims } = self;
        Batch { held, entries, tiles, checkpoint: "signed", claims, spent: &[] }
    }
}

async fn records(scene: &mut Scene, held: &Shard, made: &Made) -> bool {
    scene.writer.batch_record(&made.on(held)).await.unwrap()
}

/// A shard that this node holds and has written.
async fn held(scene: &mut Scene) -> Shard {
    let held = scene.takes_a_shard().await;
    scene.commits(async |tx| tx.shard_fence_in_tx(&held, Reach::Own).await).await.unwrap();
    held
}

fn grown(held: &Shard, size: u64) -> Shard {
    Shard { size, checkpoint: "signed".to_owned(), ..held.clone() }
}

async fn stored(scene: &Scene, claim: &RequestClaim) -> Option<RequestClaim> {
    scene.store.request_claim_fetch(&claim.agency, &claim.request_id, LONG_AGO).await.unwrap()
}

/// That nothing of a batch is there, and the shard as it was.
async fn is_untouched(scene: &Scene, held: &Shard, made: &Made) {
    assert_eq!(scene.store.shard_fetch(held.slot).await.unwrap().as_ref(), Some(held));
    for entry in &made.entries {
        assert_eq!(scene.store.entry_fetch(held.slot, entry.index).await.unwrap(), None);
    }
}

async fn a_batch_is_read_back_as_it_was_recorded_and_the_next_one_follows_it(scene: &mut Scene) {
    let shard = held(scene).await;
    let of = QuotaOf { agreement: "a-1", day: DAY, limit: 9, unspent: 0 };
    scene.commits(async |tx| tx.quota_draw_in_tx(0, of, 9).await).await.unwrap();
    let live = RequestClaim { held: None, live: Some((id(2), bytes(2))), claimed_at: FAR_AHEAD, ..claim(1) };
    let made = Made {
        entries: vec![entry(0), entry_about(1, 7), EntryRow { leaf: Vec::new(), ..entry_about(2, 8) }],
        tiles: vec![tile(0, 0), tile(1, 0)],
        claims: vec![claim(0), live],
    };
    let spent = [QuotaSpent { agreement: "a-1", day: DAY, spent: 3 }];
    assert!(scene.writer.batch_record(&Batch { spent: &spent, ..made.on(&shard) }).await.unwrap());
    for entry in &made.entries {
        assert_eq!(scene.store.entry_fetch(0, entry.index).await.unwrap().as_ref(), Some(entry));
    }
    assert_eq!(scene.store.entry_fetch(0, 1).await.unwrap().unwrap().personal, Some((trace_key(7), bytes(1))));
    for tile in &made.tiles {
        assert_eq!(scene.store.tile_fetch(0, tile.level, tile.index).await.unwrap(), tile.hashes);
        assert_eq!(scene.store.tile_roots_list(0, tile.level, 0, 1).await.unwrap(), [tile.root]);
    }
    for claim in &made.claims {
        assert_eq!(stored(scene, claim).await.as_ref(), Some(claim));
    }
    assert_eq!(scene.store.quota_shares_list(0, DAY).await.unwrap()[0].spent, 3);
    assert_eq!(scene.store.shard_fetch(0).await.unwrap(), Some(grown(&shard, 3)));

    let next = self::made(3..5);
    assert!(!records(scene, &shard, &next).await, "the shard has grown");
    assert!(records(scene, &grown(&shard, 3), &next).await);
    assert_eq!(scene.store.leaf_hashes_list(0, 0, 5).await.unwrap().len(), 5);
    assert_eq!(scene.store.quota_shares_list(0, DAY).await.unwrap()[0].spent, 3);
}

async fn a_batch_is_not_recorded_when_the_shard_is_not_as_held(scene: &mut Scene) {
    let shard = held(scene).await;
    let made = made(0..2);
    let others = [
        Shard { lease_token: shard.lease_token + 1, ..shard.clone() },
        Shard { lease_token: shard.lease_token - 1, ..shard.clone() },
        Shard { authority_epoch: shard.authority_epoch + 1, ..shard.clone() },
        Shard { authority_epoch: shard.authority_epoch - 1, ..shard.clone() },
        Shard { size: 1, ..shard.clone() },
        Shard { slot: 7, ..shard.clone() },
    ];
    for other in others {
        assert!(!records(scene, &other, &made).await, "{other:?}");
        is_untouched(scene, &shard, &made).await;
        assert_eq!(stored(scene, &made.claims[0]).await, None);
    }
    assert!(records(scene, &shard, &made).await, "and it works when it is");
}

async fn a_batch_is_not_recorded_when_one_of_its_claims_is_taken_however_long_ago(scene: &mut Scene) {
    let shard = held(scene).await;
    for (taken, claimed_at) in [(1, NOW), (2, LONG_AGO)] {
        let before = RequestClaim { claimed_at, index: 99, ..claim(taken) };
        let taking = before.clone();
        let done = scene.commits(async |tx| {
            let claims = [taking];
            let taken = tx.request_claims_take_in_tx(&claims, LONG_AGO).await?;
            tx.request_claims_settle_in_tx(&claims, &taken, &claims).await
        });
        done.await.unwrap();
        let made = made(0..3);
        assert!(!records(scene, &shard, &made).await);
        is_untouched(scene, &shard, &made).await;
        assert_eq!(stored(scene, &claim(taken)).await, Some(before), "the first stands");
        assert_eq!(stored(scene, &claim(0)).await, None, "what was free is free still");
    }
    let free = Made { claims: vec![claim(3)], ..made(0..3) };
    assert!(records(scene, &shard, &free).await);
}

async fn a_batch_of_a_thousand_entries_is_recorded(scene: &mut Scene) {
    let shard = held(scene).await;
    assert!(records(scene, &shard, &made(0..1_000)).await);
    assert_eq!(scene.store.leaf_hashes_list(0, 0, 1_000).await.unwrap().len(), 1_000);
    assert_eq!(stored(scene, &claim(999)).await, Some(claim(999)));
}

async fn what_was_settled_tells_whether_a_batch_is_there(scene: &mut Scene) {
    let shard = held(scene).await;
    assert_eq!(scene.writer.shard_settle(&shard).await.unwrap().as_ref(), Some(&shard));
    assert!(records(scene, &shard, &made(0..2)).await, "nothing else was changed");
    let grown = grown(&shard, 2);
    assert_eq!(scene.writer.shard_settle(&shard).await.unwrap().as_ref(), Some(&grown));
    assert!(records(scene, &grown, &made(2..3)).await);
    assert_eq!(scene.writer.shard_settle(&Shard { slot: 7, ..shard }).await.unwrap(), None);
}

async fn a_batch_waits_for_who_holds_its_shard_and_is_not_recorded_after_a_removal(scene: &mut Scene) {
    let shard = held(scene).await;
    let mut other = scene.another_node().await;
    let mut removal = other.writer.begin().await.unwrap();
    let theirs = scene.takes_a_shard().await;
    removal.shard_fence_in_tx(&theirs, Reach::Every).await.unwrap();
    assert_eq!(removal.epoch_raise_in_tx().await.unwrap(), 2);
    let made = made(0..2);
    let Scene { writer, place, .. } = scene;
    let batch = made.on(&shard);
    let recorded = async { tokio::time::timeout(PATIENCE, writer.batch_record(&batch)).await.unwrap() };
    let (recorded, ()) = tokio::join!(recorded, async {
        place.waits_for_a_lock().await;
        removal.commit().await.unwrap();
    });
    assert!(!recorded.unwrap(), "what it decided is older than the removal");
    is_untouched(scene, &Shard { authority_epoch: 2, ..shard }, &made).await;
}

async fn a_batch_whose_claim_another_node_has_in_hand_waits_for_it(scene: &mut Scene) {
    let shard = held(scene).await;
    let mut other = scene.another_node().await;
    for (nth, is_committed) in [(0, false), (1, true)] {
        let theirs = [RequestClaim { slot: 1, ..claim(nth) }];
        let mut tx = other.writer.begin().await.unwrap();
        assert!(tx.request_claims_take_in_tx(&theirs, LONG_AGO).await.unwrap().is_empty());
        let shard = Shard { size: nth, checkpoint: if nth == 0 { "" } else { "signed" }.to_owned(), ..shard.clone() };
        let made = made([nth]);
        let Scene { writer, place, .. } = &mut *scene;
        let batch = made.on(&shard);
        let recorded = async { tokio::time::timeout(PATIENCE, writer.batch_record(&batch)).await.unwrap() };
        let (recorded, ()) = tokio::join!(recorded, async {
            place.waits_for_a_lock().await;
            if is_committed { tx.commit().await.unwrap() } else { tx.rollback().await.unwrap() }
        });
        assert_eq!(recorded.unwrap(), !is_committed);
        if is_committed {
            is_untouched(scene, &shard, &made).await;
            assert_eq!(stored(scene, &claim(nth)).await.unwrap().slot, 1);
        }
    }
}

async fn a_batch_that_was_sent_before_its_shard_was_settled_does_nothing(scene: &mut Scene) {
    let shard = held(scene).await;
    // The same holder, on the connection that it made after the first broke.
    let mut again = scene.another_node().await;
    assert_eq!(again.writer.shard_settle(&shard).await.unwrap().as_ref(), Some(&shard));
    let made = made(0..2);
    assert!(!records(scene, &shard, &made).await);
    is_untouched(scene, &shard, &made).await;
    assert!(again.writer.batch_record(&made.on(&shard)).await.unwrap(), "what it sends afterwards counts");
}

async fn a_batch_after_a_lost_connection_is_not_recorded_at_once(scene: &mut Scene) {
    let shard = held(scene).await;
    let made = made(0..2);
    scene.runs_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()");
    scene.writer.batch_record(&made.on(&shard)).await.expect_err("the connection is gone");
    assert_eq!(scene.writer.shard_settle(&shard).await.unwrap().as_ref(), Some(&shard));
    assert!(records(scene, &shard, &made).await);
}
