//! One promised flow at a time: subscribed to, published, told exactly what was granted, recorded.

mod listener;

use std::collections::{BTreeSet, HashSet};

use unefois_core::{Agreement, Operation, SubjectKind};
use unefois_proto::pb::{
    publication::v1::{PublicationChange, PublishRequest, publish_response::Result as Fate},
    subject::v1::Subject,
    subscription::v1::Delivery,
};
use unefois_testkit::{Person, item};

use self::listener::{Listener, record_of};
use crate::{
    example::{example_of, subject},
    published,
    scene::Scene,
};

/// Somebody on whom nobody has a dossier.
fn stranger(kind: SubjectKind) -> Subject {
    match kind {
        SubjectKind::NaturalPerson => Person::invented(78).by_nir(),
        SubjectKind::Company => Person::invented(79).by_siren(),
    }
}

impl Scene {
    /// Everybody who was promised a flow of what is in these datasets subscribes.
    async fn listeners(&self, of: impl Fn(&Agreement) -> bool) -> Vec<Listener<'_>> {
        let pushed = |agreement: &&Agreement| agreement.operations.contains(&Operation::Push) && of(agreement);
        let mut listeners = Vec::new();
        for agreement in self.registry.agreements.iter().filter(pushed) {
            listeners.push(Listener::subscribes(self, agreement).await);
        }
        listeners
    }

    /// Each provider publishes the example of each dataset, about somebody and about a stranger; and that it ended.
    async fn publishes(&self, listeners: &[Listener<'_>]) {
        let mut provided = HashSet::new();
        for Listener { agreement, dataset, .. } in listeners {
            let provider = self.house.agency(agreement.provider.as_str()).await;
            for kind in &agreement.population {
                if !provided.insert((agreement.provider.as_str(), dataset.id(), kind.code())) {
                    continue;
                }
                for change in [PublicationChange::Unspecified, PublicationChange::End] {
                    for whom in [stranger(*kind), subject(*kind)] {
                        let data = dataset.from_json(&example_of(dataset)).unwrap();
                        let record =
                            PublishRequest { data, change: change.into(), ..item(dataset.id(), vec![whom], &()) };
                        let fate = published(&provider, record).await;
                        assert!(matches!(fate, Fate::Acknowledged(_)), "{}: {fate:?}", agreement.id);
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promised_flow_tells_what_its_agreement_grants_and_about_whom() {
    let scene = Scene::open().await;
    let listeners = scene.listeners(|_| true).await;
    scene.publishes(&listeners).await;
    for listener in &listeners {
        let heard = listener.hears().await;
        listener.is_what_was_granted(&heard);
        listener.is_recorded(&heard).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cnaf_is_told_of_an_affiliation_is_what_cnam_and_cnav_are_told() {
    let scene = Scene::open().await;
    let listeners = scene.listeners(|agreement| agreement.dataset.as_str() == "self-employed-affiliation").await;
    let consumers: BTreeSet<&str> = listeners.iter().map(|listener| listener.agreement.consumer.as_str()).collect();
    assert_eq!(consumers, BTreeSet::from(["cnaf", "cnam", "cnav"]));
    scene.publishes(&listeners).await;
    let mut told = Vec::new();
    for listener in &listeners {
        let heard = listener.hears().await;
        let event = |delivery: &Delivery| (delivery.event.as_ref().unwrap().id.clone(), record_of(delivery).clone());
        told.push(heard.iter().map(event).collect::<Vec<_>>());
    }
    assert!(told.iter().all(|of_one| *of_one == told[0]), "the same events, byte for byte: {told:#?}");
}
