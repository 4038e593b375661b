//! Entries of the ledger, and the full tiles of its tree.

use unefois_store::{EntryRow, Error, LeafRow, LedgerGrowth, Shard};

use crate::{
    rows::{LARGEST, digest, entry, entry_about, id, tile, trace_key},
    scene::Scene,
};

on_both!(
    an_entry_is_read_back_as_it_was_written,
    a_thousand_entries_are_listed_in_order_and_within_the_bounds_that_are_asked_for,
    a_position_is_taken_once_in_a_shard_and_nothing_of_the_second_batch_stays,
    a_range_of_hashes_with_a_gap_is_an_error_and_never_a_shorter_range,
    tiles_are_found_by_slot_level_and_position,
    what_a_batch_adds_is_there_with_the_size_and_the_checkpoint_that_it_leads_to,
);

async fn an_entry_is_read_back_as_it_was_written(scene: &mut Scene) {
    let empty = EntryRow { leaf: Vec::new(), personal: Some((id(7), Vec::new())), ..entry(2) };
    let large = EntryRow { leaf: vec![0; 70_000], personal: Some((id(7), vec![0xff; 70_000])), ..entry(3) };
    let written = [entry(0), entry_about(1, 1), empty, large, entry(LARGEST)];
    scene.commits(async |tx| tx.entries_insert_in_tx(5, &written).await).await.unwrap();
    for row in &written {
        assert_eq!(scene.store.entry_fetch(5, row.index).await.unwrap().as_ref(), Some(row));
    }
    assert_eq!(scene.store.entry_fetch(5, 4).await.unwrap(), None);
    assert_eq!(scene.store.entry_fetch(4, 0).await.unwrap(), None, "another shard's");
    scene.commits(async |tx| tx.entries_insert_in_tx(5, &[]).await).await.unwrap();
}

async fn a_thousand_entries_are_listed_in_order_and_within_the_bounds_that_are_asked_for(scene: &mut Scene) {
    let backwards: Vec<EntryRow> = (0..1_000).rev().map(entry).collect();
    let of_another: Vec<EntryRow> = (0..10).map(|index| EntryRow { leaf: vec![9], ..entry(index) }).collect();
    scene
        .commits(async |tx| {
            tx.entries_insert_in_tx(0, &backwards).await?;
            tx.entries_insert_in_tx(1, &of_another).await
        })
        .await
        .unwrap();
    let leaf = |index| LeafRow { index, leaf_hash: digest(index), leaf: entry(index).leaf };
    for (from, before, count_max) in
        [(0, 1_000, 2_000), (0, LARGEST, u32::MAX), (1, 999, 50), (7, 7, 9), (999, 2_000, 5)]
    {
        let last = before.min(1_000).min(from + u64::from(count_max));
        let listed = scene.store.leaves_list(0, from, before, count_max).await.unwrap();
        assert_eq!(listed, (from..last).map(leaf).collect::<Vec<_>>(), "{from} {before} {count_max}");
    }
    assert_eq!(scene.store.leaf_hashes_list(0, 0, 1_000).await.unwrap(), (0..1_000).map(digest).collect::<Vec<_>>());
    assert_eq!(scene.store.leaf_hashes_list(0, 256, 258).await.unwrap(), [digest(256), digest(257)]);
    assert!(scene.store.leaves_list(0, 0, 1_000, 0).await.unwrap().is_empty());
    assert!(scene.store.leaf_hashes_list(0, 5, 5).await.unwrap().is_empty());
    assert_eq!(scene.store.leaves_list(1, 0, 1_000, 100).await.unwrap().len(), 10);
}

async fn a_position_is_taken_once_in_a_shard_and_nothing_of_the_second_batch_stays(scene: &mut Scene) {
    scene.commits(async |tx| tx.entries_insert_in_tx(0, &[entry(0), entry(1)]).await).await.unwrap();
    let other = EntryRow { leaf: vec![1], ..entry(1) };
    let second = [entry(3), entry(2), other, entry_about(4, 1)];
    let taken = scene.commits(async |tx| tx.entries_insert_in_tx(0, &second).await).await.unwrap_err();
    assert!(scene.is_taken(&taken), "{taken:?}");
    let all = scene.store.leaves_list(0, 0, 9, 9).await.unwrap();
    assert_eq!(
        all.iter().map(|row| (row.index, row.leaf.clone())).collect::<Vec<_>>(),
        [(0, entry(0).leaf), (1, entry(1).leaf)]
    );
    scene.commits(async |tx| tx.entries_insert_in_tx(1, &second).await).await.unwrap();
    assert_eq!(scene.store.entry_fetch(1, 4).await.unwrap().unwrap().personal.unwrap().0, trace_key(1));
}

async fn a_range_of_hashes_with_a_gap_is_an_error_and_never_a_shorter_range(scene: &mut Scene) {
    let with_gap = [entry(0), entry(1), entry(3)];
    scene
        .commits(async |tx| {
            tx.entries_insert_in_tx(0, &with_gap).await?;
            tx.tiles_insert_in_tx(0, &[tile(0, 0), tile(0, 2)]).await
        })
        .await
        .unwrap();
    for (from, before) in [(0, 3), (0, 4), (2, 3), (4, 5)] {
        let found = scene.store.leaf_hashes_list(0, from, before).await;
        assert!(matches!(found, Err(Error::Malformed { .. })), "{from} {before}: {found:?}");
    }
    for (from, before) in [(0, 2), (1, 3), (3, 4)] {
        let found = scene.store.tile_roots_list(0, 0, from, before).await;
        assert!(matches!(found, Err(Error::Malformed { .. })), "{from} {before}: {found:?}");
    }
    assert!(matches!(scene.store.tile_fetch(0, 0, 1).await, Err(Error::Malformed { .. })));
}

async fn tiles_are_found_by_slot_level_and_position(scene: &mut Scene) {
    let tiles = [tile(0, 1), tile(0, 0), tile(1, 0), tile(255, LARGEST - 1)];
    scene
        .commits(async |tx| {
            tx.tiles_insert_in_tx(0, &tiles).await?;
            tx.tiles_insert_in_tx(0, &[]).await?;
            tx.tiles_insert_in_tx(1, &[tile(0, 7)]).await
        })
        .await
        .unwrap();
    for written in &tiles {
        assert_eq!(scene.store.tile_fetch(0, written.level, written.index).await.unwrap(), written.hashes);
    }
    assert_eq!(scene.store.tile_roots_list(0, 0, 0, 2).await.unwrap(), [tile(0, 0).root, tile(0, 1).root]);
    assert_eq!(scene.store.tile_roots_list(0, 0, 1, 2).await.unwrap(), [tile(0, 1).root]);
    assert_eq!(scene.store.tile_roots_list(1, 0, 7, 8).await.unwrap(), [tile(0, 7).root]);
    assert!(scene.store.tile_roots_list(0, 0, 2, 2).await.unwrap().is_empty());
    let again = scene.commits(async |tx| tx.tiles_insert_in_tx(0, &[tile(2, 0), tile(1, 0)]).await).await.unwrap_err();
    assert!(scene.is_taken(&again), "{again:?}");
    assert!(scene.store.tile_fetch(0, 2, 0).await.is_err(), "it went with the one that was there");
}

async fn what_a_batch_adds_is_there_with_the_size_and_the_checkpoint_that_it_leads_to(scene: &mut Scene) {
    let held = scene.takes_a_shard().await;
    let (entries, tiles) = ([entry(0), entry_about(1, 1)], [tile(0, 0), tile(1, 0)]);
    let growth = LedgerGrowth { slot: 0, entries: &entries, tiles: &tiles, size: 2, checkpoint: "two" };
    scene.commits(async |tx| tx.ledger_append_in_tx(&growth).await).await.unwrap();
    for row in &entries {
        assert_eq!(scene.store.entry_fetch(0, row.index).await.unwrap().as_ref(), Some(row));
    }
    for row in &tiles {
        assert_eq!(scene.store.tile_fetch(0, row.level, row.index).await.unwrap(), row.hashes);
    }
    let grown = Shard { size: 2, checkpoint: "two".to_owned(), ..held };
    assert_eq!(scene.store.shard_fetch(0).await.unwrap(), Some(grown.clone()));
    let taken = LedgerGrowth { size: 3, checkpoint: "three", tiles: &[], ..growth };
    let taken = scene.commits(async |tx| tx.ledger_append_in_tx(&taken).await).await.unwrap_err();
    assert!(scene.is_taken(&taken), "{taken:?}");
    assert_eq!(scene.store.shard_fetch(0).await.unwrap(), Some(grown));
}
