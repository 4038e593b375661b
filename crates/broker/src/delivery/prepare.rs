//! Preparing a turn before its transaction: the events that are to be told, opened, in the major version of the agreement.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use unefois_catalog::Dataset;
use unefois_core::{Agreement, Reason, Tell};
use unefois_store::{EventRow, HeldRevision};

use super::{session::Session, tail::Newest};
use crate::{failure::Failure, hub::Hub, keys::OpenKey};

/// An event that is to be told.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) tell: Tell,
    pub(super) found: Found,
}

/// What there is to tell of an event.
#[derive(Debug, Clone)]
pub(super) enum Found {
    Held(Arc<Matter>),
    /// It is not held any more: its subject was erased.
    Gone,
    /// The agreement is about something else since it came onto the desk.
    NotCovered,
}

/// What an event tells of.
#[derive(Debug, Clone)]
pub(super) struct Matter {
    pub(super) row: EventRow,
    /// The identifier of its dataset.
    pub(super) dataset: String,
    /// The major version in which it was published.
    pub(super) published_in: u32,
    /// The major version in which it is told.
    pub(super) told_in: u32,
    /// The whole record, in the major version of the agreement.
    pub(super) canonical: Vec<u8>,
    /// Its key fields.
    pub(super) natural_key: Vec<u8>,
    pub(super) payload_key: [u8; 16],
    pub(super) trace_key: OpenKey,
}

/// From where something that is to be told comes.
enum Source {
    Tail(Arc<Newest>),
    Store(Box<Stored>),
}

/// An event that was read from the store.
struct Stored {
    row: EventRow,
    /// The revision, and the key that seals the traces of its subject; none, when they were erased.
    held: Option<(HeldRevision, [u8; 16])>,
}

impl Source {
    fn row(&self) -> &EventRow {
        match self {
            Self::Tail(newest) => &newest.row,
            Self::Store(stored) => &stored.row,
        }
    }

    fn held(&self) -> Option<(&HeldRevision, [u8; 16])> {
        match self {
            Self::Tail(newest) => Some((&newest.held, newest.trace_key)),
            Self::Store(stored) => stored.held.as_ref().map(|(held, trace_key)| (held, *trace_key)),
        }
    }
}

impl Prepared {
    /// What is told of it, where it is held.
    pub(super) fn matter(&self) -> Option<&Matter> {
        match &self.found {
            Found::Held(matter) => Some(matter),
            Found::Gone | Found::NotCovered => None,
        }
    }
}

impl Session {
    /// Opens what a turn tells: in a few trips to the store, however many events it has.
    pub(super) async fn prepare(&self, agreement: &Agreement, tells: &[Tell]) -> Result<Vec<Prepared>, Failure> {
        if tells.is_empty() {
            return Ok(Vec::new());
        }
        let dataset = self.hub.catalog.version(agreement.dataset.as_str(), agreement.dataset_major);
        let dataset = dataset.ok_or_else(|| Failure::new(Reason::DatasetUnknown))?;
        let sources = self.sources(tells).await?;
        let mut matters = HashMap::new();
        for source in sources {
            let id = source.row().event.id;
            let found = if self.hub.is_covered(agreement, source.row()) {
                match self.matter(dataset, source).await {
                    Ok(matter) => Found::Held(Arc::new(matter)),
                    Err(gone) if is_gone(gone.reason) => Found::Gone,
                    Err(failure) => return Err(failure),
                }
            } else {
                Found::NotCovered
            };
            matters.insert(id, found);
        }
        let found = |tell: &Tell| matters.get(&tell.event).cloned().unwrap_or(Found::Gone);
        let prepared = |tell: &Tell| Prepared { tell: tell.clone(), found: found(tell) };
        Ok(tells.iter().map(prepared).collect())
    }

    /// What is to be told, sealed: what this node published last is in memory; the rest is in the store.
    async fn sources(&self, tells: &[Tell]) -> Result<Vec<Source>, Failure> {
        let tail = self.hub.heads.tail();
        let mut sources = Vec::with_capacity(tells.len());
        let mut missing = Vec::new();
        for tell in tells {
            match tail.at(tell.place).filter(|newest| newest.row.event.id == tell.event) {
                Some(newest) => sources.push(Source::Tail(newest)),
                None => missing.push(tell.event),
            }
        }
        if missing.is_empty() {
            return Ok(sources);
        }
        let rows = self.hub.store.events_fetch(&missing).await?;
        let asked: Vec<_> = rows.iter().map(|row| (row.event.record, row.event.revision)).collect();
        let held = self.hub.store.revisions_fetch(&asked).await?;
        let mut trace_keys = HashMap::new();
        for (row, held) in rows.into_iter().zip(held) {
            let trace_key = match trace_keys.entry(row.event.root) {
                Entry::Occupied(found) => *found.get(),
                Entry::Vacant(none) => *none.insert(self.trace_key_of(row.event.root).await?),
            };
            sources.push(Source::Store(Box::new(Stored { row, held: held.zip(trace_key) })));
        }
        Ok(sources)
    }

    /// The key that seals the traces of a subject; none, when it was erased.
    async fn trace_key_of(&self, root: [u8; 16]) -> Result<Option<[u8; 16]>, Failure> {
        match self.hub.subject_of(root).await {
            Ok(known) => Ok(Some(known.trace_key)),
            Err(gone) if is_gone(gone.reason) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn matter(&self, told_in: &Dataset, source: Source) -> Result<Matter, Failure> {
        let hub = &self.hub;
        let row = source.row();
        let (held, trace_key) = source.held().ok_or_else(|| Failure::new(Reason::RecordErased))?;
        let from = hub.catalog.stored(&row.event.dataset).ok_or_else(|| Failure::new(Reason::DatasetUnknown))?;
        let opened = hub.open_revision(&row.event.dataset, held).await?.canonical;
        let canonical = if from.major() == told_in.major() {
            opened
        } else {
            hub.catalog.convert(&opened, from, told_in).map_err(Failure::internal)?
        };
        let natural_key = told_in.key_of_record(&canonical).map_err(Failure::internal)?.natural;
        let trace_key = hub.keys.open(trace_key).await?;
        Ok(Matter {
            dataset: from.id().to_owned(),
            published_in: from.major(),
            told_in: told_in.major(),
            canonical,
            natural_key,
            payload_key: held.payload_key,
            trace_key,
            row: row.clone(),
        })
    }
}

impl Hub {
    /// Whether an agreement is about an event. It may have been about another dataset when the event came onto a desk.
    pub(super) fn is_covered(&self, agreement: &Agreement, row: &EventRow) -> bool {
        let dataset = self.catalog.stored(&row.event.dataset).map(Dataset::id);
        dataset == Some(agreement.dataset.as_str()) && row.event.provider == agreement.provider.as_str()
    }
}

/// Whether something was erased: nothing is left to be told.
fn is_gone(reason: Reason) -> bool {
    matches!(reason, Reason::RecordErased | Reason::SubjectUnknown | Reason::NotFound)
}
