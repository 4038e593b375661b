//! One batch of publications in the recorder's transaction: records, acknowledgements and their entry together.

use futures::future::BoxFuture;
use jiff::Timestamp;
use prost::Message;
use tokio::sync::oneshot;
use unefois_core::{Caller, Reason};
use unefois_ledger::{
    EntryKind, Hash, Outcome, PublicPart, Publication, PublishedItem, batch_path, commit, leaf_hash, root_of,
};
use unefois_store::{HeldRevision, PublicationRow, RecordAsked, RevisionRow, SubjectWithIdentifiers, Transaction};
use unefois_vault::{KeyUse, RecordAad};
use uuid::Uuid;

use super::{AcknowledgementKind, Fate, Fates, ItemPlace, Newcomers, Prepared};
use crate::{
    entry::{Draft, Placed},
    failure::Failure,
    hub::Hub,
    keys::Owner,
    recorder::{Act, Effect, Performed, Place},
    subject::one_subject,
};

/// One batch in the recorder.
pub(super) struct Batch {
    hub: Hub,
    caller: Caller,
    items: Vec<Prepared>,
    newcomers: Newcomers,
    fates: Vec<Fate>,
    answer: Option<oneshot::Sender<Result<Fates, Failure>>>,
}

/// What the batch has written so far, as leaves of the root in its entry.
type Written = Vec<PublishedItem>;

impl Batch {
    pub(super) fn new(
        hub: &Hub,
        caller: &Caller,
        items: Vec<Prepared>,
        newcomers: Newcomers,
        answer: oneshot::Sender<Result<Fates, Failure>>,
    ) -> Self {
        let fates = Vec::with_capacity(items.len());
        Self { hub: hub.clone(), caller: caller.clone(), items, newcomers, fates, answer: Some(answer) }
    }

    async fn write(&mut self, tx: &mut Transaction<'_>, place: Place) -> Result<Performed, Failure> {
        let known: Vec<[u8; 32]> = self.items.iter().flat_map(|item| item.pseudonyms.iter().copied()).collect();
        tx.pseudonyms_lock_in_tx(&known).await?;
        let mut written = Written::new();
        let mut fates = Vec::with_capacity(self.items.len());
        for item in &self.items {
            fates.push(self.write_item(tx, item, place.now, &mut written).await?);
        }
        let leaves: Vec<Hash> = written.iter().map(|item| leaf_hash(&item.encode_to_vec())).collect();
        for fate in &mut fates {
            if let Fate::Stored { place: Some(ItemPlace { index, path, .. }), .. } = fate {
                let found = batch_path(&leaves, u64::from(*index)).ok_or_else(|| Failure::new(Reason::Internal))?;
                *path = found.into_iter().map(|hash| hash.0).collect();
            }
        }
        self.remember(tx, &fates, place).await?;
        self.fates = fates;
        Ok(Performed { entries: self.entry(&leaves).into_iter().collect(), effect: Effect::Keeps })
    }

    async fn write_item(
        &self,
        tx: &mut Transaction<'_>,
        item: &Prepared,
        now: Timestamp,
        written: &mut Written,
    ) -> Result<Fate, Failure> {
        if let Some(row) = tx.publication_fetch_in_tx(self.caller.agency.as_str(), &item.publication_id).await? {
            if !tx.record_exists_in_tx(row.record).await? {
                return Ok(Fate::Rejected(Failure::new(Reason::RecordErased)));
            }
            let same = row.content == item.content;
            let reused = || Fate::Rejected(Failure::new(Reason::PublicationIdReused));
            return Ok(if same { Fate::Repeated(row) } else { reused() });
        }
        let root = match self.subject(tx, item, now).await {
            Ok(root) => root,
            Err(conflict) if conflict.reason == Reason::IdentityConflict => return Ok(Fate::Rejected(conflict)),
            Err(failure) => return Err(failure),
        };
        let newest = self.newest(tx, item, root).await?;
        if let Some(newest) = &newest
            && self.hub.open_revision(&item.dataset, newest).await?.canonical == item.canonical
        {
            let (record, revision) = (newest.record, newest.number);
            return Ok(Fate::Stored { record, revision, kind: AcknowledgementKind::Unchanged, place: None });
        }
        let (row, blind) = self.seal(item, root, newest.as_ref(), now).await?;
        tx.revision_insert_in_tx(&row).await?;
        let index = u32::try_from(written.len()).map_err(Failure::internal)?;
        written.push(PublishedItem {
            record_id: row.record.to_vec(),
            revision: row.held.number,
            commitment: commit(&blind, &item.canonical).to_vec(),
        });
        let kind = if newest.is_some() { AcknowledgementKind::Revised } else { AcknowledgementKind::Created };
        let place = Some(ItemPlace { index, path: Vec::new(), blind });
        Ok(Fate::Stored { record: row.record, revision: row.held.number, kind, place })
    }

    /// The subject of the item, after merging: the one that its identifiers are known by, or a new one. Identifiers
    /// that come with a known one join its subject.
    async fn subject(&self, tx: &mut Transaction<'_>, item: &Prepared, now: Timestamp) -> Result<[u8; 16], Failure> {
        let found = tx.subjects_list_in_tx(&item.pseudonyms).await?;
        let Some(subject) = one_subject(found.iter().map(|(_, subject)| *subject))? else {
            let newcomer = item.pseudonyms.iter().find_map(|pseudonym| self.newcomers.get(pseudonym).copied());
            let id = newcomer.unwrap_or_else(|| *Uuid::new_v4().as_bytes());
            let trace = self.hub.keys.ensure(&[Owner::Subject(id)], KeyUse::Trace, now).await?;
            let trace_key = trace.first().map(|key| key.id().0).ok_or_else(|| Failure::new(Reason::Internal))?;
            let added = SubjectWithIdentifiers { id, trace_key, pseudonyms: item.pseudonyms.clone() };
            tx.subject_insert_in_tx(&added, now.as_microsecond()).await?;
            return Ok(id);
        };
        for pseudonym in item.pseudonyms.iter().filter(|pseudonym| !found.iter().any(|(known, _)| known == *pseudonym))
        {
            tx.identifier_insert_in_tx(*pseudonym, subject.root).await?;
        }
        Ok(subject.root)
    }

    async fn newest(
        &self,
        tx: &mut Transaction<'_>,
        item: &Prepared,
        root: [u8; 16],
    ) -> Result<Option<HeldRevision>, Failure> {
        let asked = RecordAsked {
            root,
            dataset: item.dataset.clone(),
            provider: self.caller.agency.to_string(),
            selector: item.selector,
        };
        let found = tx.records_fetch_in_tx(&[asked]).await?.pop().unwrap_or_default();
        let same = found.into_iter().filter(|held| held.discriminator == item.discriminator);
        Ok(same.max_by_key(|held| (held.learned_at, held.number)))
    }

    async fn seal(
        &self,
        item: &Prepared,
        root: [u8; 16],
        newest: Option<&HeldRevision>,
        now: Timestamp,
    ) -> Result<(RevisionRow, [u8; 32]), Failure> {
        let key = self.hub.payload_key(root, now).await?;
        let (record, number) = match newest {
            Some(newest) => (newest.record, newest.number + 1),
            None => (*Uuid::now_v7().as_bytes(), 1),
        };
        let blind = unefois_vault::fill::<32>();
        let aad = RecordAad { dataset: &item.dataset, record, revision: number };
        let sealed = key.seal(&aad.encode(), &[&blind[..], &item.canonical[..]].concat());
        let held = HeldRevision {
            record,
            discriminator: item.discriminator,
            number,
            provider_recorded_at: item.recorded_at.as_microsecond(),
            learned_at: now.as_microsecond(),
            payload_key: key.id().0,
            sealed,
        };
        let row = RevisionRow {
            record,
            subject: root,
            dataset: item.dataset.clone(),
            provider: self.caller.agency.to_string(),
            selector: item.selector,
            held,
        };
        Ok((row, blind))
    }

    /// The acknowledgements, so that a repeat gets the first one.
    async fn remember(&self, tx: &mut Transaction<'_>, fates: &[Fate], place: Place) -> Result<(), Failure> {
        for (item, fate) in self.items.iter().zip(fates) {
            let Fate::Stored { record, revision, kind, place: item_place } = fate else { continue };
            let (item_index, item_path) = match item_place {
                Some(ItemPlace { index, path, blind: _ }) => (*index, path.clone()),
                None => (0, Vec::new()),
            };
            let row = PublicationRow {
                agency: self.caller.agency.to_string(),
                publication_id: item.publication_id.clone(),
                content: item.content,
                dataset: item.dataset.clone(),
                record: *record,
                revision: *revision,
                kind: kind.number(),
                entry: item_place.as_ref().map(|_| (place.slot, place.index)),
                item_index,
                item_path,
                published_at: place.now.as_microsecond(),
            };
            tx.publication_insert_in_tx(&row).await?;
        }
        Ok(())
    }

    /// The entry of the batch; none when nothing was written.
    fn entry(&self, leaves: &[Hash]) -> Option<Draft> {
        let first = self.items.first().filter(|_| !leaves.is_empty())?;
        let one_dataset = self.items.iter().all(|item| item.dataset == first.dataset);
        let public = PublicPart {
            kind: EntryKind::Publication.into(),
            outcome: Outcome::Accepted.into(),
            caller_agency: self.caller.agency.to_string(),
            caller_system: self.caller.system.clone(),
            provider: self.caller.agency.to_string(),
            dataset: if one_dataset { first.dataset.clone() } else { String::new() },
            publication: Some(Publication {
                count: u32::try_from(leaves.len()).unwrap_or(u32::MAX),
                root: root_of(leaves).0.to_vec(),
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

    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(self.write(tx, place))
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        let fates = std::mem::take(&mut self.fates);
        let answer = outcome.map(|placed| {
            let entry = placed.into_iter().next();
            fates.into_iter().map(|fate| (fate, entry.clone())).collect()
        });
        if let Some(sender) = self.answer.take() {
            let _gone = sender.send(answer);
        }
    }
}
