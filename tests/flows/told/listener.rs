//! A consumer who is told: subscribes, hears, finds what was granted and what was recorded.

use std::collections::{BTreeMap, BTreeSet};

use unefois_catalog::Dataset;
use unefois_client::{Connection, Receiver, ReceiverSettings, Told, cursor_of};
use unefois_core::{Agreement, ConsentRule};
use unefois_proto::{
    pb::{
        audit::v1::SearchExchangesRequest,
        dossier::v1::OpenRequest,
        io::cloudevents::v1::cloud_event::Data,
        ledger::v1::{EntryKind, PublicPart},
        subject::v1::Subject,
        subscription::v1::{CreateRequest, Delivery, FetchEventsRequest, Reach},
    },
    purpose_to_wire,
};
use unefois_testkit::declaration;

use super::stranger;
use crate::{
    example::{example_of, subject},
    scene::Scene,
};

/// How long an event may take, on a machine that does much else.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// A consumer who has subscribed under one agreement.
pub(super) struct Listener<'a> {
    scene: &'a Scene,
    pub(super) agreement: &'a Agreement,
    pub(super) dataset: &'a Dataset,
    consumer: Connection,
    subscription_id: String,
}

impl<'a> Listener<'a> {
    /// With a dossier on whom the examples are about; about everybody, where the agreement grants it.
    pub(super) async fn subscribes(scene: &'a Scene, agreement: &'a Agreement) -> Self {
        let dataset = scene.catalog.dataset(agreement.dataset.as_str()).unwrap();
        let consumer = scene.house.agency(agreement.consumer.as_str()).await;
        for kind in &agreement.population {
            if agreement.consent == ConsentRule::Required {
                scene.consents(agreement, *kind).await;
            }
            let declaration = Some(declaration(subject(*kind), 30));
            let open = OpenRequest { declaration, case_reference: "DOSSIER-4711".to_owned() };
            consumer.dossier().open(open).await.unwrap();
        }
        let reach = if agreement.whole_population { Reach::WholePopulation } else { Reach::OpenDossiers };
        let create = CreateRequest {
            name: agreement.id.to_string(),
            agreement: agreement.id.to_string(),
            filter: None,
            reach: reach.into(),
            terms: None,
        };
        let created = consumer.subscription().create(create).await.unwrap().into_inner();
        let subscription_id = created.subscription.unwrap().subscription_id;
        Self { scene, agreement, dataset, consumer, subscription_id }
    }

    /// What it is told, all of which it acknowledges; and nothing more.
    pub(super) async fn hears(&self) -> Vec<Delivery> {
        let id = &self.agreement.id;
        let people = self.agreement.population.len() * if self.agreement.whole_population { 2 } else { 1 };
        let mut receiver = Receiver::new(self.consumer.clone(), ReceiverSettings::of(&self.subscription_id));
        let mut heard = Vec::new();
        while heard.len() < 2 * people {
            match tokio::time::timeout(PATIENCE, receiver.next()).await {
                Ok(Ok(Told::Event(delivery))) => heard.push(*delivery),
                other => panic!("{id} was told {} events, and then {other:?}", heard.len()),
            }
        }
        receiver.acknowledge(cursor_of(heard.last().unwrap())).await;
        receiver.close().await;
        let fetch = FetchEventsRequest { subscription_id: self.subscription_id.clone(), events_max: 0, from: None };
        let more = self.consumer.subscription().fetch_events(fetch).await.unwrap().into_inner();
        assert!(more.deliveries.is_empty() && more.held_because.is_empty(), "{id}: {more:?}");
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for delivery in &heard {
            *kinds.entry(delivery.event.as_ref().unwrap().r#type.clone()).or_default() += 1;
        }
        let kind = |what: &str| format!("unefois.{}.{what}.v1", self.dataset.id());
        assert_eq!(kinds, BTreeMap::from([(kind("created"), people), (kind("ended"), people)]), "{id}");
        heard
    }

    /// The granted fields as they were published, and no others.
    pub(super) fn is_what_was_granted(&self, heard: &[Delivery]) {
        let mut due = example_of(self.dataset);
        due.as_object_mut().unwrap().retain(|field, _| self.granted().contains(field.as_str()));
        for told in heard.iter().map(record_of) {
            assert_eq!(told.type_url.rsplit('/').next(), Some(self.dataset.message_name()), "{}", self.agreement.id);
            assert_eq!(self.dataset.to_json(&told.value).unwrap(), due, "{}", self.agreement.id);
        }
    }

    /// Each has an entry, under the agreement, about whom a dossier is open.
    pub(super) async fn is_recorded(&self, heard: &[Delivery]) {
        let id = &self.agreement.id;
        let told: BTreeSet<Vec<u8>> = heard.iter().map(entry_id).collect();
        let found = self.recorded(None).await;
        assert_eq!(found.iter().map(|public| public.entry_id.clone()).collect::<BTreeSet<_>>(), told, "{id}");
        for public in &found {
            let released: BTreeSet<&str> = public.released_fields.iter().map(String::as_str).collect();
            assert_eq!(released, self.granted(), "{id}");
            let parties = (public.consumer.as_str(), public.provider.as_str(), public.purpose());
            let (consumer, provider) = (self.agreement.consumer.as_str(), self.agreement.provider.as_str());
            assert_eq!(parties, (consumer, provider, purpose_to_wire(self.agreement.purpose)), "{id}");
            assert_eq!(public.legal_basis, self.agreement.legal_basis.code(), "{id}");
        }
        let mut about_strangers = Vec::new();
        for kind in &self.agreement.population {
            about_strangers.extend(self.recorded(Some(stranger(*kind))).await);
        }
        let due = if self.agreement.whole_population { heard.len() / 2 } else { 0 };
        assert_eq!(about_strangers.len(), due, "{id}");
    }

    async fn recorded(&self, subject: Option<Subject>) -> Vec<PublicPart> {
        let search = SearchExchangesRequest {
            kind: EntryKind::Delivery.into(),
            dataset: self.dataset.id().to_owned(),
            subject,
            page_size: 500,
            ..SearchExchangesRequest::default()
        };
        let found = self.scene.house.audited(search).await.into_iter().filter_map(|found| found.public_part);
        found.filter(|public| public.agreement == self.agreement.id.as_str()).collect()
    }

    fn granted(&self) -> BTreeSet<&str> {
        self.agreement.fields.iter().map(|field| field.as_str()).collect()
    }
}

pub(super) fn record_of(delivery: &Delivery) -> &prost_types::Any {
    match &delivery.event.as_ref().unwrap().data {
        Some(Data::ProtoData(record)) => record,
        other => panic!("{other:?}"),
    }
}

fn entry_id(delivery: &Delivery) -> Vec<u8> {
    uuid::Uuid::parse_str(&delivery.exchange_id).unwrap().as_bytes().to_vec()
}
