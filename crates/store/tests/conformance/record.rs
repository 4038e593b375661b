//! Records and their revisions.

use unefois_core::EventKind;
use unefois_store::{HeldRevision, RecordAsked, RevisionRow};

use crate::{
    rows::{LARGEST, NOW, TEXTS, asked, bytes, digest, id, revision},
    scene::{Scene, records},
};

on_both!(
    a_revision_is_read_back_as_it_was_written,
    the_newest_revision_answers_and_the_earlier_ones_stay,
    a_thousand_questions_are_answered_each_in_its_place,
    a_thousand_revisions_are_found_by_their_numbers_each_in_its_place,
    a_merged_subject_answers_with_the_records_of_all_that_it_was,
    a_key_has_one_record_and_a_revision_one_content,
    a_transaction_sees_its_own_records_before_others_do,
);

async fn writes(scene: &mut Scene, rows: &[RevisionRow]) {
    scene.commits(async |tx| tx.revisions_insert_in_tx(rows).await).await.unwrap();
}

async fn a_revision_is_read_back_as_it_was_written(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    for (number, text) in (1..).zip(TEXTS) {
        let mut row = RevisionRow { dataset: text.to_owned(), provider: text.to_owned(), ..revision(number, 1) };
        row.held.number = LARGEST - number;
        row.held.change = EventKind::numbered(i16::try_from(number % 5).unwrap());
        row.held.sealed = if number == 1 { Vec::new() } else { bytes(number).repeat(9_000) };
        writes(scene, std::slice::from_ref(&row)).await;
        assert_eq!(scene.store.revision_fetch(id(number), LARGEST - number).await.unwrap().as_ref(), Some(&row.held));
        let asked = RecordAsked { dataset: text.to_owned(), provider: text.to_owned(), ..asked(number, 1) };
        assert_eq!(scene.records(&[asked]).await, [vec![row.held]]);
        assert_eq!(scene.store.record_dataset_fetch(id(number)).await.unwrap().as_deref(), Some(text));
    }
    assert_eq!(scene.store.record_dataset_fetch(id(99)).await.unwrap(), None);
    assert_eq!(scene.store.revision_fetch(id(1), 1).await.unwrap(), None);
    assert_eq!(scene.store.revision_fetch(id(99), 1).await.unwrap(), None);
}

async fn the_newest_revision_answers_and_the_earlier_ones_stay(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    let numbered = |number| {
        let first = revision(1, 1);
        let held = HeldRevision { number, learned_at: NOW + 1, sealed: bytes(number), ..first.held };
        RevisionRow { held, ..first }
    };
    writes(scene, &[numbered(1), numbered(2), numbered(3)]).await;
    assert_eq!(scene.records(&[asked(1, 1)]).await, [vec![numbered(3).held]]);
    for number in 1..=3 {
        assert_eq!(scene.store.revision_fetch(id(1), number).await.unwrap(), Some(numbered(number).held));
    }
}

async fn a_thousand_questions_are_answered_each_in_its_place(scene: &mut Scene) {
    scene.adds_subjects(1..=1_000).await;
    let rows: Vec<RevisionRow> = (1..=1_000).filter(|n| n % 3 != 0).map(|n| revision(n, n)).collect();
    writes(scene, &rows).await;
    // Backwards, each twice.
    let questions: Vec<u64> = (1..=1_000).rev().flat_map(|n| [n, n]).collect();
    let asked: Vec<RecordAsked> = questions.iter().map(|n| asked(*n, *n)).collect();
    let answers = scene.records(&asked).await;
    assert_eq!(answers.len(), 2_000);
    for (number, answer) in questions.into_iter().zip(answers) {
        let expected = if number % 3 == 0 { vec![] } else { vec![revision(number, number).held] };
        assert_eq!(answer, expected, "{number}");
    }
    assert!(scene.records(&[]).await.is_empty());
}

async fn a_thousand_revisions_are_found_by_their_numbers_each_in_its_place(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    let numbered = |record: u64, number| {
        let first = revision(record, 1);
        let held = HeldRevision { number, sealed: bytes(1_000 * record + number), ..first.held };
        RevisionRow { held, ..first }
    };
    let rows: Vec<RevisionRow> = (1..=250).flat_map(|record| [numbered(record, 1), numbered(record, 2)]).collect();
    writes(scene, &rows).await;
    // Backwards, each twice, and a third revision that there is not.
    let questions: Vec<(u64, u64)> = (1..=251).rev().flat_map(|record| [1, 3, 2, 1].map(|n| (record, n))).collect();
    let asked: Vec<([u8; 16], u64)> = questions.iter().map(|(record, number)| (id(*record), *number)).collect();
    let found = scene.store.revisions_fetch(&asked).await.unwrap();
    assert_eq!(found.len(), questions.len());
    for ((record, number), found) in questions.into_iter().zip(found) {
        let is_held = record <= 250 && number <= 2;
        assert_eq!(found, is_held.then(|| numbered(record, number).held), "{record} {number}");
    }
    assert!(scene.store.revisions_fetch(&[]).await.unwrap().is_empty());
}

async fn a_merged_subject_answers_with_the_records_of_all_that_it_was(scene: &mut Scene) {
    scene.adds_subjects(1..=3).await;
    let same_key = |number, subject, discriminator| {
        let row = RevisionRow { selector: digest(7), ..revision(number, subject) };
        let held = HeldRevision { discriminator: digest(discriminator), ..row.held };
        RevisionRow { held, ..row }
    };
    let rows = [same_key(1, 1, 0), same_key(2, 2, 0), same_key(3, 2, 1), same_key(4, 3, 0), revision(5, 1)];
    writes(scene, &rows).await;
    scene.commits(async |tx| tx.subject_merge_in_tx(id(1), id(2)).await).await.unwrap();
    let of = |root| RecordAsked { selector: digest(7), ..asked(1, root) };
    let other_provider = RecordAsked { provider: "urssaf".to_owned(), ..of(1) };
    let other_dataset = RecordAsked { dataset: "company-turnover".to_owned(), ..of(1) };
    let questions = [of(1), of(2), of(3), other_provider, other_dataset];
    let found = scene.records(&questions).await;
    let mut records: Vec<Vec<[u8; 16]>> =
        found.iter().map(|answer| answer.iter().map(|held| held.record).collect()).collect();
    records.iter_mut().for_each(|answer| answer.sort_unstable());
    assert_eq!(records, [vec![id(1), id(2), id(3)], vec![], vec![id(4)], vec![], vec![]]);
}

async fn a_key_has_one_record_and_a_revision_one_content(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    writes(scene, &[revision(1, 1)]).await;
    let another_record = RevisionRow { selector: digest(1), ..revision(2, 1) };
    let mut another_content = revision(1, 1);
    another_content.held.sealed = vec![9];
    for second in [another_record, another_content] {
        let taken = scene.commits(async |tx| tx.revisions_insert_in_tx(&[second]).await).await.unwrap_err();
        assert!(scene.is_taken(&taken), "{taken:?}");
    }
    let second_of_both = [revision(5, 1), RevisionRow { selector: digest(5), ..revision(6, 1) }];
    let taken = scene.commits(async |tx| tx.revisions_insert_in_tx(&second_of_both).await).await.unwrap_err();
    assert!(scene.is_taken(&taken), "{taken:?}");
    assert_eq!(scene.records(&[asked(5, 1)]).await, [vec![]], "nothing of them stays");
    let nobody = scene.commits(async |tx| tx.revisions_insert_in_tx(&[revision(3, 9)]).await).await.unwrap_err();
    assert!(!nobody.is_conflict(), "{nobody:?}");
    assert_eq!(scene.records(&[asked(1, 1)]).await, [vec![revision(1, 1).held]]);
}

async fn a_transaction_sees_its_own_records_before_others_do(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    let mut tx = scene.writer.begin().await.unwrap();
    assert!(!tx.record_exists_in_tx(id(1)).await.unwrap());
    tx.revisions_insert_in_tx(&[revision(1, 1)]).await.unwrap();
    assert!(tx.record_exists_in_tx(id(1)).await.unwrap());
    assert_eq!(tx.records_fetch_in_tx(&[asked(2, 1), asked(1, 1)]).await.unwrap(), [vec![], vec![revision(1, 1).held]]);
    assert_eq!(records(&scene.store, &[asked(1, 1)]).await, [vec![]]);
    assert_eq!(scene.store.revision_fetch(id(1), 1).await.unwrap(), None);
    tx.commit().await.unwrap();
    assert_eq!(scene.records(&[asked(1, 1)]).await, [vec![revision(1, 1).held]]);
}
