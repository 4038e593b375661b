//! Clocks that disagree: what a successor records is not before what its predecessor recorded, and a consent is what it
//! is on every node.

use unefois_client::{PullError, RetryPolicy, pull};
use unefois_ledger::decode_leaf;
use unefois_proto::pb::{consent::v1::WithdrawRequest, ledger::v1::Purpose};
use unefois_testkit::{House, Person, clock_ahead, pull_request};

use super::{asked, on_postgres};
use crate::{
    UNEFOIS,
    calls::grant_of,
    load::{Agencies, apply},
    promises::{Promises, leaves_of_shards},
    publishes,
};

const HOUR_MICROS: i64 = 3_600_000_000;

/// The instants of the entries of the one shard, in microseconds since 1970.
async fn instants(house: &House) -> Vec<i64> {
    let shards = leaves_of_shards(house).await;
    let [(_, leaves)] = &shards[..] else { panic!("{} shards have entries", shards.len()) };
    leaves.iter().map(|leaf| decode_leaf(leaf).unwrap().1.recorded_at_micros).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_whose_clock_is_an_hour_behind_records_nothing_earlier() {
    let mut ahead = House::build(UNEFOIS, &on_postgres(""));
    ahead.start_by(&clock_ahead("1h")).unwrap();
    let mut promises = Promises::default();
    apply(&ahead, &mut promises).await.unwrap();
    Agencies::of(&ahead).await.unwrap().turn(1_000, &mut promises).await.unwrap();
    let before = instants(&ahead).await;
    ahead.stop();
    let successor = ahead.second_node().started();
    Agencies::of(&successor).await.unwrap().turn(1_001, &mut promises).await.unwrap();
    promises.are_kept_by(&successor).await;
    let after = instants(&successor).await;
    let now: i64 = asked(&successor, "SELECT (extract(epoch FROM clock_timestamp()) * 1e6)::bigint").parse().unwrap();
    assert!(*before.last().unwrap() > now + HOUR_MICROS / 2, "the clock of the first node was ahead");
    assert!(after.len() > before.len() && after.starts_with(&before), "the successor continued its shard");
    assert!(after.is_sorted(), "instants never decrease: {after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_is_granted_and_withdrawn_on_a_node_whose_clock_is_behind_as_soon_as_it_is_acknowledged() {
    let mut ahead = House::build(UNEFOIS, &on_postgres(""));
    ahead.start_by(&clock_ahead("1h")).unwrap();
    apply(&ahead, &mut Promises::default()).await.unwrap();
    let behind = ahead.second_node().started();
    let person = Person::invented(1_002);
    publishes(&behind, &person, 5).await;
    let mut request = pull_request("d13-unemployment", person.by_nir());
    request.context.as_mut().unwrap().purpose = Purpose::Simplification.into();
    let consumer = behind.agency("france-travail").await;
    let once = RetryPolicy::never();
    let asks = || pull(&consumer, request.clone(), &once);
    let portal = ahead.agency("portail").await;
    for _ in 0..2 {
        let granted = portal.consent().grant(grant_of(&person)).await.unwrap().into_inner().consent.unwrap();
        asks().await.expect("what was granted holds");
        let consent_id = granted.consent_id;
        portal.consent().withdraw(WithdrawRequest { consent_id }).await.unwrap();
        let Err(PullError::Refused(refused)) = asks().await else { panic!("what was withdrawn does not hold") };
        assert_eq!(refused.reason, "CONSENT_WITHDRAWN");
    }
}
