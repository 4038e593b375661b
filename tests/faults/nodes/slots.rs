//! Nodes that start at the same instant: each gets a shard of its own.

use unefois_testkit::House;

use super::{asked, on_postgres};
use crate::{
    UNEFOIS,
    load::{Agencies, apply},
    promises::Promises,
};

/// A node that has made the tables, the secrets and the first shard, and has given that back.
fn founder(more: &str) -> House {
    let mut house = House::build(UNEFOIS, &on_postgres(more)).started();
    house.stop();
    house
}

/// Starts them all at the same instant; gives what those that do not come up say.
fn start_at_once(nodes: &mut [House]) -> Vec<String> {
    let together = std::sync::Barrier::new(nodes.len());
    std::thread::scope(|scope| {
        let starts: Vec<_> = nodes
            .iter_mut()
            .map(|node| {
                scope.spawn(|| {
                    together.wait();
                    node.start_by(&[])
                })
            })
            .collect();
        starts.into_iter().filter_map(|start| start.join().unwrap().err()).collect()
    })
}

/// Every shard that a node holds, with how often it was taken.
fn held(house: &House) -> String {
    asked(
        house,
        "SELECT string_agg(slot || ' by ' || lease_token, ', ' ORDER BY slot) FROM shard
         WHERE lease_until > clock_timestamp()",
    )
}

async fn each_gets_its_own(count: usize, due: &str) {
    let founder = founder("[limits.store]\nlease = \"1m\"\n");
    let mut nodes: Vec<House> = (0..count).map(|_| founder.second_node()).collect();
    assert_eq!(start_at_once(&mut nodes), Vec::<String>::new());
    assert_eq!(held(&founder), due, "no shard was taken twice");
    let mut promises = Promises::default();
    apply(&nodes[0], &mut promises).await.unwrap();
    for (person, node) in (5_000..).zip(&nodes) {
        Agencies::of(node).await.unwrap().turn(person, &mut promises).await.unwrap();
    }
    assert_eq!(asked(&founder, "SELECT count(*) FROM shard WHERE size > 0"), count.to_string(), "each writes its own");
    promises.are_kept_by(&nodes[count - 1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_start_at_the_same_instant_get_a_shard_each() {
    each_gets_its_own(2, "0 by 2, 1 by 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_nodes_that_start_at_the_same_instant_get_a_shard_each() {
    let due = "0 by 2, 1 by 1, 2 by 1, 3 by 1, 4 by 1, 5 by 1, 6 by 1, 7 by 1, 8 by 1, 9 by 1";
    each_gets_its_own(10, due).await;
}

#[test]
fn of_two_nodes_that_start_for_the_last_free_shard_one_gets_it() {
    let founder = founder("[limits.store]\nlease = \"1m\"\nshards-max = 1\n");
    let mut nodes = [founder.second_node(), founder.second_node()];
    let refused = start_at_once(&mut nodes);
    let [said] = &refused[..] else { panic!("one of them is refused: {refused:?}") };
    assert!(said.contains("every shard is held by another node"), "{said}");
    assert_eq!(held(&founder), "0 by 2");
}
