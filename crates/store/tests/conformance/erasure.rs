//! Erasure removes what it says, and nothing else.

use unefois_store::{ErasureNumber, RevisionRow, SubjectMark};

use crate::{
    rows::{
        LARGEST, LONG_AGO, NOW, consent, consent_id, digest, entry, entry_about, id, index_row, publication, revision,
        subject, trace_key,
    },
    scene::Scene,
};

on_both!(
    erasures_are_numbered_upwards_and_open_until_they_are_finished,
    erased_keys_are_listed_page_by_page_in_the_order_of_their_identifiers,
    the_records_of_a_subject_are_erased_and_nobody_else_s,
    a_subject_is_erased_after_its_records_and_never_before,
    traces_behind_the_index_are_erased_by_key_and_no_others,
    indexed_traces_are_erased_slice_by_slice,
    what_is_rolled_back_is_not_erased,
    five_hundred_subjects_are_erased_at_once,
);

async fn begins(scene: &mut Scene, keys: &[[u8; 16]], search: &[[u8; 32]]) -> ErasureNumber {
    scene.commits(async |tx| tx.erasure_insert_in_tx(keys, search, NOW).await).await.unwrap()
}

fn sorted(mut keys: Vec<[u8; 16]>) -> Vec<[u8; 16]> {
    keys.sort_unstable();
    keys
}

async fn erasures_are_numbered_upwards_and_open_until_they_are_finished(scene: &mut Scene) {
    let none = scene.store.erasure_newest_fetch().await.unwrap();
    assert!(scene.store.erasures_open_list().await.unwrap().is_empty());
    let first = begins(scene, &[id(1), id(2)], &[digest(1)]).await;
    let second = begins(scene, &[id(3)], &[]).await;
    let third = begins(scene, &[], &[digest(1), digest(2)]).await;
    assert!(none < first && first < second && second < third);
    assert_eq!(scene.store.erasure_newest_fetch().await.unwrap(), third);
    assert_eq!(scene.store.erasures_open_list().await.unwrap(), [first, second, third]);
    scene.commits(async |tx| tx.erasure_finish_in_tx(second, LONG_AGO).await).await.unwrap();
    assert_eq!(scene.store.erasures_open_list().await.unwrap(), [first, third]);

    for (after, keys) in [(none, vec![1, 2, 3]), (first, vec![3]), (second, vec![]), (third, vec![])] {
        let expected: Vec<[u8; 16]> = keys.into_iter().map(id).collect();
        assert_eq!(sorted(scene.store.erased_keys_since_list(after).await.unwrap()), expected);
        let within =
            scene.commits(async |tx| Ok((tx.erased_keys_since_in_tx(after).await?, tx.erasure_newest_in_tx().await?)));
        let (keys, newest) = within.await.unwrap();
        assert_eq!((sorted(keys), newest), (expected, third));
    }
    let again = scene.commits(async |tx| tx.erasure_insert_in_tx(&[id(4), id(1)], &[], NOW).await).await.unwrap_err();
    assert!(scene.is_taken(&again), "{again:?}");
    assert!(!scene.store.erased_key_exists(id(4)).await.unwrap());
    assert_eq!(scene.store.erasure_newest_fetch().await.unwrap(), third);
}

async fn erased_keys_are_listed_page_by_page_in_the_order_of_their_identifiers(scene: &mut Scene) {
    let mut keys: Vec<[u8; 16]> =
        (1..=1_000).map(|number: u64| id(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    keys.extend([[0; 16], [0xff; 16]]);
    for slice in keys.chunks(300) {
        begins(scene, slice, &[]).await;
    }
    let all = sorted(keys);
    let mut found: Vec<[u8; 16]> = Vec::new();
    loop {
        let page = scene.store.erased_keys_list(found.last().copied(), 250).await.unwrap();
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, all);
    assert_eq!(
        scene.store.erased_keys_list(Some(id(0)), 1).await.unwrap(),
        [all[all.partition_point(|k| *k <= id(0))]]
    );
    assert!(scene.store.erased_keys_list(None, 0).await.unwrap().is_empty());
    assert!(scene.store.erased_key_exists([0xff; 16]).await.unwrap());
    assert!(!scene.store.erased_key_exists(id(1)).await.unwrap());
}

async fn the_records_of_a_subject_are_erased_and_nobody_else_s(scene: &mut Scene) {
    scene.adds_subjects(1..=3).await;
    let mut newer = revision(1, 1);
    newer.held.number = 2;
    let rows = [revision(1, 1), newer, revision(2, 1), revision(3, 2), revision(4, 3)];
    writes(scene, &rows).await;
    let erased = scene.commits(async |tx| tx.records_erase_in_tx(&[id(1), id(2), id(9)]).await);
    assert_eq!(erased.await.unwrap(), 3);
    for (record, number, is_there) in [(1, 1, false), (1, 2, false), (2, 1, false), (3, 1, false), (4, 1, true)] {
        assert_eq!(scene.store.revision_fetch(id(record), number).await.unwrap().is_some(), is_there);
        let exists = scene.commits(async |tx| tx.record_exists_in_tx(id(record)).await).await.unwrap();
        assert_eq!(exists, is_there);
        let publication = format!("publication {record}");
        let kept = scene.commits(async |tx| tx.publications_list_in_tx("dgfip", &[&publication]).await).await.unwrap();
        let (mut scrubbed, [kept]) = (self::publication(record), <[_; 1]>::try_from(kept).unwrap());
        if !is_there {
            (scrubbed.content, scrubbed.item_path) = ([0; 32], Vec::new());
        }
        assert_eq!(kept, scrubbed, "a repeat is still known to be one");
    }
    assert_eq!(scene.commits(async |tx| tx.records_erase_in_tx(&[]).await).await.unwrap(), 0);
    assert_eq!(scene.store.subject_fetch(id(1)).await.unwrap().unwrap().id, id(1), "the subject stays");
}

/// Writes these, and a publication of each.
async fn writes(scene: &mut Scene, rows: &[RevisionRow]) {
    let written = scene.commits(async |tx| {
        for row in rows {
            tx.revisions_insert_in_tx(std::slice::from_ref(row)).await?;
        }
        for number in 1..=4 {
            tx.publications_insert_in_tx(&[publication(number)]).await?;
        }
        Ok(())
    });
    written.await.unwrap();
}

async fn a_subject_is_erased_after_its_records_and_never_before(scene: &mut Scene) {
    scene.adds_subjects(1..=3).await;
    scene
        .commits(async |tx| {
            tx.identifiers_insert_in_tx(&[(digest(11), id(1))]).await?;
            tx.subject_merge_in_tx(id(1), id(2)).await?;
            for number in 1..=3 {
                tx.consent_insert_in_tx(id(number), &consent(number)).await?;
            }
            tx.revisions_insert_in_tx(&[revision(1, 2)]).await
        })
        .await
        .unwrap();
    let erased = [id(1), id(2)];
    let early = scene.commits(async |tx| tx.subjects_erase_in_tx(&erased).await).await.unwrap_err();
    assert!(!early.is_conflict() && !early.is_storage_failure(), "{early:?}");
    assert_eq!(scene.store.subjects_list(&[digest(1), digest(2), digest(11)]).await.unwrap().len(), 3);
    scene
        .commits(async |tx| {
            tx.records_erase_in_tx(&erased).await?;
            tx.subjects_erase_in_tx(&erased).await
        })
        .await
        .unwrap();
    let left = scene.store.subjects_list(&[digest(1), digest(2), digest(3), digest(11)]).await.unwrap();
    assert_eq!(left.iter().map(|(pseudonym, _)| *pseudonym).collect::<Vec<_>>(), [digest(3)]);
    for number in 1..=3 {
        assert_eq!(scene.store.consent_fetch(consent_id(number)).await.unwrap().is_some(), number == 3);
        assert_eq!(scene.store.subject_fetch(id(number)).await.unwrap().is_some(), number == 3);
    }
    scene.commits(async |tx| tx.subjects_insert_in_tx(&[subject(1)], NOW).await).await.unwrap();
}

/// Which of the entries in slot 0 still have a personal part.
async fn with_a_trace(scene: &Scene, slot: u32, before: u64) -> Vec<u64> {
    let mut found = Vec::new();
    for index in 0..before {
        let entry = scene.store.entry_fetch(slot, index).await.unwrap().unwrap();
        assert_eq!((entry.leaf_hash, &entry.leaf), (digest(index), &self::entry(index).leaf), "what is hashed stays");
        found.extend(entry.personal.is_some().then_some(index));
    }
    found
}

async fn traces_behind_the_index_are_erased_by_key_and_no_others(scene: &mut Scene) {
    scene.takes_a_shard().await;
    let entries: Vec<_> = (0..10).map(|index| entry_about(index, index % 3)).collect();
    scene
        .commits(async |tx| {
            tx.entries_insert_in_tx(0, &entries).await?;
            tx.index_insert_in_tx(0, &[], &[], 4).await
        })
        .await
        .unwrap();
    let erase = async |scene: &mut Scene, keys: &[[u8; 16]]| {
        scene.commits(async |tx| tx.tail_traces_erase_in_tx(keys).await).await.unwrap()
    };
    assert_eq!(erase(scene, &[]).await, 0);
    assert_eq!(erase(scene, &[trace_key(9)]).await, 0);
    assert_eq!(erase(scene, &[trace_key(0), trace_key(9), trace_key(1)]).await, 4);
    assert_eq!(with_a_trace(scene, 0, 10).await, [0, 1, 2, 3, 5, 8], "those below 4 are found by their marks");
    assert_eq!(erase(scene, &[trace_key(0)]).await, 0);
}

async fn indexed_traces_are_erased_slice_by_slice(scene: &mut Scene) {
    // By turns about subject 0, 1 and 2, whose search pseudonyms are digest(100), digest(101) and digest(102).
    let entries: Vec<_> = (0..30).map(|index| entry_about(index, index % 3)).collect();
    let rows: Vec<_> = (0..30).map(index_row).collect();
    let marks: Vec<_> = (0..30).map(|index| SubjectMark { search: digest(100 + index % 3), index }).collect();
    for slot in [0, 1] {
        scene
            .commits(async |tx| {
                tx.entries_insert_in_tx(slot, &entries).await?;
                tx.index_insert_in_tx(slot, &rows, &marks, 30).await
            })
            .await
            .unwrap();
    }
    let first = begins(scene, &[trace_key(0)], &[digest(100), digest(102)]).await;
    let other = begins(scene, &[trace_key(9)], &[digest(109)]).await;
    let erase = async |scene: &mut Scene, erasure, count_max| {
        scene.commits(async |tx| tx.traces_erase_in_tx(erasure, count_max).await).await.unwrap()
    };
    assert_eq!(erase(scene, other, 100).await, 0);
    let mut erased = Vec::new();
    while erased.last() != Some(&0) {
        erased.push(erase(scene, first, 15).await);
    }
    assert_eq!(erased, [15, 15, 10, 0]);
    for slot in [0, 1] {
        assert_eq!(with_a_trace(scene, slot, 30).await, (0..30).filter(|index| index % 3 == 1).collect::<Vec<_>>());
        let by = async |pseudonym| {
            let search = unefois_store::Search { subject: Some(vec![digest(pseudonym)]), ..Default::default() };
            scene.store.index_search(slot, &search, LARGEST, 100).await.unwrap().len()
        };
        assert_eq!([by(100).await, by(101).await, by(102).await], [0, 10, 0]);
    }
    scene.commits(async |tx| tx.erasure_finish_in_tx(first, NOW).await).await.unwrap();
    assert_eq!(scene.store.erasures_open_list().await.unwrap(), [other]);
    assert_eq!(erase(scene, first, 100).await, 0);
    assert!(scene.store.erased_key_exists(trace_key(0)).await.unwrap(), "its keys may never come back");
}

async fn what_is_rolled_back_is_not_erased(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    writes(scene, &[revision(1, 1)]).await;
    let before = scene.store.erasure_newest_fetch().await.unwrap();
    let mut tx = scene.writer.begin().await.unwrap();
    tx.erasure_insert_in_tx(&[id(1)], &[digest(1)], NOW).await.unwrap();
    assert_eq!(tx.records_erase_in_tx(&[id(1)]).await.unwrap(), 1);
    tx.subjects_erase_in_tx(&[id(1)]).await.unwrap();
    assert!(!tx.subject_exists_in_tx(id(1)).await.unwrap());
    tx.rollback().await.unwrap();
    assert_eq!(scene.store.revision_fetch(id(1), 1).await.unwrap(), Some(revision(1, 1).held));
    assert_eq!(scene.store.subjects_list(&[digest(1)]).await.unwrap().len(), 1);
    assert_eq!(scene.store.erasure_newest_fetch().await.unwrap(), before);
    assert!(!scene.store.erased_key_exists(id(1)).await.unwrap());
}

async fn five_hundred_subjects_are_erased_at_once(scene: &mut Scene) {
    scene.adds_subjects(1..=510).await;
    scene
        .commits(async |tx| {
            for number in 1..=510 {
                tx.revisions_insert_in_tx(&[revision(number, number)]).await?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let all: Vec<[u8; 16]> = (1..=500).map(id).collect();
    let erased = scene.commits(async |tx| {
        let erased = tx.records_erase_in_tx(&all).await?;
        tx.subjects_erase_in_tx(&all).await?;
        Ok(erased)
    });
    assert_eq!(erased.await.unwrap(), 500);
    let left = scene.store.subjects_list(&(1..=510).map(digest).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(left.len(), 10);
}
