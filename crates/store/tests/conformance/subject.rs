//! Subjects, their identifiers, and what they were merged into.

use std::collections::BTreeSet;

use unefois_store::{SubjectRow, SubjectWithIdentifiers};

use crate::{
    rows::{LONG_AGO, NOW, digest, id, subject, trace_key},
    scene::{PATIENCE, Scene},
};

on_both!(
    a_subject_is_found_by_each_of_its_identifiers,
    a_thousand_identifiers_are_looked_up_at_once,
    an_identifier_names_one_subject_only,
    a_merged_subject_stands_for_what_it_was_merged_into,
    merging_what_was_merged_already_joins_both_families,
    a_transaction_sees_its_own_subjects_before_others_do,
);

on_several_nodes!(whoever_locks_an_identifier_makes_the_next_one_wait_and_nobody_else);

async fn a_subject_is_found_by_each_of_its_identifiers(scene: &mut Scene) {
    let three = SubjectWithIdentifiers { pseudonyms: [1, 2, 3].map(digest).to_vec(), ..subject(1) };
    let none = SubjectWithIdentifiers { pseudonyms: Vec::new(), ..subject(2) };
    scene
        .commits(async |tx| {
            tx.subjects_insert_in_tx(&[three], NOW).await?;
            tx.subjects_insert_in_tx(&[none], LONG_AGO).await?;
            tx.identifiers_insert_in_tx(&[(digest(4), id(2))]).await
        })
        .await
        .unwrap();
    let row = |number| SubjectRow { id: id(number), root: id(number), trace_key: trace_key(number) };
    for (pseudonym, number) in [(1, 1), (2, 1), (3, 1), (4, 2)] {
        assert_eq!(scene.store.subjects_list(&[digest(pseudonym)]).await.unwrap(), [(digest(pseudonym), row(number))]);
    }
    assert_eq!(scene.store.subjects_list(&[]).await.unwrap(), []);
    assert_eq!(scene.store.subjects_list(&[digest(5)]).await.unwrap(), []);
    assert_eq!(scene.store.subject_fetch(id(2)).await.unwrap(), Some(row(2)));
    assert_eq!(scene.store.subject_fetch(id(3)).await.unwrap(), None);
    assert_eq!(scene.store.subject_members_list(id(1)).await.unwrap(), [id(1)]);
    assert!(scene.store.subject_members_list(id(3)).await.unwrap().is_empty());
}

async fn a_thousand_identifiers_are_looked_up_at_once(scene: &mut Scene) {
    scene.adds_subjects(1..=1_000).await;
    let asked: Vec<[u8; 32]> = (501..=1_500).map(digest).collect();
    let found = scene.store.subjects_list(&asked).await.unwrap();
    assert!(found.iter().all(|(pseudonym, row)| pseudonym[..8] == row.id[..8]));
    let found: BTreeSet<[u8; 32]> = found.into_iter().map(|(pseudonym, _)| pseudonym).collect();
    assert_eq!(found, (501..=1_000).map(digest).collect());
}

async fn an_identifier_names_one_subject_only(scene: &mut Scene) {
    scene.adds_subjects(1..=2).await;
    let same_identifier = SubjectWithIdentifiers { pseudonyms: vec![digest(3), digest(1)], ..subject(3) };
    let same_trace_key = SubjectWithIdentifiers { trace_key: trace_key(1), ..subject(3) };
    let same_subject = SubjectWithIdentifiers { trace_key: trace_key(3), pseudonyms: Vec::new(), ..subject(1) };
    for second in [same_identifier, same_trace_key, same_subject] {
        let taken = scene.commits(async |tx| tx.subjects_insert_in_tx(&[second], NOW).await).await.unwrap_err();
        assert!(scene.is_taken(&taken), "{taken:?}");
    }
    let taken = scene.commits(async |tx| tx.identifiers_insert_in_tx(&[(digest(1), id(2))]).await).await.unwrap_err();
    assert!(scene.is_taken(&taken), "{taken:?}");
    let nobody = scene.commits(async |tx| tx.identifiers_insert_in_tx(&[(digest(9), id(9))]).await).await.unwrap_err();
    assert!(!nobody.is_conflict(), "{nobody:?}");
    assert_eq!(scene.store.subject_fetch(id(3)).await.unwrap(), None);
    assert_eq!(scene.store.subjects_list(&[digest(3)]).await.unwrap(), []);
    assert_eq!(scene.store.subjects_list(&[digest(1)]).await.unwrap()[0].1.id, id(1));
}

async fn a_merged_subject_stands_for_what_it_was_merged_into(scene: &mut Scene) {
    scene.adds_subjects(1..=3).await;
    scene.commits(async |tx| tx.subject_merge_in_tx(id(1), id(2)).await).await.unwrap();
    let merged = SubjectRow { id: id(2), root: id(1), trace_key: trace_key(1) };
    assert_eq!(scene.store.subject_fetch(id(2)).await.unwrap(), Some(merged));
    assert_eq!(scene.store.subjects_list(&[digest(2)]).await.unwrap(), [(digest(2), merged)]);
    assert_eq!(members(scene, 1).await, [id(1), id(2)]);
    assert_eq!(members(scene, 2).await, [[0; 16]; 0]);
    assert_eq!(members(scene, 3).await, [id(3)]);
}

async fn merging_what_was_merged_already_joins_both_families(scene: &mut Scene) {
    scene.adds_subjects(1..=6).await;
    let merge = async |scene: &mut Scene, kept, merged| {
        scene.commits(async |tx| tx.subject_merge_in_tx(id(kept), id(merged)).await).await.unwrap();
    };
    merge(scene, 1, 2).await;
    merge(scene, 3, 4).await;
    merge(scene, 2, 4).await;
    assert_eq!(members(scene, 1).await, [1, 2, 3, 4].map(id), "each stood for what it was merged into");
    merge(scene, 1, 3).await;
    merge(scene, 5, 5).await;
    merge(scene, 4, 9).await;
    assert_eq!(members(scene, 1).await, [1, 2, 3, 4].map(id));
    assert_eq!(members(scene, 5).await, [id(5)]);
    merge(scene, 6, 2).await;
    assert_eq!(members(scene, 6).await, [1, 2, 3, 4, 6].map(id));
}

async fn a_transaction_sees_its_own_subjects_before_others_do(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    let mut tx = scene.writer.begin().await.unwrap();
    tx.pseudonyms_lock_in_tx(&[digest(2), digest(1), digest(2)]).await.unwrap();
    tx.pseudonyms_lock_in_tx(&[]).await.unwrap();
    assert!(!tx.subject_exists_in_tx(id(2)).await.unwrap());
    tx.subjects_insert_in_tx(&[subject(2)], NOW).await.unwrap();
    tx.subject_merge_in_tx(id(2), id(1)).await.unwrap();
    assert!(tx.subject_exists_in_tx(id(2)).await.unwrap());
    let found = tx.subjects_list_in_tx(&[digest(1)]).await.unwrap();
    assert_eq!(found, [(digest(1), SubjectRow { id: id(1), root: id(2), trace_key: trace_key(2) })]);
    let mut members = tx.subject_members_in_tx(id(2)).await.unwrap();
    members.sort_unstable();
    assert_eq!(members, [id(1), id(2)]);
    assert_eq!(scene.store.subject_fetch(id(2)).await.unwrap(), None);
    assert_eq!(scene.store.subject_members_list(id(1)).await.unwrap(), [id(1)]);
    tx.rollback().await.unwrap();
    assert_eq!(scene.store.subject_fetch(id(1)).await.unwrap().unwrap().root, id(1));
}

async fn whoever_locks_an_identifier_makes_the_next_one_wait_and_nobody_else(scene: &mut Scene) {
    let mut other = scene.another_node().await;
    let mut tx = scene.writer.begin().await.unwrap();
    tx.pseudonyms_lock_in_tx(&[digest(1), digest(2)]).await.unwrap();
    let mut free = other.writer.begin().await.unwrap();
    free.pseudonyms_lock_in_tx(&[digest(3)]).await.unwrap();
    free.commit().await.unwrap();
    let second = tokio::spawn(async move {
        let mut tx = other.writer.begin().await.unwrap();
        tx.pseudonyms_lock_in_tx(&[digest(2), digest(3)]).await.unwrap();
        let found = tx.subjects_list_in_tx(&[digest(2)]).await.unwrap();
        tx.commit().await.unwrap();
        found.len()
    });
    scene.place.waits_for_a_lock().await;
    tx.subjects_insert_in_tx(&[subject(2)], NOW).await.unwrap();
    tx.commit().await.unwrap();
    let found = tokio::time::timeout(PATIENCE, second).await.unwrap().unwrap();
    assert_eq!(found, 1, "the second sees the subject that the first made");
}

async fn members(scene: &Scene, root: u64) -> Vec<[u8; 16]> {
    let mut members = scene.store.subject_members_list(id(root)).await.unwrap();
    members.sort_unstable();
    members
}
