//! Subscriptions: made once by a name, paused, and deleted with all that was kept of them.

use jiff::{SignedDuration, Timestamp};
use unefois_core::{
    Cursor, EventKind, Filter, NewSubscription, Reach, Subscription, SubscriptionState, SubscriptionTerms, Telling,
};
use unefois_store::{SubscriptionCursor, SubscriptionFound};

use crate::{
    rows::{FAR_AHEAD, LARGEST, LONG_AGO, NOW, attempt, dead_letter, event, subscription, subscription_id},
    scene::Scene,
    subscription_cursor::{advance, advances, at, cursor, is_at},
};

on_both!(
    a_subscription_is_read_back_as_it_was_written,
    a_name_is_one_live_subscription_of_an_agency,
    subscriptions_are_listed_page_by_page_in_the_order_of_bytes,
    a_state_is_set_and_what_was_decided_before_is_not_told_any_more,
    a_deleted_subscription_takes_all_that_was_kept_of_it_along,
);

/// Each kind of value in turn, and the largest and the least that there are.
fn extremes() -> [Subscription; 3] {
    let terms = |retention_days, redelivery_after, attempts_max| SubscriptionTerms {
        retention_days,
        redelivery_after: SignedDuration::from_micros(redelivery_after),
        attempts_max,
    };
    let at = |micros| Timestamp::from_microsecond(micros).unwrap();
    let of = |number, asked, state, created_at| Subscription { asked, state, created_at, ..subscription(number) };
    let asked = |number| subscription(number).asked;
    [
        of(
            1,
            NewSubscription { filter: Filter::default(), terms: terms(0, 0, 0), ..asked(1) },
            SubscriptionState::Active,
            at(LONG_AGO),
        ),
        of(
            2,
            NewSubscription {
                filter: Filter { kinds: EventKind::ALL.into(), fields: vec!["only_one".into()] },
                reach: Reach::WholePopulation,
                terms: terms(u16::MAX, i64::MAX, 2_147_483_647),
                ..asked(2)
            },
            SubscriptionState::Paused,
            at(FAR_AHEAD),
        ),
        of(3, asked(3), SubscriptionState::Active, at(NOW)),
    ]
}

async fn a_subscription_is_read_back_as_it_was_written(scene: &mut Scene) {
    let from = Cursor::of(std::array::from_fn(|partition| LARGEST - partition as u64));
    for subscription in extremes() {
        let added = scene.commits(async |tx| tx.subscription_insert_in_tx(&subscription, &from).await).await.unwrap();
        assert!(added);
        let (id, name) = (subscription.id, subscription.asked.name.to_string());
        let cursor = SubscriptionCursor {
            version: 0,
            acknowledged: from,
            delivered: from,
            telling: Telling(0),
            void_through: Telling(0),
            set_back_at: Telling(0),
            is_received: false,
        };
        let expected = Some(SubscriptionFound { subscription, cursor });
        assert_eq!(scene.store.subscription_fetch(id).await.unwrap(), expected);
        assert_eq!(scene.store.subscription_of_name_fetch("cnaf", &name).await.unwrap(), expected);
    }
    assert_eq!(scene.store.subscription_fetch(subscription_id(99)).await.unwrap(), None);
    for (agency, name) in [("cnaf", "nothing"), ("cnav", "subscription-0001"), ("\"; DROP TABLE", "'")] {
        assert_eq!(scene.store.subscription_of_name_fetch(agency, name).await.unwrap(), None);
    }
}

/// A subscription of that agency by that name.
fn named(number: u64, agency: &str, name: &str) -> Subscription {
    let mut subscription = subscription(number);
    subscription.agency = agency.parse().unwrap();
    subscription.asked.name = name.parse().unwrap();
    subscription
}

async fn a_name_is_one_live_subscription_of_an_agency(scene: &mut Scene) {
    let named = |number, agency| named(number, agency, "turnovers");
    scene.subscribes(&[named(1, "cnaf"), named(2, "cnav")]).await;
    let again = scene.commits(async |tx| tx.subscription_insert_in_tx(&named(3, "cnaf"), &Cursor::BEGIN).await);
    assert!(!again.await.unwrap(), "the name is taken");
    assert_eq!(scene.store.subscription_fetch(subscription_id(3)).await.unwrap(), None);
    let same_id = scene.commits(async |tx| tx.subscription_insert_in_tx(&subscription(1), &Cursor::BEGIN).await);
    let taken = same_id.await.unwrap_err();
    assert!(scene.is_taken(&taken), "{taken:?}");
    let counted = scene.commits(async |tx| {
        let before = tx.subscriptions_count_in_tx("cnaf").await?;
        tx.subscription_delete_in_tx(subscription_id(1), NOW).await?;
        Ok((before, tx.subscriptions_count_in_tx("cnaf").await?, tx.subscriptions_count_in_tx("cnav").await?))
    });
    assert_eq!(counted.await.unwrap(), (1, 0, 1));
    scene.subscribes(&[named(3, "cnaf")]).await;
    let found = scene.store.subscription_of_name_fetch("cnaf", "turnovers").await.unwrap().unwrap();
    assert_eq!(found.subscription.id, subscription_id(3));
}

async fn subscriptions_are_listed_page_by_page_in_the_order_of_bytes(scene: &mut Scene) {
    let mut expected = Vec::new();
    for (nth, agency) in (0..).zip(["ab", "a-b", "a1"]) {
        // In French `a-b` comes with `ab`, and digits elsewhere.
        for (within, name) in (0..).zip(["ab", "a-b", "ac", "a-c", "a1", "a--b", "b", "b-0"].map(|name| name.repeat(2)))
        {
            expected.push(named(100 * nth + within, agency, &name));
        }
    }
    let mut backwards = expected.clone();
    backwards.reverse();
    scene.subscribes(&backwards).await;
    scene.commits(async |tx| tx.subscription_delete_in_tx(expected.remove(5).id, NOW).await).await.unwrap();
    let key = |of: &Subscription| (of.agency.to_string(), of.asked.name.to_string());
    expected.sort_by_key(key);
    for agency in [None, Some("a-b"), Some("nobody")] {
        let mut found: Vec<Subscription> = Vec::new();
        loop {
            let after = found.last().map(|of| (of.agency.as_str(), of.asked.name.as_str()));
            let page = scene.store.subscriptions_list(agency, after, 5).await.unwrap();
            if page.is_empty() {
                break;
            }
            found.extend(page.into_iter().map(|of| of.subscription));
        }
        let of_agency = expected.iter().filter(|of| agency.is_none_or(|agency| of.agency.as_str() == agency));
        assert!(found.iter().eq(of_agency), "{agency:?}");
    }
}

async fn a_state_is_set_and_what_was_decided_before_is_not_told_any_more(scene: &mut Scene) {
    use SubscriptionState::{Active, Paused};
    scene.subscribes(&[subscription(1)]).await;
    let sets = async |scene: &mut Scene, number, state| {
        scene.commits(async |tx| tx.subscription_state_in_tx(subscription_id(number), state).await).await.unwrap()
    };
    assert!(sets(scene, 1, Paused).await);
    let found = scene.store.subscription_fetch(subscription_id(1)).await.unwrap().unwrap();
    assert_eq!(found.subscription.state, Paused);
    assert_eq!(advances(scene, &[advance(1, 0, Cursor::BEGIN, at([1]))]).await, [false]);
    is_at(&cursor(scene, 1).await, 1, Cursor::BEGIN, Cursor::BEGIN);
    assert_eq!(advances(scene, &[advance(1, 1, Cursor::BEGIN, at([1]))]).await, [true]);
    assert!(!sets(scene, 9, Paused).await);
    scene.commits(async |tx| tx.subscription_delete_in_tx(subscription_id(1), NOW).await).await.unwrap();
    assert!(!sets(scene, 1, Active).await);
}

async fn a_deleted_subscription_takes_all_that_was_kept_of_it_along(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    scene.subscribes(&[subscription(1), subscription(2)]).await;
    let places = scene.tells(&[event(1, 1), event(2, 1)]).await;
    scene
        .commits(async |tx| {
            for number in [1, 2] {
                let of = subscription_id(number);
                tx.attempts_write_in_tx(of, &[attempt(places[0])]).await?;
                tx.dead_letters_insert_in_tx(of, &[dead_letter(places[1], 2, 1)], NOW).await?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let deletes = async |scene: &mut Scene, number| {
        scene.commits(async |tx| tx.subscription_delete_in_tx(subscription_id(number), NOW).await).await.unwrap()
    };
    assert!(deletes(scene, 1).await);
    assert_eq!(scene.store.subscription_fetch(subscription_id(1)).await.unwrap(), None);
    for (number, kept) in [(1, 0), (2, 1)] {
        let of = subscription_id(number);
        assert_eq!(scene.store.attempts_list(of, 9).await.unwrap().len(), kept);
        assert_eq!(scene.store.dead_letters_list(of, None, 9).await.unwrap().len(), kept);
    }
    let next = |number| advance(number, 0, Cursor::BEGIN, at([1]));
    assert_eq!(advances(scene, &[next(1), next(2)]).await, [false, true]);
    assert!(!deletes(scene, 1).await && !deletes(scene, 9).await);
}
