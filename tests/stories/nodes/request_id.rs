//! A `request_id` is one exchange, whichever node is asked, and however many at once.

use std::collections::BTreeSet;

use futures::future::join_all;
use unefois_ledger::decode_leaf;
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    exchange::v1::PullRequest,
    ledger::v1::{EntryKind, Outcome},
};
use unefois_testkit::{House, Person, pull_request, turnover_of};

use super::{Nodes, pulled};
use crate::acknowledged;

fn numbered(person: &Person, request_id: &str) -> PullRequest {
    let mut request = pull_request("d14-benefits", person.by_nir());
    request.context.as_mut().unwrap().request_id = Some(request_id.to_owned());
    request
}

async fn releases(house: &House, kind: EntryKind) -> usize {
    let (kind, outcome) = (kind.into(), Outcome::Released.into());
    house.audited(SearchExchangesRequest { kind, outcome, page_size: 500, ..Default::default() }).await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_answered_is_repeated_by_the_other_with_the_first_answer_and_receipt() {
    let nodes = Nodes::start().await;
    let marie = Person::invented(410);
    let (urssaf, cnaf) = (nodes.first.agency("urssaf").await, nodes.agencies("cnaf").await);
    let key = nodes.first.public_key().await;
    acknowledged(&urssaf, turnover_of(&marie, 100)).await;
    for (first, other) in [(0, 1), (1, 0)] {
        let asks = || numbered(&marie, &format!("request-{first}"));
        let answered = pulled(&cnaf[first], asks()).await.unwrap();
        acknowledged(&urssaf, turnover_of(&marie, 200)).await;
        let again = pulled(&cnaf[other], asks()).await.unwrap();
        assert_eq!(again.response.data, answered.response.data);
        assert_eq!((again.receipt.index, &again.receipt.entry), (answered.receipt.index, &answered.receipt.entry));
        let [shards @ .., repeated] = [answered, again].map(|pulled| pulled.verify(&key).unwrap().checkpoint.origin);
        assert_eq!(shards, [repeated], "under the checkpoint of the shard that has the entry");
        let mut different = asks();
        different.context.as_mut().unwrap().case_reference = "another".to_owned();
        assert_eq!(pulled(&cnaf[other], different).await.unwrap_err(), "REQUEST_ID_REUSED");
    }
    assert_eq!(releases(&nodes.second, EntryKind::Exchange).await, 2);
    assert_eq!(releases(&nodes.second, EntryKind::Repeat).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_that_are_asked_the_same_at_once_one_releases() {
    const REQUESTS: usize = 30;
    /// How often each is sent to each node.
    const TIMES: usize = 3;
    let nodes = Nodes::start().await;
    let marie = Person::invented(411);
    acknowledged(&nodes.first.agency("urssaf").await, turnover_of(&marie, 100)).await;
    let (cnaf, key) = (nodes.agencies("cnaf").await, nodes.first.public_key().await);
    for number in 0..REQUESTS {
        let asks = || numbered(&marie, &format!("race-{number}"));
        let asked = (0..2 * TIMES).map(|time| pulled(&cnaf[time % 2], asks()));
        let answers: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
        let entries: BTreeSet<_> =
            answers.iter().map(|answer| decode_leaf(&answer.receipt.entry).unwrap().1.entry_id).collect();
        assert_eq!(entries.len(), 1, "request {number} is one exchange");
        let data: BTreeSet<_> = answers.iter().map(|answer| answer.response.data().to_vec()).collect();
        assert_eq!(data.len(), 1);
        answers.iter().for_each(|answer| drop(answer.verify(&key).unwrap()));
    }
    for node in nodes.both() {
        assert_eq!(releases(node, EntryKind::Exchange).await, REQUESTS);
        assert_eq!(releases(node, EntryKind::Repeat).await, REQUESTS * (2 * TIMES - 1));
    }
}
