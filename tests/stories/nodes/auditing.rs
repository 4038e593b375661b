//! Either node shows the auditor, and the person, what was recorded by both.

use std::collections::BTreeMap;

use unefois_ledger::verify_export_of_hub;
use unefois_proto::pb::{audit::v1::SearchExchangesRequest, ledger::v1::Outcome, subject::v1::ListExchangesRequest};
use unefois_testkit::{House, Person, pull_request, turnover_of};

use super::{Nodes, pulled};
use crate::acknowledged;

/// How often each node releases.
const TIMES: [usize; 2] = [3, 5];

/// Two nodes that released something about somebody.
async fn busy() -> (Nodes, Person) {
    let nodes = Nodes::start().await;
    let marie = Person::invented(450);
    acknowledged(&nodes.second.agency("urssaf").await, turnover_of(&marie, 1)).await;
    for (consumer, times) in nodes.agencies("cnaf").await.iter().zip(TIMES) {
        for _ in 0..times {
            pulled(consumer, pull_request("d14-benefits", marie.by_nir())).await.unwrap();
        }
    }
    (nodes, marie)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_at_either_node_finds_what_both_recorded() {
    let (nodes, marie) = busy().await;
    let due = BTreeMap::from([("unefois.local/shard/0".to_owned(), 3), ("unefois.local/shard/1".to_owned(), 5)]);
    for node in nodes.both() {
        for subject in [None, Some(marie.by_siren())] {
            let search = SearchExchangesRequest {
                subject,
                consumer: "cnaf".to_owned(),
                outcome: Outcome::Released.into(),
                ..Default::default()
            };
            let found = node.audited(search).await;
            let instants = found.iter().map(|entry| entry.public_part.as_ref().unwrap().recorded_at_micros);
            assert!(instants.rev().is_sorted(), "newest first");
            let mut origins: BTreeMap<String, i32> = BTreeMap::new();
            found.into_iter().for_each(|entry| *origins.entry(entry.origin).or_default() += 1);
            assert_eq!(origins, due);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn either_node_exports_every_shard_and_all_verify_with_one_key() {
    let (nodes, _) = busy().await;
    let mut kept = Vec::new();
    // One after the other, and again: what one node exported stands in what the other exports later.
    for node in [nodes.both(), nodes.both()].concat() {
        let key = node.public_key().await;
        let exported = node.exported_shards().await;
        assert_eq!(exported.len(), 2);
        let reports = exported.iter().map(|(_, export)| verify_export_of_hub(export.as_slice(), &key, &kept).unwrap());
        kept = reports.map(|report| report.checkpoint).collect();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_at_either_node_what_both_did() {
    let (nodes, marie) = busy().await;
    for node in nodes.both() {
        assert_eq!(seen(node, &marie).await, TIMES[0] + TIMES[1]);
    }
}

/// How many releases a person sees.
async fn seen(node: &House, person: &Person) -> usize {
    let request = ListExchangesRequest {
        subject: Some(person.by_nir()),
        case_reference: "session 4".to_owned(),
        page_size: 100,
        page_token: String::new(),
    };
    let listed = node.agency("portail").await.subject().list_exchanges(request).await.unwrap().into_inner().exchanges;
    listed.iter().filter(|exchange| exchange.outcome() == Outcome::Released).count()
}
