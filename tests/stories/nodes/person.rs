//! A person is one on all nodes: published, merged and erased at one of them, known to the other.

use std::collections::BTreeSet;

use futures::future::join_all;
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    publication::v1::Acknowledgement,
    subject::v1::{EraseRequest, ErasureScope, MergeRequest},
};
use unefois_testkit::{Person, declared, item, pull_request, turnover_of};

use super::{Nodes, pulled};
use crate::{acknowledged, rejected};

#[tokio::test(flavor = "multi_thread")]
async fn published_at_both_nodes_at_once_somebody_is_one_subject_with_consecutive_revisions() {
    const TIMES: u64 = 20;
    let nodes = Nodes::start().await;
    let (urssaf, cnaf) = (nodes.agencies("urssaf").await, nodes.agencies("cnaf").await);
    for number in 430..436 {
        let person = Person::invented(number);
        let publishing = (0..TIMES).map(|time| {
            let cents = i64::try_from(time).unwrap();
            acknowledged(&urssaf[usize::try_from(time % 2).unwrap()], turnover_of(&person, cents))
        });
        let published: Vec<Acknowledgement> = join_all(publishing).await;
        let records: BTreeSet<&str> = published.iter().map(|of| of.record_id.as_str()).collect();
        let revisions: BTreeSet<u64> = published.iter().map(|of| of.revision).collect();
        assert_eq!((records.len(), revisions), (1, (1..=TIMES).collect()), "person {number}");
        for (consumer, subject) in cnaf.iter().zip([person.by_nir(), person.by_siren()]) {
            let answer = pulled(consumer, pull_request("d14-benefits", subject)).await.unwrap();
            assert_eq!(answer.response.freshness.unwrap().revision, TIMES);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_files_that_are_merged_at_one_node_are_one_at_the_other() {
    let nodes = Nodes::start().await;
    let (urssaf, cnaf) = (nodes.agencies("urssaf").await, nodes.agencies("cnaf").await);
    for (number, here, there) in [(440, 0, 1), (441, 1, 0)] {
        let marie = Person::invented(number);
        acknowledged(&urssaf[here], item("declared-turnover", vec![marie.by_siren()], &declared(&marie, 1))).await;
        let by_nir = || pull_request("d14-benefits", marie.by_nir());
        assert_eq!(pulled(&cnaf[there], by_nir()).await.unwrap_err(), "NOT_FOUND");
        assert_eq!(rejected(&urssaf[there], turnover_of(&marie, 2)).await.reason, "IDENTITY_CONFLICT");
        let merge = MergeRequest {
            kept: Some(marie.by_nir()),
            merged: Some(marie.by_siren()),
            case_reference: "decision 20".to_owned(),
        };
        nodes.both()[here].agency("operator").await.subject().merge(merge).await.unwrap();
        // The other node remembers who had which identifier, until it is told.
        Nodes::hear(async || match pulled(&cnaf[there], by_nir()).await {
            Ok(_) => true,
            Err(reason) => {
                assert_eq!(reason, "NOT_FOUND");
                false
            }
        })
        .await;
        acknowledged(&urssaf[there], turnover_of(&marie, 2)).await;
        let of_both = SearchExchangesRequest { subject: Some(marie.by_siren()), page_size: 100, ..Default::default() };
        let found = nodes.both()[there].audited(of_both).await;
        let origins: BTreeSet<&str> = found.iter().map(|entry| entry.origin.as_str()).collect();
        assert_eq!(origins.len(), 2, "what was done at either node about either identifier: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_erased_at_one_node_is_gone_from_the_other() {
    let nodes = Nodes::start().await;
    let (urssaf, cnaf) = (nodes.agencies("urssaf").await, nodes.agencies("cnaf").await);
    for (number, here, there) in [(445, 0, 1), (446, 1, 0)] {
        let marie = Person::invented(number);
        let by_nir = || pull_request("d14-benefits", marie.by_nir());
        let about = || SearchExchangesRequest { subject: Some(marie.by_nir()), page_size: 100, ..Default::default() };
        acknowledged(&urssaf[here], turnover_of(&marie, 1)).await;
        // Both have her keys open.
        for consumer in &cnaf {
            pulled(consumer, by_nir()).await.unwrap();
        }
        assert!(nodes.both()[there].audited(about()).await.len() >= 2);
        let erase = EraseRequest {
            subject: Some(marie.by_nir()),
            scope: ErasureScope::PayloadAndTrace.into(),
            case_reference: "decision 21".to_owned(),
        };
        nodes.both()[here].agency("operator").await.subject().erase(erase).await.unwrap();
        let reason = pulled(&cnaf[there], by_nir()).await.unwrap_err();
        assert!(["NOT_FOUND", "RECORD_ERASED"].contains(&reason.as_str()), "{reason}");
        // Of what was before nothing is found; the search is an entry itself, and so is a mention since.
        let left = nodes.both()[there].audited(about()).await;
        assert!(left.iter().all(|entry| entry.public_part.as_ref().unwrap().released_fields.is_empty()), "{left:?}");
        acknowledged(&urssaf[there], turnover_of(&marie, 2)).await;
        for consumer in &cnaf {
            Nodes::hear(async || {
                pulled(consumer, by_nir()).await.is_ok_and(|new| new.response.freshness.unwrap().revision == 1)
            })
            .await;
        }
    }
}
