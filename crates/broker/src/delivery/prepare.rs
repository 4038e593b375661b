//! Preparing a turn before its transaction: the events that are to be told, opened, in the major version of the agreement.

use std::collections::{HashMap, hash_map::Entry};

use unefois_catalog::Dataset;
use unefois_core::{Agreement, EventId, Reason, Tell};
use unefois_store::{EventRow, HeldRevision};

use super::session::Session;
use crate::{failure::Failure, hub::Hub, keys::OpenKey, subject::Known};

/// An event that is to be told.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) tell: Tell,
    pub(super) found: Found,
}

/// What there is to tell of an event.
#[derive(Debug, Clone)]
pub(super) enum Found {
    Held(Box<Matter>),
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
    pub(super) subject: Known,
    pub(super) trace_key: OpenKey,
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
        let ids: Vec<EventId> = tells.iter().map(|tell| tell.event).collect();
        let rows = self.hub.store.events_fetch(&ids).await?;
        let asked: Vec<_> = rows.iter().map(|row| (row.event.record, row.event.revision)).collect();
        let held = self.hub.store.revisions_fetch(&asked).await?;
        let mut subjects = HashMap::new();
        let mut matters = HashMap::new();
        for (row, held) in rows.into_iter().zip(held) {
            let id = row.event.id;
            let found = if self.hub.is_covered(agreement, &row) {
                match self.matter(dataset, &mut subjects, row, held).await {
                    Ok(matter) => Found::Held(Box::new(matter)),
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

    async fn matter(
        &self,
        told_in: &Dataset,
        subjects: &mut HashMap<[u8; 16], (Known, OpenKey)>,
        row: EventRow,
        held: Option<HeldRevision>,
    ) -> Result<Matter, Failure> {
        let hub = &self.hub;
        let held = held.ok_or_else(|| Failure::new(Reason::RecordErased))?;
        let from = hub.catalog.stored(&row.event.dataset).ok_or_else(|| Failure::new(Reason::DatasetUnknown))?;
        let opened = hub.open_revision(&row.event.dataset, &held).await?.canonical;
        let canonical = if from.major() == told_in.major() {
            opened
        } else {
            hub.catalog.convert(&opened, from, told_in).map_err(Failure::internal)?
        };
        let natural_key = told_in.key_of_record(&canonical).map_err(Failure::internal)?.natural;
        let root = row.event.root;
        let (subject, trace_key) = match subjects.entry(root) {
            Entry::Occupied(found) => found.get().clone(),
            Entry::Vacant(none) => {
                let known = hub.subject_of(root).await?;
                let trace_key = hub.keys.open(known.trace_key).await?;
                none.insert((known, trace_key)).clone()
            }
        };
        Ok(Matter {
            dataset: from.id().to_owned(),
            published_in: from.major(),
            told_in: told_in.major(),
            canonical,
            natural_key,
            payload_key: held.payload_key,
            subject,
            trace_key,
            row,
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
