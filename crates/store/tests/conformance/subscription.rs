//! Subscriptions: made once by a name, paused, and deleted with all that was kept of them.

use unefois_store::{Acknowledged, PARTITIONS, Positions, SubscriptionCursor, SubscriptionFound, SubscriptionRow};

use crate::{
    rows::{FAR_AHEAD, LARGEST, LONG_AGO, NOW, TEXTS, attempt, dead_letter, event, id, subscription},
    scene::Scene,
    subscription_cursor::{acknowledgement, acknowledges, advance, advances, at, cursor, is_at},
};

on_both!(
    a_subscription_is_read_back_as_it_was_written,
    a_name_is_one_live_subscription_of_an_agency,
    subscriptions_are_listed_page_by_page_in_the_order_of_bytes,
    a_state_is_set_and_what_was_decided_before_is_not_told_any_more,
    a_deleted_subscription_takes_all_that_was_kept_of_it_along,
);

const NONE: Positions = [0; PARTITIONS];

async fn a_subscription_is_read_back_as_it_was_written(scene: &mut Scene) {
    let from: Positions = std::array::from_fn(|partition| LARGEST - partition as u64);
    for (number, text) in (1..).zip(TEXTS) {
        let row = SubscriptionRow {
            agency: text.to_owned(),
            name: text.to_owned(),
            agreement: text.to_owned(),
            kinds: if number == 1 { Vec::new() } else { vec![0, 255] },
            fields: if number == 1 { Vec::new() } else { vec![1, u32::MAX] },
            whole_population: number % 2 == 0,
            state: 255,
            retention: i64::MAX,
            redelivery: 0,
            attempts_max: 2_147_483_647,
            created_at: if number % 2 == 0 { LONG_AGO } else { FAR_AHEAD },
            ..subscription(number)
        };
        let added = scene.commits(async |tx| tx.subscription_insert_in_tx(&row, &from).await).await.unwrap();
        assert!(added);
        let cursor = SubscriptionCursor { version: 0, acknowledged: from, delivered: from, is_received: false };
        let expected = Some(SubscriptionFound { row, cursor });
        assert_eq!(scene.store.subscription_fetch(id(number)).await.unwrap(), expected);
        assert_eq!(scene.store.subscription_of_name_fetch(text, text).await.unwrap(), expected);
    }
    assert_eq!(scene.store.subscription_fetch(id(99)).await.unwrap(), None);
    assert_eq!(scene.store.subscription_of_name_fetch("cnaf", "nothing").await.unwrap(), None);
}

async fn a_name_is_one_live_subscription_of_an_agency(scene: &mut Scene) {
    let named = |number, agency: &str| SubscriptionRow {
        name: "turnovers".to_owned(),
        agency: agency.to_owned(),
        ..subscription(number)
    };
    scene.subscribes(&[named(1, "cnaf"), named(2, "cnav")]).await;
    let again = scene.commits(async |tx| tx.subscription_insert_in_tx(&named(3, "cnaf"), &NONE).await);
    assert!(!again.await.unwrap(), "the name is taken");
    assert_eq!(scene.store.subscription_fetch(id(3)).await.unwrap(), None);
    let same_id = scene.commits(async |tx| tx.subscription_insert_in_tx(&subscription(1), &NONE).await);
    let taken = same_id.await.unwrap_err();
    assert!(scene.is_taken(&taken), "{taken:?}");
    let counted = scene.commits(async |tx| {
        let before = tx.subscriptions_count_in_tx("cnaf").await?;
        tx.subscription_delete_in_tx(id(1), NOW).await?;
        Ok((before, tx.subscriptions_count_in_tx("cnaf").await?, tx.subscriptions_count_in_tx("cnav").await?))
    });
    assert_eq!(counted.await.unwrap(), (1, 0, 1));
    scene.subscribes(&[named(3, "cnaf")]).await;
    let found = scene.store.subscription_of_name_fetch("cnaf", "turnovers").await.unwrap().unwrap();
    assert_eq!(found.row.id, id(3));
}

async fn subscriptions_are_listed_page_by_page_in_the_order_of_bytes(scene: &mut Scene) {
    let mut expected = Vec::new();
    for (nth, agency) in (0..).zip(["Z", "a", "é"]) {
        for (within, name) in (0..).zip(TEXTS) {
            let (agency, name) = (agency.to_owned(), name.to_owned());
            expected.push(SubscriptionRow { agency, name, ..subscription(100 * nth + within) });
        }
    }
    let mut backwards = expected.clone();
    backwards.reverse();
    scene.subscribes(&backwards).await;
    scene.commits(async |tx| tx.subscription_delete_in_tx(expected.remove(5).id, NOW).await).await.unwrap();
    let key = |row: &SubscriptionRow| (row.agency.clone(), row.name.clone());
    expected.sort_by_key(key);
    for agency in [None, Some("a"), Some("nobody")] {
        let mut found: Vec<SubscriptionRow> = Vec::new();
        loop {
            let after = found.last().map(|row| (row.agency.as_str(), row.name.as_str()));
            let page = scene.store.subscriptions_list(agency, after, 5).await.unwrap();
            if page.is_empty() {
                break;
            }
            found.extend(page.into_iter().map(|of| of.row));
        }
        let of_agency = expected.iter().filter(|row| agency.is_none_or(|agency| row.agency == agency));
        assert!(found.iter().eq(of_agency), "{agency:?}");
    }
}

async fn a_state_is_set_and_what_was_decided_before_is_not_told_any_more(scene: &mut Scene) {
    scene.subscribes(&[subscription(1)]).await;
    let set = scene.commits(async |tx| tx.subscription_state_in_tx(id(1), 2).await);
    assert!(set.await.unwrap());
    assert_eq!(scene.store.subscription_fetch(id(1)).await.unwrap().unwrap().row.state, 2);
    assert_eq!(advances(scene, &[advance(1, 0, NONE, at([1]))]).await, [false]);
    is_at(&cursor(scene, 1).await, 1, NONE, NONE);
    assert_eq!(advances(scene, &[advance(1, 1, NONE, at([1]))]).await, [true]);
    assert!(!scene.commits(async |tx| tx.subscription_state_in_tx(id(9), 2).await).await.unwrap());
    scene.commits(async |tx| tx.subscription_delete_in_tx(id(1), NOW).await).await.unwrap();
    assert!(!scene.commits(async |tx| tx.subscription_state_in_tx(id(1), 1).await).await.unwrap());
}

async fn a_deleted_subscription_takes_all_that_was_kept_of_it_along(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    scene.subscribes(&[subscription(1), subscription(2)]).await;
    let places = scene.tells(&[event(1, 1), event(2, 1)]).await;
    scene
        .commits(async |tx| {
            for number in [1, 2] {
                tx.attempts_write_in_tx(&[attempt(number, places[0])]).await?;
                tx.dead_letters_insert_in_tx(&[dead_letter(number, places[1])]).await?;
            }
            Ok(())
        })
        .await
        .unwrap();
    assert!(scene.commits(async |tx| tx.subscription_delete_in_tx(id(1), NOW).await).await.unwrap());
    assert_eq!(scene.store.subscription_fetch(id(1)).await.unwrap(), None);
    for (number, kept) in [(1, 0), (2, 1)] {
        assert_eq!(scene.store.attempts_list(id(number), 9).await.unwrap().len(), kept);
        assert_eq!(scene.store.dead_letters_list(id(number), None, 9).await.unwrap().len(), kept);
    }
    assert_eq!(advances(scene, &[advance(1, 0, NONE, at([1])), advance(2, 0, NONE, at([1]))]).await, [false, true]);
    assert_eq!(acknowledges(scene, &[acknowledgement(1, NONE)]).await, [Acknowledged::Gone]);
    assert!(!scene.commits(async |tx| tx.subscription_delete_in_tx(id(1), NOW).await).await.unwrap());
    assert!(!scene.commits(async |tx| tx.subscription_delete_in_tx(id(9), NOW).await).await.unwrap());
}
