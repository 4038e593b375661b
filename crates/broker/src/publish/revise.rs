//! The revisions of a batch: of every item that says something new, with its leaf in the entry and its event.

use std::borrow::Cow;

use jiff::Timestamp;
use prost::Message;
use unefois_catalog::{Dataset, Finding};
use unefois_core::{EventKind, Reason};
use unefois_ledger::{BatchTree, Hash, PublishedItem, commit, leaf_hash};
use unefois_store::{HeldRevision, NewEvent, RevisionRow, TraitsRow, Transaction};
use unefois_vault::RecordAad;
use uuid::Uuid;

use super::{
    AcknowledgementKind, Fate, ItemPlace, Prepared,
    batch::Batch,
    change::{changed, event_of},
    growth::Growth,
    homonyms::{Homonyms, Mark},
    newest::{Newest, Said},
};
use crate::{failure::Failure, hub::Hub};

/// What became of a batch.
pub(super) struct Revised {
    pub(super) fates: Vec<Fate>,
    /// The tree of the root in the entry.
    pub(super) tree: BatchTree,
    /// One for each leaf.
    pub(super) events: Vec<NewEvent>,
    /// The revision of each of them.
    pub(super) held: Vec<HeldRevision>,
}

/// What an item states.
struct Stated<'i> {
    /// The record, with the marks of the hub.
    canonical: Cow<'i, [u8]>,
    /// What is doubtful about it.
    findings: Vec<Finding>,
    mark: Mark,
    /// The traits by which it makes its subject known.
    traits: Option<[u8; 32]>,
}

impl Stated<'_> {
    /// What a record that stays as it is states now. Without a mark it was there first; with one it comes after whoever is
    /// known by these traits, also when that one came with this batch.
    fn traits_of(&self, held: &HeldRevision, now: Timestamp) -> Option<TraitsRow> {
        let since = if self.mark == Mark::None { held.learned_at } else { now.as_microsecond().saturating_add(1) };
        self.traits.map(|traits| TraitsRow { record: held.record, traits, since })
    }
}

/// A revision as a leaf of the root in the entry of its batch.
fn leaf_of(row: &RevisionRow, commitment: &[u8]) -> Hash {
    let item =
        PublishedItem { record_id: row.record.to_vec(), revision: row.held.number, commitment: commitment.to_vec() };
    leaf_hash(&item.encode_to_vec())
}

impl Batch {
    /// What the item states, marked when another subject is known by the traits of this one.
    fn stated<'i>(
        &self,
        (item, root): (&'i Prepared, [u8; 16]),
        homonyms: &Homonyms,
        held: Option<([u8; 16], &[u8])>,
    ) -> Result<Stated<'i>, Failure> {
        let dataset = catalogued(&self.hub, item)?;
        let mark = homonyms.mark((item, root), dataset, held)?;
        if mark == Mark::None {
            let (canonical, findings) = (Cow::Borrowed(item.canonical.as_slice()), item.findings.clone());
            return Ok(Stated { canonical, findings, mark, traits: item.traits });
        }
        let marked = dataset.marked_as_homonym(&item.canonical).map_err(Failure::internal)?;
        let findings = dataset.findings(&marked).map_err(Failure::internal)?;
        // A mark that is kept stays until the one who was there first is known again, and so this one is not the first.
        let traits = item.traits.filter(|_| mark == Mark::Homonym);
        Ok(Stated { canonical: Cow::Owned(marked), findings, mark, traits })
    }

    /// Makes a revision of every item that has no fate yet and differs from what was said last.
    pub(super) async fn revise(
        &self,
        tx: &mut Transaction<'_>,
        fates: Vec<Option<Fate>>,
        roots: &[Option<[u8; 16]>],
        now: Timestamp,
    ) -> Result<Revised, Failure> {
        let of_items = self.items.iter().zip(roots).filter_map(|(item, root)| Some((item, (*root)?)));
        let of_items: Vec<_> = of_items.collect();
        let newest = Newest::read(tx, &self.hub, self.caller.agency.as_str(), &of_items).await?;
        let homonyms = Homonyms::read(tx, &self.items, &newest).await?;
        let mut growth = Growth::from(newest, homonyms);
        let mut done = Vec::with_capacity(fates.len());
        for ((item, fate), root) in self.items.iter().zip(fates).zip(roots) {
            done.push(match (fate, root) {
                (None, Some(root)) => self.revise_one(tx, &mut growth, (item, *root), now).await?,
                (fate, _) => fate.ok_or_else(|| Failure::new(Reason::Internal))?,
            });
        }
        growth.write(tx).await?;
        let Growth { leaves, events, held, .. } = growth;
        let tree = BatchTree::of(&leaves);
        for fate in &mut done {
            if let Fate::Stored { place: Some(ItemPlace { index, path, .. }), .. } = fate {
                let found = tree.path(u64::from(*index)).ok_or_else(|| Failure::new(Reason::Internal))?;
                *path = found.into_iter().map(|hash| hash.0).collect();
            }
        }
        Ok(Revised { fates: done, tree, events, held })
    }

    /// Makes a revision of an item, unless it is what was said last.
    async fn revise_one(
        &self,
        tx: &mut Transaction<'_>,
        growth: &mut Growth,
        (item, root): (&Prepared, [u8; 16]),
        now: Timestamp,
    ) -> Result<Fate, Failure> {
        let said = growth.newest.said(root, item);
        let change = match item.change.kind(said) {
            Ok(change) => change,
            Err(nothing_said) => return Ok(Fate::Rejected(nothing_said)),
        };
        let held = match said.in_major(item.dataset_major) {
            Some(held) => Some((held.record, self.hub.open_revision(&item.stored_name, held).await?.canonical)),
            None => None,
        };
        let held = held.as_ref().map(|(record, canonical)| (*record, canonical.as_slice()));
        let stated = self.stated((item, root), &growth.homonyms, held)?;
        if let Some(last) = said.last_in(item.dataset_major)
            && held.is_some_and(|(_, canonical)| canonical == &*stated.canonical)
            && item.change.repeats(last)
        {
            let (record, revision, kind) = (last.record, last.number, AcknowledgementKind::Unchanged);
            let restated = stated.traits_of(last, now);
            growth.restated.extend(restated.filter(|row| growth.homonyms.is_news(record, row.traits)));
            growth.states(tx, record, root, stated.traits).await?;
            return Ok(Fate::Stored { record, revision, kind, place: None, findings: stated.findings });
        }
        let is_first = said.in_major(item.dataset_major).is_none();
        let kind = if is_first { AcknowledgementKind::Created } else { AcknowledgementKind::Revised };
        let (row, blind) = self.seal((item, &stated, change), root, said, now).await?;
        let before = held.map_or(&[][..], |(_, canonical)| canonical);
        let last = said.last_in(item.dataset_major);
        let changed = changed(catalogued(&self.hub, item)?, last, [before, &stated.canonical])?;
        growth.events.push(event_of(&row, item.about, change, changed, self.traceparent.as_deref()));
        let (record, revision) = (row.record, row.held.number);
        let index = u32::try_from(growth.leaves.len()).map_err(Failure::internal)?;
        growth.leaves.push(leaf_of(&row, &commit(&blind, &stated.canonical)));
        // The next item under the same key revises this one.
        said.add(item.dataset_major, row.held.clone());
        growth.held.push(row.held.clone());
        growth.rows.push(row);
        growth.states(tx, record, root, stated.traits).await?;
        let place = Some(ItemPlace { index, path: Vec::new(), blind });
        Ok(Fate::Stored { record, revision, kind, place, findings: stated.findings })
    }

    async fn seal(
        &self,
        (item, stated, change): (&Prepared, &Stated<'_>, EventKind),
        root: [u8; 16],
        said: &Said,
        now: Timestamp,
    ) -> Result<(RevisionRow, [u8; 32]), Failure> {
        let key = self.hub.payload_key(root, now).await?;
        let (record, number) = match said.in_major(item.dataset_major) {
            Some(newest) => (newest.record, newest.number + 1),
            None => (*Uuid::now_v7().as_bytes(), 1),
        };
        let blind = unefois_vault::fill::<32>();
        let aad = RecordAad { dataset: &item.stored_name, record, revision: number };
        let sealed = key.seal(&aad.encode(), &[&blind[..], &stated.canonical].concat());
        let held = HeldRevision {
            record,
            discriminator: item.discriminator,
            number,
            provider_recorded_at: item.recorded_at.as_microsecond(),
            learned_at: said.learned_next(now),
            change: Some(change),
            payload_key: key.id().0,
            sealed,
        };
        let row = RevisionRow {
            record,
            subject: root,
            dataset: item.stored_name.clone(),
            provider: self.caller.agency.to_string(),
            selector: item.selector,
            traits: stated.traits,
            held,
        };
        Ok((row, blind))
    }
}

/// The dataset of an item.
fn catalogued<'h>(hub: &'h Hub, item: &Prepared) -> Result<&'h Dataset, Failure> {
    hub.catalog.version(&item.dataset, item.dataset_major).ok_or_else(|| Failure::new(Reason::Internal))
}
