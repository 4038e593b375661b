//! Traits by which homonyms are found: they stand with a record, and go with it.

use unefois_store::{HeldRevision, RevisionRow, TraitsFirst, TraitsRow};

use crate::{
    rows::{NOW, digest, id, revision},
    scene::Scene,
};

on_both!(
    who_stated_traits_first_has_them,
    a_revision_replaces_the_traits_of_its_record,
    each_record_states_its_own_traits,
    a_record_states_other_traits_without_a_revision,
    traits_go_with_the_records_that_are_erased,
    a_merged_subject_has_the_traits_of_all_that_it_was,
    a_thousand_traits_are_looked_up_at_once,
);

/// Revision `number` of a record of that subject, learned so long after the first, with those traits.
fn stating(record: u64, subject: u64, number: u64, after: i64, traits: Option<u64>) -> RevisionRow {
    let row = revision(record, subject);
    let held = HeldRevision { number, learned_at: NOW + after, ..row.held };
    RevisionRow { traits: traits.map(digest), held, ..row }
}

async fn writes(scene: &mut Scene, rows: &[RevisionRow]) {
    scene.commits(async |tx| tx.revisions_insert_in_tx(rows).await).await.unwrap();
}

/// Whose these traits are.
async fn first(scene: &mut Scene, traits: u64) -> Option<[u8; 16]> {
    let found = scene.commits(async |tx| tx.traits_first_list_in_tx(&[digest(traits)]).await).await.unwrap();
    assert!(found.iter().all(|first| first.traits == digest(traits)));
    found.first().map(|first| first.root)
}

async fn who_stated_traits_first_has_them(scene: &mut Scene) {
    scene.adds_subjects(1..=3).await;
    assert_eq!(first(scene, 7).await, None);
    writes(scene, &[stating(1, 1, 1, 5, Some(7)), stating(2, 2, 1, 3, Some(7))]).await;
    writes(scene, &[stating(3, 3, 1, 9, Some(7)), stating(4, 3, 1, 0, None)]).await;
    assert_eq!(first(scene, 7).await, Some(id(2)));
    // Stated again they are no later.
    writes(scene, &[stating(2, 2, 2, 11, Some(7))]).await;
    assert_eq!(first(scene, 7).await, Some(id(2)));
    assert_eq!(first(scene, 8).await, None);
    assert_eq!(scene.commits(async |tx| tx.traits_first_list_in_tx(&[]).await).await.unwrap(), []);
}

async fn a_revision_replaces_the_traits_of_its_record(scene: &mut Scene) {
    scene.adds_subjects(1..=2).await;
    writes(scene, &[stating(1, 1, 1, 0, Some(7)), stating(2, 2, 1, 1, Some(7))]).await;
    writes(scene, &[stating(1, 1, 2, 2, Some(8))]).await;
    assert_eq!([first(scene, 7).await, first(scene, 8).await], [Some(id(2)), Some(id(1))]);
    // Of several revisions at once the last counts, and one that states none leaves none.
    writes(scene, &[stating(1, 1, 3, 3, None), stating(1, 1, 4, 4, Some(7)), stating(2, 2, 2, 5, Some(8))]).await;
    assert_eq!([first(scene, 7).await, first(scene, 8).await], [Some(id(1)), Some(id(2))]);
    writes(scene, &[stating(2, 2, 3, 6, Some(9)), stating(2, 2, 4, 7, None), stating(1, 1, 5, 8, None)]).await;
    assert_eq!([first(scene, 7).await, first(scene, 8).await, first(scene, 9).await], [None, None, None]);
}

/// The traits that each of these records states.
async fn stated(scene: &mut Scene, records: &[u64]) -> Vec<([u8; 16], [u8; 32])> {
    let records: Vec<[u8; 16]> = records.iter().copied().map(id).collect();
    let mut found = scene.commits(async |tx| tx.traits_stated_list_in_tx(&records).await).await.unwrap();
    found.sort_unstable();
    found
}

async fn each_record_states_its_own_traits(scene: &mut Scene) {
    scene.adds_subjects(1..=2).await;
    writes(scene, &[stating(1, 1, 1, 0, Some(7)), stating(2, 2, 1, 1, Some(7)), stating(3, 2, 1, 2, None)]).await;
    assert_eq!(stated(scene, &[2, 1, 3, 4]).await, [(id(1), digest(7)), (id(2), digest(7))]);
    assert_eq!(stated(scene, &[]).await, []);
}

async fn a_record_states_other_traits_without_a_revision(scene: &mut Scene) {
    scene.adds_subjects(1..=2).await;
    writes(scene, &[stating(1, 1, 1, 0, None), stating(2, 2, 1, 1, Some(7)), stating(3, 1, 1, 2, Some(8))]).await;
    let state = |record, traits, after| TraitsRow { record: id(record), traits: digest(traits), since: NOW + after };
    let rows = [state(1, 7, 0), state(2, 7, -1), state(3, 9, 3)];
    scene.commits(async |tx| tx.traits_insert_in_tx(&rows).await).await.unwrap();
    assert_eq!(stated(scene, &[1, 2, 3]).await, [(id(1), digest(7)), (id(2), digest(7)), (id(3), digest(9))]);
    assert_eq!(first(scene, 7).await, Some(id(1)), "the second states them no longer than it did");
    scene.commits(async |tx| tx.traits_insert_in_tx(&[]).await).await.unwrap();
}

async fn traits_go_with_the_records_that_are_erased(scene: &mut Scene) {
    scene.adds_subjects(1..=2).await;
    writes(scene, &[stating(1, 1, 1, 0, Some(7)), stating(2, 2, 1, 1, Some(7)), stating(3, 1, 1, 2, Some(8))]).await;
    // Payloads only: the subject stays, and what it was known by as well.
    assert_eq!(scene.commits(async |tx| tx.records_erase_in_tx(&[id(1)]).await).await.unwrap(), 2);
    assert_eq!([first(scene, 7).await, first(scene, 8).await], [Some(id(2)), None]);
    assert_eq!(scene.store.subjects_list(&[digest(1)]).await.unwrap().len(), 1);
}

async fn a_merged_subject_has_the_traits_of_all_that_it_was(scene: &mut Scene) {
    scene.adds_subjects(1..=2).await;
    writes(scene, &[stating(1, 2, 1, 0, Some(7))]).await;
    scene.commits(async |tx| tx.subject_merge_in_tx(id(1), id(2)).await).await.unwrap();
    assert_eq!(first(scene, 7).await, Some(id(1)));
}

async fn a_thousand_traits_are_looked_up_at_once(scene: &mut Scene) {
    scene.adds_subjects(1..=500).await;
    let rows: Vec<RevisionRow> = (1..=500).map(|number| stating(number, number, 1, 0, Some(number))).collect();
    writes(scene, &rows).await;
    let asked: Vec<[u8; 32]> = (1..=1_000).map(digest).collect();
    let mut found = scene.commits(async |tx| tx.traits_first_list_in_tx(&asked).await).await.unwrap();
    found.sort_unstable();
    assert_eq!(
        found,
        (1..=500).map(|number| TraitsFirst { traits: digest(number), root: id(number) }).collect::<Vec<_>>()
    );
}
