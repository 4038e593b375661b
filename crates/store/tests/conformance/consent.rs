//! Consents.

use jiff::Timestamp;
use unefois_core::{Consent, Purpose};
use unefois_store::ConsentOfSubject;

use crate::{
    rows::{FAR_AHEAD, LONG_AGO, NOW, consent, consent_id, id, subject},
    scene::Scene,
};

on_both!(
    a_consent_is_read_back_as_it_was_written,
    the_consents_of_all_that_was_merged_are_listed_newest_first,
    a_consent_is_withdrawn_once,
    a_consent_needs_a_subject_and_an_identifier_of_its_own,
    a_transaction_sees_its_own_consents_before_others_do,
);

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap()
}

async fn a_consent_is_read_back_as_it_was_written(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    let far = at(FAR_AHEAD);
    for (number, purpose) in (1..).zip(Purpose::ALL) {
        let written = Consent {
            purpose,
            granted_at: at(LONG_AGO),
            expires_at: (number % 2 == 0).then_some(far),
            withdrawn_at: (number % 3 == 0).then_some(at(-1)),
            ..consent(number)
        };
        scene.commits(async |tx| tx.consent_insert_in_tx(id(1), &written).await).await.unwrap();
        let found = scene.store.consent_fetch(written.id).await.unwrap();
        assert_eq!(found, Some(ConsentOfSubject { subject: id(1), consent: written }));
    }
    assert_eq!(scene.store.consent_fetch(consent_id(99)).await.unwrap(), None);
}

async fn the_consents_of_all_that_was_merged_are_listed_newest_first(scene: &mut Scene) {
    scene.adds_subjects(1..=3).await;
    // By number: whose it is, and how long after the first it was granted.
    let granted = [(1, 1, 5), (2, 2, 7), (3, 1, 5), (4, 3, 9), (5, 2, -1), (6, 2, 5)];
    scene
        .commits(async |tx| {
            for (number, subject, micros) in granted {
                let consent = Consent { granted_at: at(NOW + micros), ..consent(number) };
                tx.consent_insert_in_tx(id(subject), &consent).await?;
            }
            tx.subject_merge_in_tx(id(1), id(2)).await
        })
        .await
        .unwrap();
    let listed = async |root, count_max| {
        let consents = scene.store.consents_list(id(root), count_max).await.unwrap();
        consents.into_iter().map(|consent| consent.id).collect::<Vec<_>>()
    };
    let all = [2, 1, 3, 6, 5].map(consent_id);
    assert_eq!(listed(1, 100).await, all);
    assert_eq!(listed(1, 3).await, all[..3]);
    assert_eq!(listed(1, 0).await, []);
    assert_eq!(listed(1, u32::MAX).await, all);
    assert_eq!(listed(2, 100).await, all, "whoever asks may not know yet that it is an alias now");
    assert_eq!(listed(3, 100).await, [consent_id(4)]);
}

async fn a_consent_is_withdrawn_once(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    scene
        .commits(async |tx| {
            tx.consent_insert_in_tx(id(1), &consent(1)).await?;
            tx.consent_insert_in_tx(id(1), &consent(2)).await
        })
        .await
        .unwrap();
    for (micros, is_first) in [(NOW + 1, true), (NOW + 2, false)] {
        let withdrawn = scene.commits(async |tx| tx.consent_withdraw_in_tx(consent_id(1), at(micros)).await);
        assert_eq!(withdrawn.await.unwrap(), is_first);
        let found = scene.store.consent_fetch(consent_id(1)).await.unwrap().unwrap();
        assert_eq!(found.consent.withdrawn_at, Some(at(NOW + 1)));
    }
    assert_eq!(scene.store.consent_fetch(consent_id(2)).await.unwrap().unwrap().consent, consent(2));
    let unknown = scene.commits(async |tx| tx.consent_withdraw_in_tx(consent_id(3), at(NOW)).await);
    assert!(!unknown.await.unwrap());
}

async fn a_consent_needs_a_subject_and_an_identifier_of_its_own(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    scene.commits(async |tx| tx.consent_insert_in_tx(id(1), &consent(1)).await).await.unwrap();
    let again = scene.commits(async |tx| tx.consent_insert_in_tx(id(1), &consent(1)).await).await.unwrap_err();
    assert!(scene.is_taken(&again), "{again:?}");
    let nobody = scene.commits(async |tx| tx.consent_insert_in_tx(id(9), &consent(2)).await).await.unwrap_err();
    assert!(!nobody.is_conflict(), "{nobody:?}: doing it again would fail again");
    assert_eq!(scene.store.consents_list(id(1), 9).await.unwrap(), [consent(1)]);
}

async fn a_transaction_sees_its_own_consents_before_others_do(scene: &mut Scene) {
    let mut tx = scene.writer.begin().await.unwrap();
    tx.subjects_insert_in_tx(&[subject(1)], NOW).await.unwrap();
    tx.consent_insert_in_tx(id(1), &consent(1)).await.unwrap();
    let asked = [id(9), id(1), id(8)];
    assert_eq!(tx.consents_list_in_tx(&asked, 9).await.unwrap(), [vec![], vec![consent(1)], vec![]]);
    assert_eq!(tx.consents_list_in_tx(&[id(1)], 0).await.unwrap(), [vec![]]);
    assert!(tx.consents_list_in_tx(&[], 9).await.unwrap().is_empty());
    assert_eq!(scene.store.consents_list(id(1), 9).await.unwrap(), []);
    tx.commit().await.unwrap();
    assert_eq!(scene.store.consents_list(id(1), 9).await.unwrap(), [consent(1)]);
}
