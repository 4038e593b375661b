//! Publication: a provider's records, in batches, each batch durable together with its entry.

mod batch;
mod change;
mod growth;
mod homonyms;
mod newest;
mod people;
mod revise;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use tokio::sync::oneshot;
use unefois_catalog::{Finding, Key};
use unefois_core::{Caller, DatasetId, Identifier, Reason, Role, SubjectKind};
use unefois_ledger::Receipt;
use unefois_store::PublicationRow;
use unefois_telemetry::Trace;
use unefois_vault::KeyUse;
use uuid::Uuid;

use crate::{
    entry::Placed,
    failure::Failure,
    hub::Hub,
    keys::Owner,
    subject::{kind_of_subject, pseudonym},
    wire::stand_in,
};
use batch::Batch;

pub use change::PublicationChange;

/// One record to publish.
#[derive(Debug, Clone)]
pub struct PublishItem {
    /// The provider's own identifier of this publication.
    pub publication_id: String,
    /// The identifier of the dataset.
    pub dataset: String,
    /// The major version whose message `data` is.
    pub dataset_major: u32,
    /// The identifiers of the subject that the provider knows.
    pub subjects: Vec<Identifier>,
    /// The dataset's message, encoded.
    pub data: Vec<u8>,
    /// When the provider recorded it.
    pub recorded_at: Timestamp,
    /// What it is, compared with what was said last.
    pub change: PublicationChange,
}

/// What an acknowledgement says.
#[derive(Debug, Clone)]
pub struct Acknowledgement {
    /// The record.
    pub record: Uuid,
    /// Its newest revision.
    pub revision: u64,
    /// Whether this item made that revision.
    pub kind: AcknowledgementKind,
    /// What proves it; absent when nothing was written.
    pub proof: Option<PublicationProof>,
    /// What is doubtful about the record.
    pub findings: Vec<Finding>,
}

/// What proves a publication.
#[derive(Debug, Clone)]
pub struct PublicationProof {
    /// The receipt of the entry of the batch.
    pub receipt: Receipt,
    /// The position among the items of the batch.
    pub item_index: u32,
    /// The path from the item to the root in the entry.
    pub item_path: Vec<[u8; 32]>,
    /// The blind of the commitment of the record.
    pub blind: [u8; 32],
}

/// Whether an item made a new revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcknowledgementKind {
    /// The first revision of a record.
    Created,
    /// A new revision.
    Revised,
    /// Equal to the newest revision.
    Unchanged,
}

impl AcknowledgementKind {
    fn number(self) -> u8 {
        match self {
            Self::Created => 1,
            Self::Revised => 2,
            Self::Unchanged => 3,
        }
    }

    fn from_number(number: u8) -> Option<Self> {
        [Self::Created, Self::Revised, Self::Unchanged].into_iter().find(|kind| kind.number() == number)
    }
}

/// An item that was understood: checked, canonical, pseudonymous.
#[derive(Debug)]
struct Prepared {
    /// What stands for the identifier that the provider chose.
    publication_id: String,
    content: [u8; 32],
    dataset: String,
    dataset_major: u32,
    /// What names the dataset in this major version in the store.
    stored_name: String,
    pseudonyms: Vec<[u8; 32]>,
    canonical: Vec<u8>,
    /// What is doubtful about the record itself.
    findings: Vec<Finding>,
    /// What stands for the traits of the person, where homonyms are looked for.
    traits: Option<[u8; 32]>,
    selector: [u8; 32],
    discriminator: [u8; 32],
    recorded_at: Timestamp,
    change: PublicationChange,
    /// Which kind of subject it is about.
    about: SubjectKind,
}

/// What became of an item in the transaction.
#[derive(Debug, Clone)]
enum Fate {
    Rejected(Failure),
    /// Published before under the same identifier.
    Repeated(PublicationRow),
    Stored {
        record: [u8; 16],
        revision: u64,
        kind: AcknowledgementKind,
        place: Option<ItemPlace>,
        findings: Vec<Finding>,
    },
}

#[derive(Debug, Clone)]
struct ItemPlace {
    index: u32,
    path: Vec<[u8; 32]>,
    blind: [u8; 32],
}

impl Hub {
    /// Publishes a batch. Gives what became of each item, in their order; what was acknowledged is durable.
    ///
    /// # Errors
    /// The batch as a whole could not be committed; each item may be sent again under its `publication_id`.
    pub async fn publish(
        &self,
        caller: &Caller,
        items: Vec<PublishItem>,
        trace: &Trace,
    ) -> Result<Vec<Result<Acknowledgement, Failure>>, Failure> {
        if !caller.has(Role::Provider) {
            return Err(Failure::new(Reason::RoleRequired));
        }
        self.storage.admit()?;
        let prepared: Vec<Result<Prepared, Failure>> =
            items.into_iter().map(|item| self.prepare(caller, item)).collect();
        let mut good = Vec::new();
        let order: Vec<Result<(), Failure>> =
            prepared.into_iter().map(|item| item.map(|item| good.push(item))).collect();
        let mut fates = if good.is_empty() {
            Vec::new().into_iter()
        } else {
            let (answer, answered) = oneshot::channel();
            let newcomers = self.newcomers(&good).await?;
            self.recorder
                .perform(Box::new(Batch::new(self, (caller, trace), (good, newcomers), answer)), answered)
                .await?
                .into_iter()
        };
        let mut results = Vec::with_capacity(order.len());
        for item in order {
            results.push(match item {
                Err(failure) => Err(failure),
                Ok(()) => match fates.next() {
                    Some((fate, placed)) => match self.acknowledge(fate, placed).await {
                        // Nothing is wrong with the item: a provider must not take it for rejected.
                        Err(failure) if failure.reason.is_internal() => return Err(failure),
                        acknowledged => acknowledged,
                    },
                    None => Err(Failure::new(Reason::Internal)),
                },
            });
        }
        self.metrics.published(&results);
        Ok(results)
    }

    /// Checks an item against the registry, the catalogue and the keys of its identifiers.
    fn prepare(&self, caller: &Caller, item: PublishItem) -> Result<Prepared, Failure> {
        let PublishItem { publication_id, dataset, dataset_major, subjects, data, recorded_at, change } = item;
        let id_is_good = (1..=self.limits.publication_id_length_max).contains(&publication_id.len())
            && publication_id.bytes().all(|byte| byte.is_ascii_graphic());
        if !id_is_good {
            let rule = "1 to 64 visible ASCII characters";
            return Err(Failure::field(Reason::ArgumentInvalid, "publication_id", rule));
        }
        let known = self.catalog.version(&dataset, dataset_major);
        let known = known.ok_or_else(|| Failure::new(Reason::DatasetUnknown))?;
        let id = DatasetId::parse(&dataset).map_err(Failure::internal)?;
        let registry = std::sync::Arc::clone(&self.authority.load().registry);
        if !registry.agency(&caller.agency).is_some_and(|agency| agency.datasets.contains(&id)) {
            return Err(Failure::new(Reason::DatasetNotAssigned));
        }
        if !(1..=self.limits.publish_identifiers_max).contains(&subjects.len()) {
            return Err(Failure::field(Reason::ArgumentInvalid, "subjects", "1 to 8 identifiers of one subject"));
        }
        let canonical = self.take_in(known, &data)?;
        let Key { selector, discriminator, natural: _ } = known.key_of_record(&canonical).map_err(Failure::internal)?;
        let part = |label: &str, bytes: &[u8]| self.pseudonyms.natural_key(&dataset, label, bytes);
        let traits = known.traits(&canonical).map_err(Failure::internal)?;
        let findings = known.findings(&canonical).map_err(Failure::internal)?;
        let mut pseudonyms: Vec<_> = subjects.iter().map(|subject| pseudonym(&self.pseudonyms, subject)).collect();
        pseudonyms.sort_unstable();
        pseudonyms.dedup();
        let (stored_name, linked) = (known.stored_name(), pseudonyms.concat());
        let said = [stored_name.as_bytes(), &canonical, &linked];
        let content = self.content_of(caller, &said, recorded_at, change);
        Ok(Prepared {
            publication_id: stand_in(&self.pseudonyms, caller.agency.as_str(), "publication", &publication_id),
            content,
            pseudonyms,
            // The provider's own: what it is told of homonyms is what it published itself.
            traits: traits.map(|traits| self.pseudonyms.traits(caller.agency.as_str(), &dataset, &traits)),
            selector: part("selector", &selector),
            discriminator: part("discriminator", discriminator.as_deref().unwrap_or_default()),
            dataset,
            dataset_major,
            stored_name,
            canonical,
            findings,
            recorded_at,
            change,
            about: kind_of_subject(known.subject_kind(), &subjects),
        })
    }

    /// Subjects for the identifiers that nobody has mentioned yet. The keys that the batch needs, also of those that are
    /// known, are made and opened before the transaction, all in one trip.
    async fn newcomers(&self, items: &[Prepared]) -> Result<Newcomers, Failure> {
        let all: Vec<[u8; 32]> = items.iter().flat_map(|item| item.pseudonyms.iter().copied()).collect();
        let known = self.subjects_remembered(&all).await?;
        let mut newcomers = Newcomers::new();
        for item in items.iter().filter(|item| !item.pseudonyms.iter().any(|pseudonym| known.contains_key(pseudonym))) {
            let shared = item.pseudonyms.iter().find_map(|pseudonym| newcomers.get(pseudonym).copied());
            let subject = shared.unwrap_or_else(|| *Uuid::new_v4().as_bytes());
            for pseudonym in &item.pseudonyms {
                // What an earlier item made stays: an item that joins two of them is a conflict in the transaction.
                newcomers.entry(*pseudonym).or_insert(subject);
            }
        }
        let each_once = |subjects: &mut dyn Iterator<Item = [u8; 16]>| -> Vec<Owner> {
            subjects.collect::<HashSet<_>>().into_iter().map(Owner::Subject).collect()
        };
        let now = self.clock.now();
        self.keys.ensure(&each_once(&mut newcomers.values().copied()), KeyUse::Trace, now).await?;
        let all = &mut newcomers.values().chain(known.values()).copied();
        self.keys.ensure(&each_once(all), KeyUse::Payload, now).await?;
        Ok(newcomers)
    }

    fn content_of(
        &self,
        caller: &Caller,
        said: &[&[u8]],
        recorded_at: Timestamp,
        change: PublicationChange,
    ) -> [u8; 32] {
        let length = |part: &[u8]| (part.len() as u64).to_be_bytes();
        let mut bytes = recorded_at.as_microsecond().to_be_bytes().to_vec();
        for part in said {
            bytes.extend_from_slice(&length(part));
            bytes.extend_from_slice(part);
        }
        bytes.extend_from_slice(change.mark());
        self.pseudonyms.request(caller.agency.as_str(), &bytes)
    }

    async fn acknowledge(&self, fate: Fate, placed: Option<Placed>) -> Result<Acknowledgement, Failure> {
        match fate {
            Fate::Rejected(failure) => Err(failure),
            Fate::Stored { record, revision, kind, place, findings } => {
                let proof = match (place, placed) {
                    (Some(ItemPlace { index, path, blind }), Some(placed)) => Some(PublicationProof {
                        receipt: placed.receipt(None),
                        item_index: index,
                        item_path: path,
                        blind,
                    }),
                    _ => None,
                };
                Ok(Acknowledgement { record: Uuid::from_bytes(record), revision, kind, proof, findings })
            }
            Fate::Repeated(row) => self.acknowledge_again(row).await,
        }
    }

    /// The first acknowledgement of a publication, from storage.
    async fn acknowledge_again(&self, row: PublicationRow) -> Result<Acknowledgement, Failure> {
        let kind = AcknowledgementKind::from_number(row.kind).ok_or_else(|| Failure::new(Reason::Internal))?;
        let dataset = self.catalog.stored(&row.dataset).filter(|dataset| dataset.has_doubts());
        let (mut proof, mut findings) = (None, Vec::new());
        if row.entry.is_some() || dataset.is_some() {
            let held = self.store.revision_fetch(row.record, row.revision).await?;
            let held = held.ok_or_else(|| Failure::new(Reason::NotFound))?;
            let opened = self.open_revision(&row.dataset, &held).await?;
            if let Some(dataset) = dataset {
                findings = dataset.findings(&opened.canonical).map_err(Failure::internal)?;
            }
            if let Some((slot, index)) = row.entry {
                proof = Some(PublicationProof {
                    receipt: self.receipt_of(slot, index).await?,
                    item_index: row.item_index,
                    item_path: row.item_path,
                    blind: opened.blind,
                });
            }
        }
        Ok(Acknowledgement { record: Uuid::from_bytes(row.record), revision: row.revision, kind, proof, findings })
    }
}

type Fates = Vec<(Fate, Option<Placed>)>;

/// Subjects that are not stored yet, by the pseudonyms of their identifiers. Their keys exist.
type Newcomers = HashMap<[u8; 32], [u8; 16]>;
