//! Dossiers: open until they end or are closed, and those of what was merged count.

use std::collections::BTreeSet;

use unefois_store::{DossierAsked, DossierFound, DossierRow, Store, Transaction};

use crate::{
    rows::{DAY, FAR_AHEAD, LONG_AGO, NOW, TEXTS, dossier, id},
    scene::Scene,
};

on_both!(
    a_dossier_is_read_back_as_it_was_written_and_the_newest_state_stays,
    a_dossier_is_open_until_it_ends_or_is_closed_and_for_its_agency_only,
    the_dossiers_of_an_absorbed_subject_count_for_what_it_was_merged_into,
    dossiers_are_listed_page_by_page_in_the_order_of_their_subjects,
    of_several_dossiers_on_one_subject_in_one_load_the_last_counts,
    a_dossier_needs_a_subject,
    ten_thousand_dossiers_are_loaded_at_once_and_again,
);

on_several_nodes!(nodes_that_load_the_same_dossiers_do_not_stand_in_each_other_s_way);

async fn opens(scene: &mut Scene, rows: &[DossierRow]) {
    scene.commits(async |tx| tx.dossiers_upsert_in_tx(rows).await).await.unwrap();
}

async fn closes(scene: &mut Scene, agency: &str, roots: &[u64], now: i64) -> u64 {
    let roots: Vec<[u8; 16]> = roots.iter().copied().map(id).collect();
    scene.commits(async |tx| tx.dossiers_close_in_tx(agency, &roots, now).await).await.unwrap()
}

/// The open ones among these.
async fn open(scene: &mut Scene, agency: &str, roots: &[u64], now: i64) -> Vec<[u8; 16]> {
    let asked: Vec<DossierAsked<'_>> = roots.iter().map(|root| DossierAsked { agency, subject: id(*root) }).collect();
    let open = scene.commits(async |tx| tx.dossiers_open_in_tx(&asked, now).await).await.unwrap();
    assert_eq!(open.len(), asked.len());
    let found = asked.iter().zip(open).filter(|(_, is_open)| *is_open).map(|(asked, _)| asked.subject);
    found.collect::<BTreeSet<_>>().into_iter().collect()
}

async fn list(store: &Store) -> Vec<DossierRow> {
    rows_of(store.dossiers_list("cnaf", None, None, 100_000).await.unwrap())
}

fn rows_of(found: Vec<DossierFound>) -> Vec<DossierRow> {
    found.into_iter().map(|found| found.row).collect()
}

async fn a_dossier_is_read_back_as_it_was_written_and_the_newest_state_stays(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    for text in TEXTS {
        let (agency, reason) = (text.to_owned(), text.to_owned());
        let row = DossierRow { agency, reason, opened_at: LONG_AGO, until: FAR_AHEAD, ..dossier(1) };
        for row in [row.clone(), DossierRow { closed_at: Some(LONG_AGO), ..row.clone() }, row] {
            opens(scene, std::slice::from_ref(&row)).await;
            assert_eq!(rows_of(scene.store.dossiers_list(text, None, None, 9).await.unwrap()), [row]);
        }
    }
    opens(scene, &[]).await;
}

async fn a_dossier_is_open_until_it_ends_or_is_closed_and_for_its_agency_only(scene: &mut Scene) {
    scene.adds_subjects(1..=3).await;
    let of_cnav = DossierRow { agency: "cnav".to_owned(), ..dossier(3) };
    opens(scene, &[dossier(1), dossier(2), of_cnav]).await;
    assert_eq!(open(scene, "cnaf", &[3, 2, 1, 9], NOW).await, [id(1), id(2)]);
    assert_eq!(open(scene, "cnav", &[1, 2, 3], NOW).await, [id(3)]);
    assert!(open(scene, "cnaf", &[], NOW).await.is_empty());
    assert_eq!(open(scene, "cnaf", &[1], NOW + DAY - 1).await, [id(1)]);
    assert!(open(scene, "cnaf", &[1], NOW + DAY).await.is_empty(), "it has ended");
    assert_eq!(closes(scene, "cnaf", &[1, 3], NOW + 5).await, 1);
    assert_eq!(closes(scene, "cnaf", &[1], NOW + 6).await, 0, "it is closed already");
    assert_eq!(closes(scene, "cnaf", &[2], NOW + DAY).await, 0, "it has ended already");
    assert_eq!(list(&scene.store).await, [DossierRow { closed_at: Some(NOW + 5), ..dossier(1) }, dossier(2)]);
    let open_ones = async |at| rows_of(scene.store.dossiers_list("cnaf", Some(at), None, 9).await.unwrap());
    assert_eq!((open_ones(NOW).await, open_ones(NOW + DAY).await), (vec![dossier(2)], vec![]));
    assert_eq!(open(scene, "cnaf", &[1, 2, 3], NOW).await, [id(2)]);
    opens(scene, &[DossierRow { opened_at: NOW + 7, ..dossier(1) }]).await;
    assert_eq!(open(scene, "cnaf", &[1, 2, 3], NOW).await, [id(1), id(2)], "it is opened again");
}

async fn the_dossiers_of_an_absorbed_subject_count_for_what_it_was_merged_into(scene: &mut Scene) {
    scene.adds_subjects(1..=4).await;
    opens(scene, &[dossier(2), dossier(3)]).await;
    let merge = scene.commits(async |tx| {
        tx.subject_merge_in_tx(id(1), id(2)).await?;
        tx.subject_merge_in_tx(id(4), id(1)).await
    });
    merge.await.unwrap();
    assert_eq!(open(scene, "cnaf", &[3, 4], NOW).await, [id(3), id(4)]);
    let by_what_was_absorbed = open(scene, "cnaf", &[1, 2], NOW).await;
    assert_eq!(by_what_was_absorbed, [id(1), id(2)], "whoever asks may not know yet");
    let asked_before = scene.store.dossiers_of_subjects_list("cnaf", &[id(1)]).await.unwrap();
    let whose: Vec<_> = asked_before.iter().map(|found| (found.row.subject, found.root)).collect();
    assert_eq!(whose, [(id(2), id(1))]);
    opens(scene, &[dossier(4)]).await;
    assert_eq!(open(scene, "cnaf", &[4], NOW).await, [id(4)], "once, though there are two");
    let mut found = scene.store.dossiers_of_subjects_list("cnaf", &[id(3), id(4)]).await.unwrap();
    let within = async |tx: &mut Transaction<'_>| tx.dossiers_of_subjects_list_in_tx("cnaf", &[id(4), id(3)]).await;
    let mut seen = scene.commits(within).await.unwrap();
    for found in [&mut found, &mut seen] {
        found.sort_by_key(|found| found.row.subject);
        let whose: Vec<_> = found.iter().map(|found| (found.row.subject, found.root)).collect();
        assert_eq!(whose, [(id(2), id(4)), (id(3), id(3)), (id(4), id(4))]);
    }
    let listed = scene.store.dossiers_list("cnaf", Some(NOW), Some(id(2)), 9).await.unwrap();
    assert_eq!(listed.iter().map(|found| found.root).collect::<Vec<_>>(), [id(3), id(4)]);
    assert_eq!(closes(scene, "cnaf", &[4], NOW).await, 2);
    assert!(open(scene, "cnaf", &[4], NOW).await.is_empty());
}

async fn dossiers_are_listed_page_by_page_in_the_order_of_their_subjects(scene: &mut Scene) {
    scene.adds_subjects(1..=50).await;
    let mut rows: Vec<DossierRow> = (1..=50).rev().map(dossier).collect();
    opens(scene, &rows).await;
    rows.reverse();
    let mut found: Vec<DossierRow> = Vec::new();
    loop {
        let after = found.last().map(|row| row.subject);
        let page = rows_of(scene.store.dossiers_list("cnaf", None, after, 8).await.unwrap());
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, rows);
    assert!(scene.store.dossiers_list("cnav", None, None, 9).await.unwrap().is_empty());
}

async fn of_several_dossiers_on_one_subject_in_one_load_the_last_counts(scene: &mut Scene) {
    scene.adds_subjects(1..=2).await;
    let until = |until| DossierRow { until, ..dossier(1) };
    opens(scene, &[until(1), dossier(2), until(3), until(2)]).await;
    assert_eq!(list(&scene.store).await, [until(2), dossier(2)]);
}

async fn a_dossier_needs_a_subject(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    let nobody = scene.commits(async |tx| tx.dossiers_upsert_in_tx(&[dossier(1), dossier(9)]).await).await;
    let nobody = nobody.unwrap_err();
    assert!(!nobody.is_conflict() && !nobody.is_storage_failure(), "{nobody:?}");
    assert!(list(&scene.store).await.is_empty(), "nothing of the load stays");
}

async fn ten_thousand_dossiers_are_loaded_at_once_and_again(scene: &mut Scene) {
    scene.adds_subjects(1..=10_000).await;
    let mut rows: Vec<DossierRow> = (1..=10_000).map(dossier).collect();
    opens(scene, &rows).await;
    rows.iter_mut().for_each(|row| row.until = FAR_AHEAD);
    opens(scene, &rows).await;
    assert_eq!(list(&scene.store).await, rows);
    let all: Vec<u64> = (1..=10_000).collect();
    assert_eq!(open(scene, "cnaf", &all, NOW + DAY).await.len(), 10_000);
}

async fn nodes_that_load_the_same_dossiers_do_not_stand_in_each_other_s_way(scene: &mut Scene) {
    scene.adds_subjects(1..=100).await;
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(scene.another_node().await);
    }
    let mut nodes = tokio::task::JoinSet::new();
    for (mut of_node, node) in all.into_iter().zip(0..) {
        nodes.spawn(async move {
            for nth in 0..20 {
                let mut rows: Vec<DossierRow> = (1..=100).map(dossier).collect();
                rows.rotate_left((node * 31 + nth * 17) % 100);
                let mut tx = of_node.writer.begin().await.unwrap();
                tx.dossiers_upsert_in_tx(&rows).await.unwrap();
                tx.commit().await.unwrap();
            }
        });
    }
    nodes.join_all().await;
    assert_eq!(list(&scene.store).await.len(), 100);
}
