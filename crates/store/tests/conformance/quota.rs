//! Quotas: shares that are drawn and spent, and never more than the limit together.

use unefois_store::{QuotaOf, QuotaShare, QuotaSpent, Store, StoreLimits, Transaction};

use crate::{
    chance::Chance,
    rows::{LARGEST, TEXTS},
    scene::{PATIENCE, Scene, limits},
};

on_both!(
    a_node_has_as_many_releases_as_the_limit_and_not_one_more,
    each_day_and_each_agreement_is_counted_for_itself,
    what_is_drawn_and_not_spent_is_not_drawn_again,
    what_is_rolled_back_is_not_spent,
    a_smaller_limit_gives_nothing_until_enough_is_left,
    a_limit_may_be_any_number,
);

on_several_nodes!(
    shares_shrink_while_little_is_left,
    several_shards_never_have_more_than_the_limit_together,
    what_was_given_back_is_another_s_to_draw,
    two_nodes_that_draw_at_once_do_it_one_after_the_other,
);

const DAY: &str = "2026-11-21";
const NEXT_DAY: &str = "2026-11-22";

fn of(limit: u64) -> QuotaOf<'static> {
    QuotaOf { agreement: "a-1", day: DAY, limit, unspent: 0 }
}

async fn draws(scene: &mut Scene, slot: u32, of: QuotaOf<'_>, needed: u64) -> u64 {
    scene.commits(async |tx| tx.quota_draw_in_tx(slot, of, needed).await).await.unwrap()
}

async fn spends(scene: &mut Scene, slot: u32, of: QuotaOf<'_>, spent: u64) {
    let spent = QuotaSpent { agreement: of.agreement, day: of.day, spent };
    scene.commits(async |tx| tx.quota_spent_in_tx(slot, &spent).await).await.unwrap();
}

/// What the shard has of agreement `a-1`.
async fn share(store: &Store, slot: u32, day: &str) -> Option<QuotaShare> {
    let shares = store.quota_shares_list(slot, day).await.unwrap();
    shares.into_iter().find(|share| share.agreement == "a-1")
}

/// Makes one release as the recorder does, when one is left.
async fn releases(tx: &mut Transaction<'_>, slot: u32, of: QuotaOf<'_>, share: &mut QuotaShare) -> bool {
    if share.spent == share.drawn {
        share.drawn += tx.quota_draw_in_tx(slot, of, 1).await.unwrap();
    }
    if share.spent == share.drawn {
        return false;
    }
    share.spent += 1;
    let spent = QuotaSpent { agreement: of.agreement, day: of.day, spent: share.spent };
    tx.quota_spent_in_tx(slot, &spent).await.unwrap();
    true
}

fn nothing() -> QuotaShare {
    QuotaShare { agreement: "a-1".to_owned(), drawn: 0, spent: 0 }
}

async fn a_node_has_as_many_releases_as_the_limit_and_not_one_more(scene: &mut Scene) {
    for (limit, agreement) in [(0, TEXTS[2]), (1, TEXTS[4]), (70, TEXTS[11])] {
        let of = QuotaOf { agreement, day: DAY, limit, unspent: 0 };
        let mut share = nothing();
        let mut released = 0;
        while scene.commits(async |tx| Ok(releases(tx, 0, of, &mut share).await)).await.unwrap() {
            released += 1;
        }
        assert_eq!((released, draws(scene, 0, of, 1).await), (limit, 0));
        let stored = scene.store.quota_shares_list(0, DAY).await.unwrap();
        let spent = stored.iter().find(|share| share.agreement == agreement).map_or(0, |share| share.spent);
        assert_eq!(spent, limit);
    }
}

async fn each_day_and_each_agreement_is_counted_for_itself(scene: &mut Scene) {
    assert_eq!(draws(scene, 0, of(3), 9).await, 3);
    spends(scene, 0, of(3), 3).await;
    assert_eq!(draws(scene, 0, of(3), 1).await, 0);
    let tomorrow = QuotaOf { day: NEXT_DAY, ..of(3) };
    assert_eq!(draws(scene, 0, tomorrow, 1).await, 1);
    spends(scene, 0, tomorrow, 1).await;
    assert_eq!(draws(scene, 0, QuotaOf { agreement: "A-1", ..of(3) }, 2).await, 2);
    assert_eq!(share(&scene.store, 0, DAY).await.unwrap().spent, 3);
    assert_eq!(share(&scene.store, 0, NEXT_DAY).await.unwrap().spent, 1);
    assert_eq!(share(&scene.store, 0, "2026-11-20").await, None);
}

async fn what_is_drawn_and_not_spent_is_not_drawn_again(scene: &mut Scene) {
    assert_eq!(draws(scene, 0, of(5), 5).await, 5);
    spends(scene, 0, of(5), 3).await;
    assert_eq!(draws(scene, 0, QuotaOf { unspent: 2, ..of(5) }, 1).await, 0);
    assert_eq!(draws(scene, 0, QuotaOf { unspent: 2, ..of(6) }, 4).await, 1);
}

async fn what_is_rolled_back_is_not_spent(scene: &mut Scene) {
    let mut tx = scene.writer.begin().await.unwrap();
    assert_eq!(tx.quota_draw_in_tx(0, of(5), 5).await.unwrap(), 5);
    tx.quota_spent_in_tx(0, &QuotaSpent { agreement: "a-1", day: DAY, spent: 5 }).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(share(&scene.store, 0, DAY).await, None);
    assert_eq!(draws(scene, 0, of(5), 5).await, 5);
}

async fn a_smaller_limit_gives_nothing_until_enough_is_left(scene: &mut Scene) {
    assert_eq!(draws(scene, 0, of(10), 8).await, 8);
    spends(scene, 0, of(10), 8).await;
    scene.commits(async |tx| tx.quota_give_back_in_tx(0).await).await.unwrap();
    for (limit, left) in [(7, 0), (8, 0), (0, 0), (9, 1)] {
        let mut tx = scene.writer.begin().await.unwrap();
        assert_eq!(tx.quota_draw_in_tx(0, of(limit), 5).await.unwrap(), left, "{limit}");
    }
    assert_eq!(share(&scene.store, 0, DAY).await.unwrap().spent, 8);
}

async fn a_limit_may_be_any_number(scene: &mut Scene) {
    for (limit, agreement) in [(LARGEST, "a-1"), (LARGEST + 1, "a-2"), (u64::MAX, "a-3")] {
        let of = QuotaOf { agreement, day: DAY, limit, unspent: 0 };
        let drawn = draws(scene, 0, of, 20).await;
        assert!((20..=LARGEST).contains(&drawn), "{drawn}");
        spends(scene, 0, of, 20).await;
        assert!(draws(scene, 0, of, 1).await >= 1);
    }
}

async fn shares_shrink_while_little_is_left(scene: &mut Scene) {
    let mut left = 1_600;
    let mut last = u64::MAX;
    while left > 0 {
        let drawn = draws(scene, 0, of(1_600), 1).await;
        assert!(drawn >= 1 && drawn <= last && drawn <= (left / 8).max(1), "{drawn} of {left}");
        (left, last) = (left - drawn, drawn);
    }
    assert_eq!((last, draws(scene, 0, of(1_600), 1).await), (1, 0));
    assert_eq!(draws(scene, 1, QuotaOf { agreement: "a-2", ..of(1_600) }, 900).await, 900, "what is needed is given");
}

async fn several_shards_never_have_more_than_the_limit_together(scene: &mut Scene) {
    const LIMIT: u64 = 97;
    let mut chance = Chance(20_261_121);
    let mut shares = [nothing(), nothing(), nothing(), nothing()];
    for _ in 0..300 {
        let slot = u32::try_from(chance.below(4)).unwrap();
        let mut share = shares[slot as usize].clone();
        if chance.below(8) == 0 {
            scene.commits(async |tx| tx.quota_give_back_in_tx(slot).await).await.unwrap();
            share.drawn = share.spent;
        } else {
            let mut tx = scene.writer.begin().await.unwrap();
            releases(&mut tx, slot, of(LIMIT), &mut share).await;
            if chance.below(5) == 0 {
                tx.rollback().await.unwrap();
                continue;
            }
            tx.commit().await.unwrap();
        }
        assert!(share.drawn == 0 || self::share(&scene.store, slot, DAY).await.as_ref() == Some(&share));
        shares[slot as usize] = share;
        assert!(shares.iter().map(|share| share.drawn).sum::<u64>() <= LIMIT, "{shares:?}");
    }
    for (slot, share) in (0..).zip(&mut shares) {
        while scene.commits(async |tx| Ok(releases(tx, slot, of(LIMIT), share).await)).await.unwrap() {}
    }
    assert_eq!(shares.iter().map(|share| share.spent).sum::<u64>(), LIMIT, "and not fewer when all is asked for");
}

async fn what_was_given_back_is_another_s_to_draw(scene: &mut Scene) {
    assert_eq!(draws(scene, 0, of(10), 10).await, 10);
    spends(scene, 0, of(10), 4).await;
    assert_eq!(draws(scene, 1, of(10), 1).await, 0);
    scene.commits(async |tx| tx.quota_give_back_in_tx(1).await).await.unwrap();
    assert_eq!(draws(scene, 1, of(10), 1).await, 0, "it had nothing to give");
    for _ in 0..2 {
        scene.commits(async |tx| tx.quota_give_back_in_tx(0).await).await.unwrap();
        let share = share(&scene.store, 0, DAY).await.unwrap();
        assert_eq!((share.drawn, share.spent), (4, 4));
    }
    assert_eq!(draws(scene, 1, of(10), 9).await, 6);
}

async fn two_nodes_that_draw_at_once_do_it_one_after_the_other(scene: &mut Scene) {
    let mut other = scene.another_node_with(&StoreLimits { readers_max: 1, ..limits() }).await;
    let mut tx = scene.writer.begin().await.unwrap();
    assert_eq!(tx.quota_draw_in_tx(0, of(10), 7).await.unwrap(), 7);
    let second = tokio::spawn(async move {
        let mut tx = other.writer.begin().await.unwrap();
        let drawn = tx.quota_draw_in_tx(1, of(10), 7).await.unwrap();
        tx.commit().await.unwrap();
        drawn
    });
    scene.place.waits_for_a_lock().await;
    tx.commit().await.unwrap();
    assert_eq!(tokio::time::timeout(PATIENCE, second).await.unwrap().unwrap(), 3);
}
