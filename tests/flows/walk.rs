//! One promise at a time: published, pulled typed and generic, refused where it must be, minimised, audited.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;
use unefois_catalog::Dataset;
use unefois_client::{Connection, PullError, Pulled, RetryPolicy, pull};
use unefois_core::{Agreement, ConsentRule, Purpose, SubjectKind};
use unefois_proto::{
    pb::{
        audit::v1::SearchExchangesRequest,
        exchange::v1::{ExchangeContext, PullRequest},
        ledger::v1::{EntryKind, PublicPart, Source},
        publication::v1::publish_response::Result as Fate,
        subject::v1::{Subject, subject::Identifier},
    },
    purpose_to_wire,
};
use unefois_testkit::{Script, context, item};

use crate::{
    ask::ask_typed,
    example::{example_of, key_of, subject},
    published,
    scene::Scene,
};

/// The dataset that is asked live, and what its provider says of the company of the example.
const LIVE: &str = "company-turnover";
const LIVE_ANSWER: &str = r#"{"data":[{"data":{"chiffre_affaires":900001,"date_fin_exercice":"2025-12-31"}}]}"#;

/// One agreement about one kind of subject.
pub(crate) struct Walk<'a> {
    scene: &'a Scene,
    pub(crate) agreement: &'a Agreement,
    kind: SubjectKind,
    dataset: &'a Dataset,
    record: Value,
    told: Told<'a>,
}

/// Where the record comes from.
pub(crate) enum Told<'a> {
    /// The provider publishes it.
    Published,
    /// The provider is asked live, and says it when it is told to.
    Live,
    /// A sandbox is asked live about that subject; the record is a part of what it says.
    Sandbox(&'a Identifier),
}

impl Scene {
    /// The walk of one agreement, of which a sandbox says the record.
    pub(crate) fn walk<'a>(&'a self, agreement: &str, subject: &'a Identifier, record: Value) -> Walk<'a> {
        let agreement = self.registry.agreements.iter().find(|known| known.id.as_str() == agreement).unwrap();
        let dataset = self.catalog.dataset(agreement.dataset.as_str()).unwrap();
        let [kind] = agreement.population[..] else { panic!("{} is about several kinds", agreement.id) };
        Walk { scene: self, agreement, kind, dataset, record, told: Told::Sandbox(subject) }
    }

    fn walks(&self) -> impl Iterator<Item = Walk<'_>> {
        self.registry.agreements.iter().flat_map(move |agreement| {
            let dataset = self.catalog.dataset(agreement.dataset.as_str()).unwrap();
            agreement.population.iter().map(move |kind| Walk {
                scene: self,
                agreement,
                kind: *kind,
                dataset,
                record: example_of(dataset),
                told: if dataset.id() == LIVE { Told::Live } else { Told::Published },
            })
        })
    }
}

impl Walk<'_> {
    pub(crate) async fn goes_its_whole_way(&self) {
        if self.agreement.consent == ConsentRule::Required {
            self.scene.consents(self.agreement, self.kind).await;
        }
        let consumer = self.scene.house.agency(self.agreement.consumer.as_str()).await;
        let released = self.is_answered(&consumer).await;
        self.is_refused(&consumer).await;
        self.is_audited(released).await;
    }

    fn context(&self) -> ExchangeContext {
        let agencies = &self.scene.registry.agencies;
        let consumer = agencies.iter().find(|agency| agency.code == self.agreement.consumer).unwrap();
        ExchangeContext {
            purpose: purpose_to_wire(self.agreement.purpose).into(),
            local_body: consumer.local_bodies.first().map(|body| body.code.to_string()),
            ..context(self.agreement.id.as_str())
        }
    }

    fn question(&self) -> PullRequest {
        PullRequest {
            context: Some(self.context()),
            dataset: self.dataset.id().to_owned(),
            subject: Some(self.subject()),
            key: key_of(self.dataset, &self.record),
            field_mask: None,
        }
    }

    /// A live provider is asked by what it knows the company by.
    fn subject(&self) -> Subject {
        match self.told {
            Told::Published => subject(self.kind),
            Told::Live => {
                let siret = self.record["siret"].as_str().unwrap().to_owned();
                Subject { identifier: Some(Identifier::Siret(siret)) }
            }
            Told::Sandbox(identifier) => Subject { identifier: Some(identifier.clone()) },
        }
    }

    /// The provider publishes the record, or will say it when it is asked: once typed and once generic.
    async fn provide(&self) {
        match self.told {
            Told::Published => self.publish().await,
            Told::Live => {
                for _ in ["typed", "generic"] {
                    self.scene.provider.answers_next(Script::Answer("200 OK", "", LIVE_ANSWER)).await;
                }
            }
            Told::Sandbox(_) => {}
        }
    }

    async fn publish(&self) {
        let provider = self.scene.house.agency(self.agreement.provider.as_str()).await;
        let mut published_item = item(self.dataset.id(), vec![subject(self.kind)], &());
        published_item.data = self.dataset.from_json(&self.record).unwrap();
        let fate = published(&provider, published_item).await;
        assert!(matches!(fate, Fate::Acknowledged(_)), "{}: {fate:?}", self.agreement.id);
    }

    /// Typed and generic, the same bytes: the granted fields as they were published, and no others.
    async fn is_answered(&self, consumer: &Connection) -> Vec<Vec<u8>> {
        let id = &self.agreement.id;
        let (message, typed) =
            ask_typed(consumer, self.question()).await.unwrap_or_else(|error| panic!("{id}: {error}"));
        let generic = pull(consumer, self.question(), &RetryPolicy::never()).await.unwrap();
        assert_eq!(typed.response.data, generic.response.data, "{id}");
        assert_eq!(typed.response.data.as_deref(), Some(message.as_slice()), "{id}: the typed message is the record");
        let granted: BTreeSet<&str> = self.agreement.fields.iter().map(|field| field.as_str()).collect();
        self.is_the_record(self.dataset.to_json(&message).unwrap(), &granted);
        [typed, generic].iter().map(|answer| self.is_proved(answer, &granted)).collect()
    }

    /// What was granted of the record, and nothing else.
    fn is_the_record(&self, mut released: Value, granted: &BTreeSet<&str>) {
        let id = &self.agreement.id;
        let mut due = self.record.clone();
        due.as_object_mut().unwrap().retain(|field, _| granted.contains(field.as_str()));
        let released_fields = released.as_object_mut().unwrap();
        assert!(released_fields.keys().all(|field| granted.contains(field.as_str())), "{id}: {released_fields:?}");
        if matches!(self.told, Told::Sandbox(_)) {
            released_fields.retain(|field, _| due.get(field).is_some());
        }
        assert_eq!(released, due, "{id}");
    }

    fn is_proved(&self, answer: &Pulled, granted: &BTreeSet<&str>) -> Vec<u8> {
        let public = answer.verify(&self.scene.public_key).unwrap().public;
        let released: BTreeSet<&str> = public.released_fields.iter().map(String::as_str).collect();
        assert_eq!(&released, granted, "{}", self.agreement.id);
        let withheld: BTreeSet<&str> = answer.response.withheld_fields.iter().map(String::as_str).collect();
        let all = self.dataset.fields().iter().map(|field| field.name.as_str());
        assert_eq!(withheld, all.filter(|field| !granted.contains(field)).collect(), "{}", self.agreement.id);
        assert_eq!(public.legal_basis, self.agreement.legal_basis.code());
        let due = match self.told {
            Told::Published => Source::Held,
            Told::Live | Told::Sandbox(_) => Source::Live,
        };
        assert_eq!(answer.response.freshness.unwrap().source(), due, "{}", self.agreement.id);
        public.entry_id
    }

    /// Refused to a stranger, for another purpose, and where nothing that is asked for is granted.
    async fn is_refused(&self, consumer: &Connection) {
        let stranger = self.scene.house.agency(self.scene.stranger_to(&self.agreement.consumer).as_str()).await;
        let mut question = self.question();
        question.context.as_mut().unwrap().local_body = None;
        self.expect(&stranger, question, "AGREEMENT_OF_ANOTHER_CONSUMER").await;
        let mut question = self.question();
        let other = if self.agreement.purpose == Purpose::Audit { Purpose::Fraud } else { Purpose::Audit };
        question.context.as_mut().unwrap().purpose = purpose_to_wire(other).into();
        self.expect(consumer, question, "PURPOSE_NOT_COVERED").await;
        let is_granted = |name: &str| self.agreement.fields.iter().any(|field| field.as_str() == name);
        if let Some(ungranted) = self.dataset.fields().iter().find(|field| !is_granted(&field.name)) {
            let mut question = self.question();
            question.field_mask = Some(prost_types::FieldMask { paths: vec![ungranted.name.clone()] });
            self.expect(consumer, question, "FIELD_NOT_GRANTED").await;
        }
    }

    async fn expect(&self, caller: &Connection, question: PullRequest, reason: &str) {
        let id = &self.agreement.id;
        match ask_typed(caller, question.clone()).await {
            Err(PullError::Refused(refused)) => assert_eq!(refused.reason, reason, "{id}, typed"),
            other => panic!("{id}, typed: {other:?}"),
        }
        match pull(caller, question, &RetryPolicy::never()).await {
            Err(PullError::Refused(refused)) => assert_eq!(refused.reason, reason, "{id}, generic"),
            other => panic!("{id}, generic: {other:?}"),
        }
    }

    /// The auditor finds each release and each refusal.
    async fn is_audited(&self, released: Vec<Vec<u8>>) {
        let search = SearchExchangesRequest {
            dataset: self.dataset.id().to_owned(),
            kind: EntryKind::Exchange.into(),
            page_size: 20,
            ..SearchExchangesRequest::default()
        };
        let entries = self.scene.house.audited(search).await.into_iter().filter_map(|found| found.public_part);
        let found: Vec<PublicPart> = entries.filter(|public| public.agreement == self.agreement.id.as_str()).collect();
        for entry_id in released {
            let entry = found.iter().find(|public| public.entry_id == entry_id).unwrap();
            let parties = (entry.consumer.as_str(), entry.provider.as_str(), entry.purpose());
            let (consumer, provider) = (self.agreement.consumer.as_str(), self.agreement.provider.as_str());
            assert_eq!(parties, (consumer, provider, purpose_to_wire(self.agreement.purpose)));
        }
        let reasons: HashSet<&str> = found.iter().map(|public| public.reason.as_str()).collect();
        for reason in ["AGREEMENT_OF_ANOTHER_CONSUMER", "PURPOSE_NOT_COVERED"] {
            assert!(reasons.contains(reason), "{}: {reason}", self.agreement.id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promised_exchange_goes_its_whole_way() {
    let scene = Scene::open().await;
    let mut held = HashSet::new();
    for walk in scene.walks() {
        if held.insert((walk.agreement.provider.clone(), walk.dataset.id(), walk.kind.code())) {
            walk.provide().await;
        }
        walk.goes_its_whole_way().await;
    }
}
