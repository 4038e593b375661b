//! Request identifiers: claimed once, forgotten when they are old.

use std::collections::HashSet;

use unefois_store::RequestClaim;

use crate::{
    rows::{FAR_AHEAD, LARGEST, LONG_AGO, NOW, TEXTS, bytes, claim, digest, id},
    scene::{PATIENCE, Scene},
};

on_both!(
    a_claim_is_read_back_as_it_was_settled,
    a_claimed_identifier_is_taken_and_the_others_of_the_batch_are_not,
    an_old_claim_is_nobody_s_and_is_claimed_anew,
    what_is_settled_elsewhere_points_there_and_what_is_dropped_is_free,
    a_thousand_claims_are_settled_at_once,
    old_claims_are_forgotten_slice_by_slice,
    what_is_rolled_back_is_free,
);

on_several_nodes!(
    who_claims_second_waits_for_the_first_and_finds_it_taken,
    who_claims_second_has_it_when_the_first_gives_up,
);

/// Claims and settles as the recorder does: `stand` says what becomes of each that was not taken.
async fn settles(
    scene: &mut Scene,
    claims: &[RequestClaim],
    stand: impl Fn(&RequestClaim) -> Option<RequestClaim>,
) -> HashSet<(String, String)> {
    let done = scene.commits(async |tx| {
        let taken = tx.request_claims_take_in_tx(claims, NOW).await?;
        let free = claims.iter().filter(|claim| !taken.contains(&key(claim)));
        let settled: Vec<RequestClaim> = free.filter_map(stand).collect();
        tx.request_claims_settle_in_tx(claims, &taken, &settled).await?;
        Ok(taken)
    });
    done.await.unwrap()
}

fn key(claim: &RequestClaim) -> (String, String) {
    (claim.agency.clone(), claim.request_id.clone())
}

async fn stored(scene: &Scene, claim: &RequestClaim) -> Option<RequestClaim> {
    scene.store.request_claim_fetch(&claim.agency, &claim.request_id, LONG_AGO).await.unwrap()
}

async fn a_claim_is_read_back_as_it_was_settled(scene: &mut Scene) {
    let live = RequestClaim { held: None, live: Some((id(2), bytes(2))), ..claim(2) };
    let neither = RequestClaim { held: None, slot: i32::MAX as u32, index: LARGEST, ..claim(3) };
    let largest = RequestClaim { held: Some((id(4), LARGEST)), claimed_at: FAR_AHEAD, ..claim(4) };
    let texts = TEXTS.map(|text| RequestClaim { agency: text.to_owned(), request_id: text.to_owned(), ..claim(5) });
    let claims: Vec<RequestClaim> = [claim(1), live, neither, largest].into_iter().chain(texts).collect();
    assert!(settles(scene, &claims, |claim| Some(claim.clone())).await.is_empty());
    for claim in &claims {
        assert_eq!(stored(scene, claim).await.as_ref(), Some(claim));
    }
    let first = scene.store.request_claim_fetch("cnaf", "request 0001", NOW).await.unwrap();
    assert_eq!(first, Some(claim(1)), "claimed at that very moment");
    assert_eq!(scene.store.request_claim_fetch("cnaf", "request 0001", NOW + 1).await.unwrap(), None);
    assert_eq!(scene.store.request_claim_fetch("CNAF", "request 0001", NOW).await.unwrap(), None);
}

async fn a_claimed_identifier_is_taken_and_the_others_of_the_batch_are_not(scene: &mut Scene) {
    settles(scene, &[claim(1), claim(2)], |claim| Some(claim.clone())).await;
    let of_another_agency = RequestClaim { agency: "urssaf".to_owned(), ..claim(1) };
    let again = [claim(3), RequestClaim { content: digest(9), index: 9, ..claim(2) }, of_another_agency.clone()];
    let taken = settles(scene, &again, |claim| Some(claim.clone())).await;
    assert_eq!(taken, HashSet::from([key(&claim(2))]));
    assert_eq!(stored(scene, &claim(2)).await, Some(claim(2)), "the first stands");
    assert_eq!(stored(scene, &claim(3)).await, Some(claim(3)));
    assert_eq!(stored(scene, &of_another_agency).await, Some(of_another_agency));
    assert!(settles(scene, &[], |claim| Some(claim.clone())).await.is_empty());
}

async fn an_old_claim_is_nobody_s_and_is_claimed_anew(scene: &mut Scene) {
    let (old, older) =
        (RequestClaim { claimed_at: NOW - 1, ..claim(1) }, RequestClaim { claimed_at: LONG_AGO, ..claim(2) });
    settles(scene, &[old.clone(), older.clone(), claim(3)], |claim| Some(claim.clone())).await;
    let again = [1, 2, 3].map(|number| RequestClaim { index: 100 + number, ..claim(number) });
    let taken = settles(scene, &again, |claim| Some(claim.clone())).await;
    assert_eq!(taken, HashSet::from([key(&claim(3))]));
    assert_eq!(stored(scene, &old).await.as_ref(), Some(&again[0]));
    assert_eq!(stored(scene, &older).await.as_ref(), Some(&again[1]));
    assert_eq!(stored(scene, &claim(3)).await, Some(claim(3)));
}

async fn what_is_settled_elsewhere_points_there_and_what_is_dropped_is_free(scene: &mut Scene) {
    let moved = |claim: &RequestClaim| RequestClaim { index: claim.index + 50, held: None, ..claim.clone() };
    let claims = [1, 2, 3, 4].map(claim);
    settles(scene, &claims, |claim| match claim.index {
        1 => Some(claim.clone()),
        2 | 3 => Some(moved(claim)),
        _ => None,
    })
    .await;
    assert_eq!(stored(scene, &claims[0]).await, Some(claim(1)));
    assert_eq!(stored(scene, &claims[1]).await, Some(moved(&claim(2))));
    assert_eq!(stored(scene, &claims[2]).await, Some(moved(&claim(3))));
    assert_eq!(stored(scene, &claims[3]).await, None);
    let taken = settles(scene, &claims, |_| None).await;
    assert_eq!(taken, claims[..3].iter().map(key).collect());
    assert_eq!(stored(scene, &claims[1]).await, Some(moved(&claim(2))), "what was taken is not theirs to drop");
}

async fn a_thousand_claims_are_settled_at_once(scene: &mut Scene) {
    let claims: Vec<RequestClaim> = (0..1_000).map(claim).collect();
    settles(scene, &claims[..500], |claim| (claim.index % 5 != 0).then(|| claim.clone())).await;
    let taken = settles(scene, &claims, |claim| Some(RequestClaim { index: claim.index + 1, ..claim.clone() })).await;
    assert_eq!(taken, claims[..500].iter().filter(|claim| claim.index % 5 != 0).map(key).collect());
    for claim in &claims {
        let expected = if taken.contains(&key(claim)) { claim.index } else { claim.index + 1 };
        assert_eq!(stored(scene, claim).await.unwrap().index, expected, "{}", claim.index);
    }
}

async fn old_claims_are_forgotten_slice_by_slice(scene: &mut Scene) {
    let claims: Vec<RequestClaim> = (0..30)
        .map(|number| RequestClaim { claimed_at: NOW + i64::try_from(number).unwrap(), ..claim(number) })
        .collect();
    settles(scene, &claims, |claim| Some(claim.clone())).await;
    for forgotten in [8, 8, 4, 0] {
        let done = scene.commits(async |tx| tx.request_claims_forget_in_tx(NOW + 20, 8).await);
        assert_eq!(done.await.unwrap(), forgotten);
    }
    for claim in &claims {
        assert_eq!(stored(scene, claim).await.is_some(), claim.claimed_at >= NOW + 20, "{}", claim.index);
    }
}

async fn what_is_rolled_back_is_free(scene: &mut Scene) {
    let mut tx = scene.writer.begin().await.unwrap();
    let taken = tx.request_claims_take_in_tx(&[claim(1)], NOW).await.unwrap();
    tx.request_claims_settle_in_tx(&[claim(1)], &taken, &[claim(1)]).await.unwrap();
    assert_eq!(scene.store.request_claim_fetch("cnaf", "request 0001", NOW).await.unwrap(), None);
    drop(tx);
    assert!(settles(scene, &[claim(1)], |_| None).await.is_empty());
    assert_eq!(stored(scene, &claim(1)).await, None);
}

/// What the second node finds taken, after the first has ended its transaction as it wants.
async fn second_finds(scene: &mut Scene, first_stands: &[RequestClaim]) -> HashSet<(String, String)> {
    let mut other = scene.another_node().await;
    let (ours, theirs) = ([claim(1), claim(2)], [claim(2), claim(3)]);
    let mut tx = scene.writer.begin().await.unwrap();
    let taken = tx.request_claims_take_in_tx(&ours, NOW).await.unwrap();
    assert!(taken.is_empty());
    let second = tokio::spawn(async move {
        let mut tx = other.writer.begin().await.unwrap();
        let taken = tx.request_claims_take_in_tx(&theirs, NOW).await.unwrap();
        tx.request_claims_settle_in_tx(&theirs, &taken, &theirs).await.unwrap();
        tx.commit().await.unwrap();
        taken
    });
    scene.place.waits_for_a_lock().await;
    tx.request_claims_settle_in_tx(&ours, &taken, first_stands).await.unwrap();
    tx.commit().await.unwrap();
    tokio::time::timeout(PATIENCE, second).await.unwrap().unwrap()
}

async fn who_claims_second_waits_for_the_first_and_finds_it_taken(scene: &mut Scene) {
    assert_eq!(second_finds(scene, &[claim(1), claim(2)]).await, HashSet::from([key(&claim(2))]));
    assert_eq!(stored(scene, &claim(3)).await, Some(claim(3)));
}

async fn who_claims_second_has_it_when_the_first_gives_up(scene: &mut Scene) {
    assert!(second_finds(scene, &[claim(1)]).await.is_empty());
    for number in 1..=3 {
        assert_eq!(stored(scene, &claim(number)).await, Some(claim(number)));
    }
}
