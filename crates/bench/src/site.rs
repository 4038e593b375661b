//! Where it is measured: a hub with its people, its certificates, and the sizes of its messages.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, ensure};
use bytes::Bytes;
use prost::Message;
use unefois_client::{Pulled, RetryPolicy, pull, receipt_from_wire};
use unefois_ledger::VerifyingKey;
use unefois_proto::pb::exchange::v1::{PullRequest, PullResponse};
use unefois_testkit::{House, HouseSettings};

use crate::{arguments::PullOptions, optimised::Server, population::Population, questions::Questions};

/// How many answers are looked at to learn how large they are.
const LOOKED_AT: usize = 32;

/// A hub, and what is asked of it.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) house: House,
    pub(crate) questions: Arc<Questions>,
    pub(crate) sizes: Sizes,
    key: VerifyingKey,
}

/// How large things are, so that servers that do less carry and store as much.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) request_bytes: usize,
    pub(crate) answer_bytes: usize,
    /// The public part of an entry.
    pub(crate) leaf_bytes: usize,
    /// The personal part of an entry, before it is sealed.
    pub(crate) personal_bytes: usize,
}

impl Site {
    /// Starts the hub, fills it, and looks at some answers.
    pub(crate) async fn open(options: &PullOptions, server: &Server) -> anyhow::Result<Self> {
        let binary = server.binary.to_str().context("the path of the server is not UTF-8")?;
        let house = House::build(binary, &HouseSettings::default()).started();
        let population = Population { subjects: options.subjects, agreements: options.agreements };
        println!("Publishing {} records under {} agreements", options.subjects, options.agreements);
        population.settle(&house).await?;
        let questions = Arc::new(population.questions());
        let key = house.public_key().await;
        let sizes = look(&house, &questions, &key).await?;
        Ok(Self { house, questions, sizes, key })
    }

    /// Where a server that is started beside the hub keeps its things.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.house.path().join(name)
    }

    /// Verifies answers as whoever received them can: the receipt is the hub's, and it is about these bytes.
    pub(crate) fn verify(&self, answers: &[Bytes]) -> anyhow::Result<()> {
        for answer in answers {
            let mut response = PullResponse::decode(answer.clone())?;
            let receipt = receipt_from_wire(response.receipt.take().context("an answer has no receipt")?)?;
            receipt.verify(&self.key)?.verify_payload(response.data())?;
        }
        Ok(())
    }
}

/// Asks as the default client does, verifies, and takes the largest of what it sees.
async fn look(house: &House, questions: &Questions, key: &VerifyingKey) -> anyhow::Result<Sizes> {
    let cnaf = house.agency("cnaf").await;
    let mut sizes = Sizes { request_bytes: 0, answer_bytes: 0, leaf_bytes: 0, personal_bytes: 0 };
    for _ in 0..LOOKED_AT {
        let (request, due) = questions.next();
        let Pulled { response, receipt } = pulled(&cnaf, &request, key).await?;
        let answer = response.encode_to_vec();
        ensure!(answer.starts_with(&due), "the hub does not answer with the bytes that are due");
        sizes.request_bytes = sizes.request_bytes.max(request.len());
        sizes.answer_bytes = sizes.answer_bytes.max(answer.len());
        sizes.leaf_bytes = sizes.leaf_bytes.max(receipt.entry.len());
        sizes.personal_bytes = sizes.personal_bytes.max(receipt.personal_part.len());
    }
    Ok(sizes)
}

async fn pulled(consumer: &unefois_client::Connection, request: &Bytes, key: &VerifyingKey) -> anyhow::Result<Pulled> {
    let pulled = pull(consumer, PullRequest::decode(request.clone())?, &RetryPolicy::never()).await?;
    pulled.verify(key)?;
    Ok(pulled)
}
