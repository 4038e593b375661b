//! Dossiers and subscriptions at one node, seen by the other.

use unefois_proto::pb::{
    dossier::v1::ListRequest,
    subscription::v1::{CreateRequest, ListRequest as Subscriptions, Reach},
};
use unefois_testkit::Person;

use super::Nodes;
use crate::dossier::{closes, declaration, opens};

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_is_the_same_whichever_node_is_asked() {
    let nodes = Nodes::start().await;
    let consumers = nodes.agencies("cnaf").await;
    let marie = Person::invented(520);
    for (here, there) in [(0, 1), (1, 0)] {
        assert!(!opens(&consumers[here], declaration(marie.by_nir(), 30)).await.unwrap().is_empty());
        assert!(opens(&consumers[there], declaration(marie.by_nir(), 30)).await.unwrap().is_empty());
        let page = ListRequest { page_size: 1, ..ListRequest::default() };
        assert_eq!(consumers[there].dossier().list(page).await.unwrap().into_inner().dossiers.len(), 1);
        assert!(!closes(&consumers[there], marie.by_nir()).await.unwrap().is_empty());
        assert!(closes(&consumers[here], marie.by_nir()).await.unwrap().is_empty());
    }
    // The same people, opened at both nodes at once: each once.
    let both = [0, 1].map(|node| {
        let consumer = consumers[node].clone();
        async move {
            let declared = (0..200).map(|number| declaration(Person::invented(600 + number).by_nir(), 30));
            let policy = unefois_client::RetryPolicy::default();
            unefois_client::load_dossiers(&consumer, "LOAD", futures::stream::iter(declared), &policy).await.unwrap()
        }
    });
    let loaded = futures::future::join_all(both).await;
    assert_eq!(loaded.iter().map(|one| one.opened).sum::<u64>(), 200, "{loaded:?}");
    assert_eq!(loaded.iter().map(|one| one.unchanged).sum::<u64>(), 200, "{loaded:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_has_as_many_subscriptions_as_it_may_over_all_nodes() {
    let nodes = Nodes::with("[limits.broker]\nsubscriptions-max = 3\n").await;
    let consumers = nodes.agencies("cnaf").await;
    let creating = (0..8).map(|number| {
        let mut service = consumers[number % 2].subscription();
        let request = CreateRequest {
            name: format!("number-{number}"),
            agreement: "d09-cnaf".to_owned(),
            filter: None,
            reach: Reach::OpenDossiers.into(),
            terms: None,
        };
        async move { service.create(request).await.is_ok() }
    });
    let created = futures::future::join_all(creating).await;
    assert_eq!(created.iter().filter(|created| **created).count(), 3);
    for consumer in &consumers {
        assert_eq!(consumer.subscription().list(Subscriptions {}).await.unwrap().into_inner().subscriptions.len(), 3);
    }
}
