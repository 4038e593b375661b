//! A hub that asks the providers of the demonstration live, and the questions that it is asked.

use std::path::PathBuf;

use prost::Message;
use unefois_client::{Connection, PullError, Refused, RetryPolicy, pull};
use unefois_proto::pb::{
    calendar::v1::Month,
    exchange::v1::PullRequest,
    income::v1::{FamilyQuotient, UnemploymentPayments},
    ledger::v1::Source,
    subject::v1::{LocalIdentifier, Subject, subject::Identifier},
};
use unefois_testkit::{ApiGouv, House, HouseSettings, Person, Script, context, live_providers};

use crate::UNEFOIS;

pub(crate) const DATASETS: [&str; 5] = [
    "social-vigilance-certificate",
    "tax-compliance-certificate",
    "job-seeker-registration",
    "unemployment-payments",
    "family-quotient",
];

/// A hub that asks one provider live.
pub(crate) struct Scene {
    pub(crate) provider: ApiGouv,
    pub(crate) house: House,
}

impl Scene {
    pub(crate) async fn of(folder: Option<PathBuf>) -> Self {
        Self::with_pause(folder, "200ms").await
    }

    /// The same, where the provider is believed when it wants to be left alone for so long.
    pub(crate) async fn with_pause(folder: Option<PathBuf>, pause_max: &str) -> Self {
        let provider = ApiGouv::serve(folder).await;
        let more = live_providers(&provider.base_url(), &DATASETS).replace("200ms", pause_max);
        Self::asking(provider, more).await
    }

    /// The same, where the provider is asked as `more` of the configuration says.
    pub(crate) async fn asking(provider: ApiGouv, more: String) -> Self {
        let settings = HouseSettings {
            sandbox: vec!["siren:000000001".to_owned(), "siren:000000002".to_owned()],
            more,
            ..HouseSettings::default()
        };
        let house = House::open_with(UNEFOIS, &settings).await;
        Self { provider, house }
    }

    /// What the consumer gets, its receipt verified.
    pub(crate) async fn answer<M: Message + Default>(&self, consumer: &str, question: PullRequest) -> M {
        let consumer = self.house.agency(consumer).await;
        let answer = pull(&consumer, question, &RetryPolicy::never()).await.unwrap();
        answer.verify(&self.house.public_key().await).unwrap();
        assert_eq!(answer.response.freshness.unwrap().source(), Source::Live);
        M::decode(answer.response.data.as_deref().unwrap()).unwrap()
    }

    pub(crate) async fn refusal(&self, consumer: &Connection, question: PullRequest) -> Refused {
        match pull(consumer, question, &RetryPolicy::never()).await {
            Err(PullError::Refused(refused)) => refused,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn reason(&self, consumer: &str, question: PullRequest) -> String {
        self.refusal(&self.house.agency(consumer).await, question).await.reason
    }

    /// The same, when the provider says that next.
    pub(crate) async fn reason_after(&self, script: Script, consumer: &str, question: PullRequest) -> String {
        self.provider.answers_next(script).await;
        self.reason(consumer, question).await
    }
}

pub(crate) fn question(agreement: &str, dataset: &str, identifier: Identifier, key: &impl Message) -> PullRequest {
    PullRequest {
        context: Some(context(agreement)),
        dataset: dataset.to_owned(),
        subject: Some(Subject { identifier: Some(identifier) }),
        key: key.encode_to_vec(),
        field_mask: None,
    }
}

pub(crate) fn vigilance(siren: &str) -> PullRequest {
    question("vigilance-public-buyers", DATASETS[0], Identifier::Siren(siren.to_owned()), &())
}

pub(crate) fn taxes(siren: &str) -> PullRequest {
    question("d01-osp", DATASETS[1], Identifier::Siren(siren.to_owned()), &())
}

pub(crate) fn job_seeker(number: &str) -> Identifier {
    Identifier::Local(LocalIdentifier { agency: "france-travail".to_owned(), value: number.to_owned() })
}

pub(crate) fn registration(number: &str) -> PullRequest {
    question("d04-acre", DATASETS[2], job_seeker(number), &())
}

pub(crate) fn payments(number: &str, month: i32) -> PullRequest {
    let key = UnemploymentPayments {
        month: Some(Month { year: Some(2021), month: Some(month) }),
        ..UnemploymentPayments::default()
    };
    question("unemployment-payments-cnaf", DATASETS[3], job_seeker(number), &key)
}

pub(crate) fn quotient(year: i32, month: i32) -> PullRequest {
    let key =
        FamilyQuotient { month: Some(Month { year: Some(year), month: Some(month) }), ..FamilyQuotient::default() };
    let nir = Person::invented(77).by_nir().identifier.unwrap();
    question("family-quotient-cnaf", DATASETS[4], nir, &key)
}
