//! The key store.

use unefois_store::KeyRow;

use crate::{
    rows::{FAR_AHEAD, LONG_AGO, TEXTS, bytes, id, key},
    scene::{Place, Scene},
};

on_both!(
    a_key_is_found_by_its_identifier_and_by_its_owner,
    a_second_key_of_one_owner_for_one_use_is_left_out,
    destroyed_keys_are_gone_and_the_others_are_not,
    a_thousand_keys_are_written_and_destroyed_at_once,
    clones_share_the_store_until_it_is_closed,
);

async fn a_key_is_found_by_its_identifier_and_by_its_owner(scene: &mut Scene) {
    let keys = &scene.key_store;
    let limits = KeyRow { usage: u8::MAX, master_epoch: u32::MAX, created_at: FAR_AHEAD, ..key(1) };
    let long_ago = KeyRow { wrapped: Vec::new(), master_epoch: 0, usage: 0, created_at: LONG_AGO, ..key(2) };
    let of_the_ledger = (10..).zip(TEXTS).map(|(number, label)| KeyRow {
        subject: None,
        label: Some(label.to_owned()),
        wrapped: bytes(number).repeat(100),
        ..key(number)
    });
    let written: Vec<KeyRow> = [limits, long_ago].into_iter().chain(of_the_ledger).collect();
    keys.keys_insert(written.clone()).await.unwrap();
    for key in &written {
        assert_eq!(keys.key_fetch(key.id).await.unwrap().as_ref(), Some(key));
        let by_owner = match (key.subject, &key.label) {
            (Some(subject), _) => keys.keys_of_subjects_list(&[subject], key.usage).await.map(|mut keys| keys.pop()),
            (None, label) => keys.key_of_label_fetch(label.as_ref().unwrap(), key.usage).await,
        };
        assert_eq!(by_owner.unwrap().as_ref(), Some(key));
    }
    let both = keys.keys_of_subjects_list(&[id(2), id(1), id(9)], u8::MAX).await.unwrap();
    assert_eq!(both, [written[0].clone()], "each for that use");
    assert_eq!(keys.key_ids_of_subject_list(id(1), u8::MAX).await.unwrap(), [id(1)]);
    assert!(keys.key_ids_of_subject_list(id(1), 3).await.unwrap().is_empty());
    assert_eq!(keys.key_fetch(id(3)).await.unwrap(), None);
    assert_eq!(keys.keys_of_subjects_list(&[id(1)], 1).await.unwrap(), [], "another use");
    assert_eq!(keys.key_of_label_fetch("z-1", 1).await.unwrap(), None);
}

async fn a_second_key_of_one_owner_for_one_use_is_left_out(scene: &mut Scene) {
    let keys = &scene.key_store;
    let labelled = |number: u64| KeyRow { subject: None, label: Some("2026-11".to_owned()), ..key(number) };
    keys.keys_insert(vec![key(1), labelled(2)]).await.unwrap();
    let second = KeyRow { id: id(3), ..key(1) };
    let other_use = KeyRow { id: id(4), usage: 2, ..key(1) };
    let same_id = KeyRow { subject: Some(id(9)), ..key(1) };
    keys.keys_insert(vec![second, labelled(5), other_use.clone(), same_id, key(6)]).await.unwrap();
    assert_eq!(keys.keys_of_subjects_list(&[id(1)], 1).await.unwrap(), [key(1)], "the first stays");
    assert_eq!(keys.key_of_label_fetch("2026-11", 1).await.unwrap(), Some(labelled(2)));
    for left_out in [3, 5] {
        assert_eq!(keys.key_fetch(id(left_out)).await.unwrap(), None);
    }
    assert_eq!(keys.keys_of_subjects_list(&[id(9)], 1).await.unwrap(), []);
    assert_eq!(keys.key_fetch(id(4)).await.unwrap(), Some(other_use));
    assert_eq!(keys.key_fetch(id(6)).await.unwrap(), Some(key(6)), "the others of the batch are written");

    let both = [7, 8].map(|number| KeyRow { subject: Some(id(7)), ..key(number) });
    keys.keys_insert(both.to_vec()).await.unwrap();
    let kept = keys.key_ids_of_subject_list(id(7), 1).await.unwrap();
    assert!(kept.len() == 1 && both.iter().any(|key| key.id == kept[0]), "one of the two: {kept:?}");
}

async fn destroyed_keys_are_gone_and_the_others_are_not(scene: &mut Scene) {
    let keys = &scene.key_store;
    keys.keys_insert(
        (1..=4).map(|number| KeyRow { wrapped: b"wrapped, and secret".to_vec(), ..key(number) }).collect(),
    )
    .await
    .unwrap();
    keys.keys_destroy(&[id(2), id(9), id(4), id(2)]).await.unwrap();
    keys.keys_destroy(&[]).await.unwrap();
    for number in 1..=4 {
        let is_there = number % 2 == 1;
        assert_eq!(keys.key_fetch(id(number)).await.unwrap().is_some(), is_there, "{number}");
        assert_eq!(
            keys.keys_of_subjects_list(&[id(number)], 1).await.unwrap().len(),
            usize::from(is_there),
            "{number}"
        );
    }
    keys.keys_insert(vec![KeyRow { id: id(12), ..key(2) }]).await.unwrap();
    assert_eq!(keys.key_ids_of_subject_list(id(2), 1).await.unwrap(), [id(12)], "its owner may have another");
    keys.keys_destroy(&[id(1), id(3)]).await.unwrap();
    if let Place::Folder { directory, .. } = &scene.place {
        for file in std::fs::read_dir(directory.path()).unwrap() {
            let file = file.unwrap().path();
            let bytes = std::fs::read(&file).unwrap();
            let is_there = bytes.windows(19).any(|window| window == b"wrapped, and secret");
            assert!(!is_there, "a destroyed key is in {}", file.display());
        }
    }
}

async fn a_thousand_keys_are_written_and_destroyed_at_once(scene: &mut Scene) {
    let keys = &scene.key_store;
    keys.keys_insert((0..1_000).map(key).collect()).await.unwrap();
    keys.keys_insert(Vec::new()).await.unwrap();
    let half: Vec<[u8; 16]> = (0..500).map(id).collect();
    keys.keys_destroy(&half).await.unwrap();
    for number in 0..1_000 {
        assert_eq!(keys.key_fetch(id(number)).await.unwrap().is_some(), number >= 500, "{number}");
    }
}

async fn clones_share_the_store_until_it_is_closed(scene: &mut Scene) {
    let clone = scene.key_store.clone();
    clone.keys_insert(vec![key(1)]).await.unwrap();
    assert_eq!(scene.key_store.key_fetch(id(1)).await.unwrap(), Some(key(1)));
    assert_eq!(scene.key_store.in_flight().age(), None);
    clone.close().await.unwrap();
    assert!(scene.key_store.key_fetch(id(1)).await.is_err());
    assert!(scene.key_store.keys_insert(vec![key(2)]).await.is_err());
}
