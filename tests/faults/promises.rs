//! What a hub acknowledged, and whether all of it is there after a restart.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    time::Duration,
};

use futures::TryStreamExt;
use prost::Message;
use tonic::{Code, Status};
use unefois_client::{Pulled, RetryPolicy, pull, verify_acknowledgement};
use unefois_ledger::{
    EntryKind, ExportWriter, Hash, Outcome, PublicPart, decode_leaf, leaf_hash, verify_export_of_hub,
};
use unefois_proto::pb::{
    audit::v1::{ExportEntriesRequest, export_entries_response::Part},
    consent::v1::{ListRequest, WithdrawRequest},
    exchange::v1::PullRequest,
    income::v1::DeclaredTurnover,
    publication::v1::{Acknowledgement, PublishRequest, publish_response::Result as Fate},
};
use unefois_testkit::{DEMONSTRATION_REGISTRY, House, Person, pull_request};

use crate::stream;

/// The agreement under which every pull of the load has a `request_id`, and the one under which none has.
pub(crate) const WITH_ID: &str = "d14-benefits";
pub(crate) const WITHOUT_ID: &str = "d14-non-take-up";

/// How often what breaks off is asked again, and how long after: connections to a database that was stopped are found
/// out one by one.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// The reasons of a hub that breaks off: its caller is to ask again.
pub(crate) const MAY_BE_GIVEN: [&str; 2] = ["COMMIT_UNKNOWN", "OVERLOADED"];

/// What was promised by the hubs that ran on one data directory, and what was asked of them.
#[derive(Default)]
pub(crate) struct Promises {
    /// The version of the registry that was applied.
    pub(crate) registry: Option<u64>,
    pub(crate) publications: Vec<(PublishRequest, Acknowledgement)>,
    /// Consents that were granted, by identifier: whose they are.
    pub(crate) granted: BTreeMap<String, Person>,
    pub(crate) withdrawn: BTreeSet<String>,
    /// The first answer under each `request_id` that was answered.
    pub(crate) pulled: BTreeMap<String, Pulled>,
    /// Requests with a `request_id`, by it: all that were sent, answered or not.
    pub(crate) asked: BTreeMap<String, PullRequest>,
    /// The bytes of the entry and the index that the receipt of a pull without a `request_id` names.
    pub(crate) released: Vec<(Vec<u8>, u64)>,
    /// How many pulls without a `request_id` were sent.
    pub(crate) sent_without_id: usize,
}

/// Whether a call broke off, as it may when a hub is killed or fails. Any other failure is a surprise.
pub(crate) fn broke_off(status: &Status) -> bool {
    // A connection that breaks shows as one of these, with the transport's words and without a reason of ours.
    let by_transport = matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal);
    let reason = unefois_testkit::reason_of(status);
    (by_transport && reason.is_empty()) || MAY_BE_GIVEN.contains(&reason.as_str())
}

/// The answer to a call, which is asked again as long as it breaks off.
pub(crate) async fn in_the_end<T, F: Future<Output = Result<T, Status>>>(call: impl Fn() -> F) -> T {
    for _ in 0..TRIES {
        match call().await {
            Ok(answer) => return answer,
            Err(status) => assert!(broke_off(&status), "{status:?}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("it breaks off for ever");
}

impl Promises {
    /// Adds what another one was promised on the same data directory.
    pub(crate) fn add(&mut self, other: Self) {
        let Self { registry, publications, granted, withdrawn, pulled, asked, released, sent_without_id } = other;
        self.registry = self.registry.max(registry);
        self.publications.extend(publications);
        self.granted.extend(granted);
        self.withdrawn.extend(withdrawn);
        for (id, answer) in pulled {
            self.answered(id, answer);
        }
        self.asked.extend(asked);
        self.released.extend(released);
        self.sent_without_id += sent_without_id;
    }

    /// A pull with a `request_id` was answered: every answer to it must be the first one.
    pub(crate) fn answered(&mut self, id: String, answer: Pulled) {
        match self.pulled.entry(id) {
            Entry::Vacant(first) => drop(first.insert(answer)),
            Entry::Occupied(first) => {
                let (id, first) = (first.key(), first.get());
                assert_eq!(first.receipt.index, answer.receipt.index, "{id} is released once");
                assert_eq!(first.receipt.entry, answer.receipt.entry, "{id}: a repeat gets the first receipt");
                assert_eq!(first.response.data, answer.response.data, "{id}: a repeat gets the first answer");
            }
        }
    }

    /// Checks all of it against a hub that runs again.
    pub(crate) async fn are_kept_by(&mut self, house: &House) {
        self.stand_at(house).await;
        self.are_in_the_ledger_of(house).await;
    }

    /// What was acknowledged can be read, and is the same when it is asked for again.
    pub(crate) async fn stand_at(&mut self, house: &House) {
        let applied = house.applies(DEMONSTRATION_REGISTRY).await.unwrap();
        if let Some(version) = self.registry {
            assert_eq!((applied.version, applied.changes.len()), (version, 0), "the registry is the one applied");
        }
        self.registry = Some(applied.version);
        self.publications_stand(house).await;
        self.consents_stand(house).await;
        self.repeats_get_the_first_answers(house).await;
    }

    async fn publications_stand(&mut self, house: &House) {
        let (key, urssaf) = (house.public_key().await, house.agency("urssaf").await);
        let items: Vec<PublishRequest> = self.publications.iter().map(|(item, _)| item.clone()).collect();
        let again = in_the_end(|| async { stream(&urssaf, items.clone()).await?.try_collect::<Vec<_>>().await }).await;
        assert_eq!(again.len(), items.len());
        for ((item, first), again) in self.publications.iter().zip(again) {
            verify_acknowledgement(first, &item.data, &key).unwrap();
            let again = match again.result {
                Some(Fate::Acknowledged(again)) => again,
                other => panic!("it was acknowledged before: {item:?}: {other:?}"),
            };
            assert_eq!(
                (&again.record_id, again.revision),
                (&first.record_id, first.revision),
                "a repeat changes nothing"
            );
        }
        let cnaf = house.agency("cnaf").await;
        for item in items {
            // Pulled under the same `request_id` whenever this is checked; everybody's record is published once.
            let mut request = pull_request(WITH_ID, item.subjects[0].clone());
            request.context.as_mut().unwrap().request_id = Some(item.publication_id.clone());
            let answer = pull(&cnaf, request.clone(), &RetryPolicy::default()).await.unwrap();
            let [found, due] = [answer.response.data(), &item.data].map(|data| DeclaredTurnover::decode(data).unwrap());
            assert_eq!(found.amounts, due.amounts, "what was acknowledged can be read");
            self.asked.insert(item.publication_id.clone(), request);
            self.answered(item.publication_id, answer);
        }
    }

    async fn consents_stand(&self, house: &House) {
        let portal = house.agency("portail").await;
        for (id, person) in &self.granted {
            let request = ListRequest { subject: Some(person.by_nir()), case_reference: "kept".to_owned() };
            let listed =
                in_the_end(|| async { portal.consent().list(request.clone()).await }).await.into_inner().consents;
            let found = listed.iter().find(|consent| consent.consent_id == *id).expect("a granted consent is listed");
            if self.withdrawn.contains(id) {
                assert!(found.withdrawn_at.is_some(), "a withdrawal that was acknowledged holds");
                let request = WithdrawRequest { consent_id: id.clone() };
                in_the_end(|| async { portal.consent().withdraw(request.clone()).await }).await;
            }
        }
    }

    /// Sends every request with a `request_id` again: after this each of them was released once.
    async fn repeats_get_the_first_answers(&mut self, house: &House) {
        let (key, cnaf) = (house.public_key().await, house.agency("cnaf").await);
        for (id, request) in self.asked.clone() {
            let answer = pull(&cnaf, request, &RetryPolicy::default()).await.unwrap();
            answer.verify(&key).unwrap();
            self.answered(id, answer);
        }
    }

    /// Every entry that a receipt names is there once, and there is no other release than those that were asked for.
    pub(crate) async fn are_in_the_ledger_of(&self, house: &House) {
        let shards = leaves_of_shards(house).await;
        let leaves = shards.iter().flat_map(|(_, leaves)| leaves.iter().enumerate());
        let mut places: BTreeMap<Hash, Vec<u64>> = BTreeMap::new();
        let mut ids = BTreeSet::new();
        let (mut with_id, mut without_id) = (0, 0);
        for (index, leaf) in leaves {
            places.entry(leaf_hash(leaf)).or_default().push(index as u64);
            let (_, public) = decode_leaf(leaf).unwrap();
            with_id += usize::from(is_first_release(&public, WITH_ID));
            without_id += usize::from(is_first_release(&public, WITHOUT_ID));
            assert!(ids.insert(public.entry_id), "entry {index} has the identifier of another");
        }
        let receipts = self.pulled.values().map(|answer| (&answer.receipt.entry, answer.receipt.index));
        for (entry, index) in receipts.chain(self.released.iter().map(|(entry, index)| (entry, *index))) {
            assert_eq!(places.get(&leaf_hash(entry)), Some(&vec![index]), "a receipt names its one entry");
        }
        assert_eq!(with_id, self.asked.len(), "one release for every request_id");
        let answered = self.released.len();
        assert!(
            (answered..=self.sent_without_id).contains(&without_id),
            "{answered} of {} released: {without_id}",
            self.sent_without_id
        );
    }
}

fn is_first_release(public: &PublicPart, agreement: &str) -> bool {
    public.agreement == agreement
        && public.kind == i32::from(EntryKind::Exchange)
        && public.outcome == i32::from(Outcome::Released)
}

/// Every entry of every shard, as it is hashed. All those of a shard verify together as its export.
pub(crate) async fn leaves_of_shards(house: &House) -> Vec<(String, Vec<Vec<u8>>)> {
    let auditor = house.agency("cour-des-comptes").await;
    let mut shards = Vec::new();
    for shard in unefois_client::shards(&auditor).await.unwrap().iter().filter(|shard| shard.size > 0) {
        shards.push((shard.origin().to_owned(), leaves_of(house, shard.origin()).await));
    }
    shards
}

async fn leaves_of(house: &House, origin: &str) -> Vec<Vec<u8>> {
    let key = house.public_key().await;
    let auditor = house.agency("cour-des-comptes").await;
    let origin = origin.to_owned();
    let request = ExportEntriesRequest { case_reference: "kept".to_owned(), origin, ..Default::default() };
    let parts = in_the_end(|| async {
        auditor.audit().export_entries(request.clone()).await?.into_inner().try_collect::<Vec<_>>().await
    });
    let mut parts = parts.await.into_iter();
    let (mut leaves, mut export) = (Vec::new(), ExportWriter::begin(Vec::new()).unwrap());
    loop {
        match parts.next().and_then(|part| part.part).expect("the checkpoint is the last part") {
            Part::Entries(some) => {
                for (leaf, stored) in some.entries.into_iter().zip(some.leaf_hashes) {
                    export.entry(leaves.len() as u64, Hash(stored.try_into().unwrap()), &leaf).unwrap();
                    leaves.push(leaf);
                }
            }
            Part::Checkpoint(checkpoint) => {
                let export = export.finish(&checkpoint).unwrap();
                verify_export_of_hub(export.as_slice(), &key, &[]).unwrap();
                return leaves;
            }
        }
    }
}
