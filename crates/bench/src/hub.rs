//! A hub as it is shipped, filled and asked through its own methods.

use anyhow::{Context, ensure};
use bytes::Bytes;
use prost::Message;
use unefois_client::{Pulled, RetryPolicy, pull, receipt_from_wire};
use unefois_ledger::{Checkpoint, Hash, VerifyingKey, check_inclusion, leaf_hash};
use unefois_proto::pb::{
    audit::v1::GetInclusionProofRequest,
    exchange::v1::{PullRequest, PullResponse},
};
use unefois_testkit::{House, HouseSettings, PostgresDurability, Storage};

use crate::{optimised::Server, population::Population, questions::Questions};

/// How many answers are looked at to learn how large they are.
const LOOKED_AT: usize = 32;
/// The defaults of the hub; the tests have more patience with a disk, and say so where nobody else does.
const PATIENCE: &str = "[limits.broker]\ncommit-stall-max = \"500ms\"\ncommit-wait-max = \"5s\"\n";
const PATIENCE_OF_TESTS: &str = "[limits.broker]\ncommit-stall-max = \"20s\"\ncommit-wait-max = \"20s\"\n";
/// PostgreSQL's own default; the tests make do with less.
const SHARED_BUFFERS: &str = "shared_buffers=128MB";

/// A hub, and the key that its ledger is signed with.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) house: House,
    /// How fast it was filled by one stream of a provider.
    pub(crate) published_per_second: f64,
    key: VerifyingKey,
}

/// How large things are, so that servers that do less carry and store as much.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) request_bytes: usize,
    pub(crate) answer_bytes: usize,
    /// A record.
    pub(crate) record_bytes: usize,
    /// The public part of an entry.
    pub(crate) leaf_bytes: usize,
    /// The personal part of an entry, before it is sealed.
    pub(crate) personal_bytes: usize,
}

/// A house whose hub does not run yet. What PostgreSQL acknowledges is on the disk.
pub(crate) fn house(binary: &str, storage: Storage) -> House {
    // An unoptimised run measures nothing, and stands on a machine that builds and tests beside it.
    let patience = if cfg!(debug_assertions) { PATIENCE_OF_TESTS } else { PATIENCE };
    house_with(binary, storage, patience.to_owned())
}

/// The same with more limits of the broker. A hub that is not optimised has the patience of the tests: its batches take
/// seconds.
pub(crate) fn house_of(server: &Server, storage: Storage, limits: &str) -> anyhow::Result<House> {
    let patience = if server.is_optimised { PATIENCE } else { PATIENCE_OF_TESTS };
    Ok(house_with(server.path()?, storage, format!("{patience}{limits}")))
}

fn house_with(binary: &str, storage: Storage, more: String) -> House {
    let settings = HouseSettings {
        storage,
        durability: PostgresDurability::Durable,
        postgres_settings: vec![SHARED_BUFFERS.to_owned()],
        more,
        ..HouseSettings::default()
    };
    House::build(binary, &settings)
}

/// How many entries the ledger of a house has.
pub(crate) async fn entries_of(house: &House) -> anyhow::Result<u64> {
    let auditor = house.agency("cour-des-comptes").await;
    let shards = unefois_client::shards(&auditor).await?;
    Ok(shards.iter().map(|shard| shard.size).sum())
}

impl Hub {
    /// Starts the hub of a house, and fills it.
    pub(crate) async fn start(house: House, population: Population) -> anyhow::Result<Self> {
        let house = house.started();
        let published_per_second = population.settle(&house).await?;
        println!("{} records published, {published_per_second:.0} a second", population.subjects);
        let key = house.public_key().await;
        Ok(Self { house, published_per_second, key })
    }

    /// How many entries its ledger has.
    pub(crate) async fn size(&self) -> anyhow::Result<u64> {
        entries_of(&self.house).await
    }

    /// Verifies answers as whoever received them can: the receipt is the hub's, and it is about these bytes. Then asks the
    /// ledger for the same entries: they are stored as they were told, and in its tree of now.
    pub(crate) async fn verify(&self, answers: &[Bytes]) -> anyhow::Result<()> {
        let auditor = self.house.agency("cour-des-comptes").await;
        for answer in answers {
            let mut response = PullResponse::decode(answer.clone())?;
            let receipt = receipt_from_wire(response.receipt.take().context("an answer has no receipt")?)?;
            let verified = receipt.verify(&self.key)?;
            verified.verify_payload(response.data())?;
            let origin = verified.checkpoint.origin;
            let request = GetInclusionProofRequest { index: receipt.index, origin, ..Default::default() };
            let proof = auditor.audit().get_inclusion_proof(request).await?.into_inner();
            ensure!(proof.entry == receipt.entry, "entry {} is not what its receipt says", receipt.index);
            let now = Checkpoint::open_of_hub(&proof.checkpoint, &self.key)?.head;
            let path: Vec<Hash> = proof.path.iter().map(|hash| Hash::try_from(&hash[..])).collect::<Result<_, _>>()?;
            check_inclusion(now, receipt.index, leaf_hash(&proof.entry), &path)?;
        }
        Ok(())
    }

    /// Asks as the default client does, verifies, and takes the largest of what it sees.
    pub(crate) async fn look(&self, questions: &Questions, population: Population) -> anyhow::Result<Sizes> {
        let cnaf = self.house.agency("cnaf").await;
        let record_bytes = population.record_bytes_max();
        let mut sizes = Sizes { request_bytes: 0, answer_bytes: 0, record_bytes, leaf_bytes: 0, personal_bytes: 0 };
        for _ in 0..LOOKED_AT {
            let (request, due) = questions.next();
            let pulled = pull(&cnaf, PullRequest::decode(request.clone())?, &RetryPolicy::never()).await?;
            pulled.verify(&self.key)?;
            let Pulled { response, receipt } = pulled;
            let answer = response.encode_to_vec();
            ensure!(answer.starts_with(&due), "the hub does not answer with the bytes that are due");
            sizes.request_bytes = sizes.request_bytes.max(request.len());
            sizes.answer_bytes = sizes.answer_bytes.max(answer.len());
            sizes.leaf_bytes = sizes.leaf_bytes.max(receipt.entry.len());
            sizes.personal_bytes = sizes.personal_bytes.max(receipt.personal_part.len());
        }
        Ok(sizes)
    }
}
