//! A daily quota is exact, however many nodes release against it, and whatever happens to them.

use futures::future::join_all;
use unefois_client::Connection;
use unefois_testkit::{DEMONSTRATION_REGISTRY, House, Person, pull_request, turnover_of};

use super::{Nodes, pulled};
use crate::acknowledged;

/// Not a multiple of anything: nodes draw parts of it.
const QUOTA: usize = 203;

/// A lease that is over soon after a node was killed.
const SHORT_LEASE: &str = "[limits.store]\nlease = \"2s\"\ntransaction-idle-max = \"1s\"\n";

/// A hub whose agreement has this quota, and a person of whom it has a record.
async fn with_quota(quota: usize) -> (Nodes, Person) {
    let nodes = Nodes::with(SHORT_LEASE).await;
    let limited = DEMONSTRATION_REGISTRY.replace("daily-quota = 1000000", &format!("daily-quota = {quota}"));
    nodes.first.applies(&limited).await.unwrap();
    let marie = Person::invented(420);
    acknowledged(&nodes.first.agency("urssaf").await, turnover_of(&marie, 1)).await;
    (nodes, marie)
}

/// Pulls so often from both at once; gives how many were released. All others are refused for the quota.
async fn released(consumers: &[Connection; 2], person: &Person, times: usize) -> usize {
    let asked = (0..times).map(|time| pulled(&consumers[time % 2], pull_request("d14-benefits", person.by_nir())));
    let answers = join_all(asked).await;
    for reason in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(reason, "QUOTA_EXCEEDED");
    }
    answers.iter().filter(|answer| answer.is_ok()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_exact_when_two_nodes_release_against_it_at_once() {
    let (nodes, marie) = with_quota(QUOTA).await;
    let cnaf = nodes.agencies("cnaf").await;
    assert_eq!(released(&cnaf, &marie, 3 * QUOTA).await, QUOTA);
    let less = DEMONSTRATION_REGISTRY.replace("daily-quota = 1000000", &format!("daily-quota = {}", QUOTA - 20));
    nodes.second.applies(&less).await.unwrap();
    assert_eq!(released(&cnaf, &marie, 20).await, 0, "it was smaller than what is used, on both");
    let more = DEMONSTRATION_REGISTRY.replace("daily-quota = 1000000", &format!("daily-quota = {}", QUOTA + 20));
    nodes.second.applies(&more).await.unwrap();
    assert_eq!(released(&cnaf, &marie, 3 * QUOTA).await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_node_had_drawn_of_a_quota_is_its_successors() {
    let (mut nodes, marie) = with_quota(QUOTA).await;
    let cnaf = nodes.agencies("cnaf").await;
    let mut before = released(&cnaf, &marie, QUOTA / 2).await;
    assert_eq!(before, QUOTA / 2);
    let share =
        |of: &House| of.postgres().unwrap().runs_sql("hub", "SELECT drawn > spent FROM quota_share WHERE slot = 1");
    // A node may have spent just what it drew; the next release draws several.
    while share(&nodes.first) != "t" {
        before += released(&cnaf, &marie, 2).await;
        assert!(before < QUOTA, "the node that is killed never draws more than it releases");
    }
    nodes.second.kill();
    let postgres = nodes.first.postgres().unwrap();
    let held = "SELECT lease_until > clock_timestamp() FROM shard WHERE slot = 1";
    Nodes::hear(async || postgres.runs_sql("hub", held) == "f").await;
    nodes.second = nodes.first.second_node().started();
    assert_eq!(
        nodes.first.postgres().unwrap().runs_sql("hub", "SELECT max(slot) FROM shard"),
        "1",
        "it was taken over"
    );
    let after = released(&nodes.agencies("cnaf").await, &marie, 3 * QUOTA).await;
    assert_eq!(before + after, QUOTA);
}
