//! One batch of publications in the recorder's transaction: records, acknowledgements and their entry together.

use std::collections::HashMap;

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use unefois_core::{Caller, Reason};
use unefois_ledger::{EntryKind, Outcome, PublicPart, Publication, TreeHead};
use unefois_store::{EventRow, HeldRevision, NewEvent, PublicationRow, Transaction};
use unefois_telemetry::Trace;
use uuid::Uuid;

use super::{Fate, Fates, ItemPlace, Newcomers, Prepared, people::People, revise::Revised};
use crate::{
    delivery::Newest,
    entry::{Draft, Placed},
    failure::Failure,
    hub::Hub,
    recorder::{Act, Company, Effect, Performed, Place},
};

/// One batch in the recorder.
pub(super) struct Batch {
    pub(super) hub: Hub,
    pub(super) caller: Caller,
    pub(super) traceparent: Option<String>,
    pub(super) items: Vec<Prepared>,
    newcomers: Newcomers,
    fates: Vec<Fate>,
    made: Made,
    /// The events that it made, once they have their places.
    events: Vec<Newest>,
    answer: Option<oneshot::Sender<Result<Fates, Failure>>>,
}

/// What a batch made, until its events have their places.
#[derive(Default)]
struct Made {
    events: Vec<NewEvent>,
    /// The revision of each of them.
    held: Vec<HeldRevision>,
    /// The keys that seal traces, by the subject.
    trace_keys: HashMap<[u8; 16], [u8; 16]>,
}

impl Batch {
    pub(super) fn new(
        hub: &Hub,
        (caller, trace): (&Caller, &Trace),
        (items, newcomers): (Vec<Prepared>, Newcomers),
        answer: oneshot::Sender<Result<Fates, Failure>>,
    ) -> Self {
        let fates = Vec::with_capacity(items.len());
        let traceparent = trace.remembered().map(|context| context.to_string());
        let (hub, caller, answer) = (hub.clone(), caller.clone(), Some(answer));
        Self { hub, caller, traceparent, items, newcomers, fates, made: Made::default(), events: Vec::new(), answer }
    }

    /// Reads what it needs of all items, decides item by item, and writes what came of it: as many trips to the store for
    /// five hundred items as for one, but for corrections of traits that another item states.
    async fn write(&mut self, tx: &mut Transaction<'_>, place: Place) -> Result<Performed, Failure> {
        let mut fates = self.repeats(tx).await?;
        let mut people = People::read(tx, &self.items).await?;
        let (mut roots, mut trace_keys) = (Vec::with_capacity(self.items.len()), HashMap::new());
        for (item, fate) in self.items.iter().zip(&mut fates) {
            let root = match fate {
                Some(_) => None,
                None => match people.subject_of(item, &self.newcomers, &self.hub, place.now).await {
                    Ok(subject) => {
                        trace_keys.insert(subject.root, subject.trace_key);
                        Some(subject.root)
                    }
                    Err(conflict) if conflict.reason == Reason::IdentityConflict => {
                        *fate = Some(Fate::Rejected(conflict));
                        None
                    }
                    Err(failure) => return Err(failure),
                },
            };
            roots.push(root);
        }
        people.write(tx, place.now).await?;
        let Revised { fates, tree, events, held } = self.revise(tx, fates, &roots, place.now).await?;
        self.remember(tx, &fates, place).await?;
        self.fates = fates;
        self.made = Made { events, held, trace_keys };
        Ok(Performed { entries: self.entry(tree.head()).into_iter().collect(), effect: Effect::Keeps })
    }

    /// What became of the items that were published before under the same identifier.
    async fn repeats(&self, tx: &mut Transaction<'_>) -> Result<Vec<Option<Fate>>, Failure> {
        let ids: Vec<&str> = self.items.iter().map(|item| item.publication_id.as_str()).collect();
        let found = tx.publications_list_in_tx(self.caller.agency.as_str(), &ids).await?;
        let mut found: HashMap<String, PublicationRow> =
            found.into_iter().map(|row| (row.publication_id.clone(), row)).collect();
        let mut fates = Vec::with_capacity(self.items.len());
        for item in &self.items {
            fates.push(match found.remove(&item.publication_id) {
                None => None,
                Some(row) if !tx.record_exists_in_tx(row.record).await? => {
                    Some(Fate::Rejected(Failure::new(Reason::RecordErased)))
                }
                Some(row) if row.content == item.content => Some(Fate::Repeated(row)),
                Some(_) => Some(Fate::Rejected(Failure::new(Reason::PublicationIdReused))),
            });
        }
        Ok(fates)
    }

    /// The acknowledgements, so that a repeat gets the first one.
    async fn remember(&self, tx: &mut Transaction<'_>, fates: &[Fate], place: Place) -> Result<(), Failure> {
        let mut rows = Vec::new();
        for (item, fate) in self.items.iter().zip(fates) {
            let Fate::Stored { record, revision, kind, place: item_place, findings: _ } = fate else { continue };
            let (item_index, item_path) = match item_place {
                Some(ItemPlace { index, path, blind: _ }) => (*index, path.clone()),
                None => (0, Vec::new()),
            };
            rows.push(PublicationRow {
                agency: self.caller.agency.to_string(),
                publication_id: item.publication_id.clone(),
                content: item.content,
                dataset: item.stored_name.clone(),
                record: *record,
                revision: *revision,
                kind: kind.number(),
                entry: item_place.as_ref().map(|_| (place.slot, place.index)),
                item_index,
                item_path,
                published_at: place.now.as_microsecond(),
            });
        }
        Ok(tx.publications_insert_in_tx(&rows).await?)
    }

    /// The entry of the batch; none when nothing was written.
    fn entry(&self, head: TreeHead) -> Option<Draft> {
        let first = self.items.first().filter(|_| head.size > 0)?;
        let one_dataset = self.items.iter().all(|item| item.dataset == first.dataset);
        let one_major = one_dataset && self.items.iter().all(|item| item.dataset_major == first.dataset_major);
        let public = PublicPart {
            kind: EntryKind::Publication.into(),
            outcome: Outcome::Accepted.into(),
            caller_agency: self.caller.agency.to_string(),
            caller_system: self.caller.system.clone(),
            provider: self.caller.agency.to_string(),
            dataset: if one_dataset { first.dataset.clone() } else { String::new() },
            dataset_major: if one_major { first.dataset_major } else { 0 },
            publication: Some(Publication {
                count: u32::try_from(head.size).unwrap_or(u32::MAX),
                root: head.root.into(),
            }),
            ..PublicPart::default()
        };
        Some(Draft::new(public, Uuid::now_v7()))
    }
}

impl Act for Batch {
    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn company(&self) -> Company {
        let identifiers: usize = self.items.iter().map(|item| item.pseudonyms.len()).sum();
        let is_short = identifiers <= self.hub.limits.publish_together_identifiers_max;
        if is_short { Company::Joins } else { Company::Closes }
    }

    fn pseudonyms(&self) -> Vec<[u8; 32]> {
        self.items.iter().flat_map(|item| item.pseudonyms.iter().chain(&item.traits).copied()).collect()
    }

    fn events(&mut self) -> Vec<NewEvent> {
        std::mem::take(&mut self.made.events)
    }

    fn appended(&mut self, events: Vec<EventRow>) {
        let Made { held, trace_keys, .. } = std::mem::take(&mut self.made);
        let newest = |(row, held): (EventRow, _)| {
            let trace_key = *trace_keys.get(&row.event.root)?;
            Some(Newest { row, held, trace_key })
        };
        self.events = events.into_iter().zip(held).filter_map(newest).collect();
    }

    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(self.write(tx, place))
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        let fates = std::mem::take(&mut self.fates);
        if outcome.is_ok() {
            let events = std::mem::take(&mut self.events);
            self.hub.metrics.deliveries.published(events.iter().map(|newest| newest.row.event.kind));
            self.hub.heads.published(events);
        }
        let answer = outcome.map(|placed| {
            let entry = placed.into_iter().next();
            fates.into_iter().map(|fate| (fate, entry.clone())).collect()
        });
        if let Some(sender) = self.answer.take() {
            let _gone = sender.send(answer);
        }
    }
}
