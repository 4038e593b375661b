//! Who is there: one provider, one consumer with many agreements, and many invented people.

use std::time::Instant;

use anyhow::{bail, ensure};
use futures::{StreamExt, stream};
use prost::Message;
use unefois_client::publish;
use unefois_proto::pb::{
    exchange::v1::{ExchangeContext, PullRequest, PullResponse},
    income::v1::DeclaredTurnover,
    publication::v1::publish_response::Result as Fate,
};
use unefois_testkit::{House, Person, context, declared, pull_request, turnover_of};

use crate::questions::{PLACEHOLDER, Questions};

/// The agencies. Everything else is an agreement.
pub(crate) const AGENCIES: &str = r#"
[[agency]]
code = "urssaf"
name = "Urssaf"
roles = ["provider"]
datasets = ["declared-turnover"]

[[agency]]
code = "cnaf"
name = "Caisse nationale des allocations familiales"
roles = ["consumer"]

[[agency]]
code = "cour-des-comptes"
name = "Cour des comptes"
roles = ["auditor"]
"#;

/// How many people, and under how many agreements they are asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Population {
    pub(crate) subjects: u32,
    pub(crate) agreements: u32,
}

impl Population {
    /// Applies the registry and publishes the records, through the hub's own methods. Gives how many a second were
    /// published, each acknowledged and durable.
    pub(crate) async fn settle(self, house: &House) -> anyhow::Result<f64> {
        house.applies(&self.registry()).await?;
        let began = Instant::now();
        let items =
            stream::iter((0..self.subjects).map(|number| turnover_of(&Person::invented(number), cents(number))));
        let mut answers = publish(&house.agency("urssaf").await, items).await?;
        let mut count = 0;
        while let Some(answer) = answers.next().await {
            match answer?.result {
                Some(Fate::Acknowledged(_)) => count += 1,
                other => bail!("a record was not published: {other:?}"),
            }
        }
        ensure!(count == self.subjects, "{count} of {} records were published", self.subjects);
        Ok(f64::from(count) / began.elapsed().as_secs_f64())
    }

    /// Every person's question. The agreements take turns, so that neighbours in a batch are under different ones.
    pub(crate) fn questions(self) -> Questions {
        let mut questions = Questions::default();
        for number in 0..self.subjects {
            let person = Person::invented(number);
            let request = request(&agreement(number % self.agreements), &person);
            let granted = DeclaredTurnover {
                declared_on: None,
                declared_with_doubt: None,
                final_withholding: None,
                ..declared(&person, cents(number))
            };
            // The twin begins with the record, as the lowest field number.
            let answer = PullResponse { data: Some(granted.encode_to_vec()), ..PullResponse::default() };
            questions.push(request.encode_to_vec(), answer.encode_to_vec());
        }
        questions
    }

    /// How long the largest record is.
    pub(crate) fn record_bytes_max(self) -> usize {
        let record = |number| declared(&Person::invented(number), cents(number)).encoded_len();
        (0..self.subjects).map(record).max().unwrap_or_default()
    }

    fn registry(self) -> String {
        let agreement = |number: u32| {
            format!(
                "\n[[agreement]]\nid = \"{}\"\ntitle = \"Urssaf → CNAF: turnover\"\nconsumer = \"cnaf\"\n\
                 provider = \"urssaf\"\ndataset = \"declared-turnover\"\n\
                 fields = [\"siren\", \"period\", \"amounts\", \"status\"]\noperations = [\"pull\"]\n\
                 purpose = \"simplification\"\nlegal-basis = \"crpa-l114-8-i\"\npopulation = [\"natural-person\"]\n\
                 valid-from = \"2024-01-01\"\n",
                agreement(number)
            )
        };
        std::iter::once(AGENCIES.to_owned()).chain((0..self.agreements).map(agreement)).collect()
    }
}

/// The question about one person, as the default client asks it but for the identifier.
fn request(agreement: &str, person: &Person) -> PullRequest {
    let context = ExchangeContext { request_id: Some(PLACEHOLDER.to_owned()), ..context(agreement) };
    PullRequest { context: Some(context), ..pull_request(agreement, person.by_nir()) }
}

fn agreement(number: u32) -> String {
    format!("turnover-{number}")
}

/// What a person declared: another amount for each.
fn cents(number: u32) -> i64 {
    100_000 + i64::from(number)
}
