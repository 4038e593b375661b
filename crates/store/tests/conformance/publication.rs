//! Publications, by the provider's own identifier.

use unefois_store::PublicationRow;

use crate::{
    rows::{LARGEST, LONG_AGO, TEXTS, digest, id, publication},
    scene::Scene,
};

on_both!(
    a_publication_is_read_back_as_it_was_written,
    an_identifier_of_an_agency_is_taken_once,
    a_transaction_sees_its_own_publications_and_a_dropped_one_leaves_none,
    a_thousand_publications_are_written_and_listed_at_once,
);

async fn found(scene: &mut Scene, agency: &str, publication_id: &str) -> Option<PublicationRow> {
    let listed = scene.commits(async |tx| tx.publications_list_in_tx(agency, &[publication_id]).await).await;
    listed.unwrap().pop()
}

async fn a_publication_is_read_back_as_it_was_written(scene: &mut Scene) {
    let limits = PublicationRow {
        record: id(LARGEST),
        revision: LARGEST,
        kind: u8::MAX,
        entry: Some((i32::MAX as u32, LARGEST)),
        item_index: i32::MAX as u32,
        item_path: (0..64).map(digest).collect(),
        published_at: LONG_AGO,
        ..publication(1)
    };
    let none = PublicationRow { entry: None, item_index: 0, item_path: Vec::new(), revision: 0, ..publication(2) };
    let texts = TEXTS.map(|text| PublicationRow {
        agency: text.to_owned(),
        publication_id: text.to_owned(),
        dataset: text.to_owned(),
        ..publication(3)
    });
    for written in [limits, none].into_iter().chain(texts) {
        scene.commits(async |tx| tx.publications_insert_in_tx(std::slice::from_ref(&written)).await).await.unwrap();
        let PublicationRow { agency, publication_id, .. } = &written;
        assert_eq!(found(scene, agency, publication_id).await.as_ref(), Some(&written));
    }
    assert_eq!(found(scene, "dgfip", "publication 9").await, None);
    assert_eq!(found(scene, "DGFIP", "publication 1").await, None, "identifiers have capitals");
}

async fn an_identifier_of_an_agency_is_taken_once(scene: &mut Scene) {
    let first = publication(1);
    let another = PublicationRow { agency: "urssaf".to_owned(), ..publication(1) };
    for row in [&first, &another] {
        scene.commits(async |tx| tx.publications_insert_in_tx(std::slice::from_ref(row)).await).await.unwrap();
    }
    let second = PublicationRow { content: digest(9), ..publication(1) };
    let taken = scene.commits(async |tx| tx.publications_insert_in_tx(&[second]).await).await.unwrap_err();
    assert!(scene.is_taken(&taken), "{taken:?}");
    assert_eq!(found(scene, "dgfip", "publication 1").await, Some(first));
    assert_eq!(found(scene, "urssaf", "publication 1").await, Some(another));
}

async fn a_transaction_sees_its_own_publications_and_a_dropped_one_leaves_none(scene: &mut Scene) {
    let mut tx = scene.writer.begin().await.unwrap();
    tx.publications_insert_in_tx(&[publication(1)]).await.unwrap();
    assert_eq!(tx.publications_list_in_tx("dgfip", &["publication 1"]).await.unwrap(), [publication(1)]);
    drop(tx);
    assert_eq!(found(scene, "dgfip", "publication 1").await, None);
}

async fn a_thousand_publications_are_written_and_listed_at_once(scene: &mut Scene) {
    let path = |number: u64| (0..number % 12).map(digest).collect();
    let all: Vec<_> = (0..1_000).map(|of| PublicationRow { item_path: path(of), ..publication(of) }).collect();
    scene.commits(async |tx| tx.publications_insert_in_tx(&all).await).await.unwrap();
    scene.commits(async |tx| tx.publications_insert_in_tx(&[]).await).await.unwrap();
    let ids: Vec<&str> = all.iter().map(|row| row.publication_id.as_str()).chain(["another"]).collect();
    let mut listed = scene.commits(async |tx| tx.publications_list_in_tx("dgfip", &ids).await).await.unwrap();
    listed.sort_by_key(|row| row.record);
    assert_eq!(listed, all);
    assert!(scene.commits(async |tx| tx.publications_list_in_tx("dgfip", &[]).await).await.unwrap().is_empty());
}
