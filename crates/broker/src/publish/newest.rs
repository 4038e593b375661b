//! What a provider said last of the records that a batch is about, in whichever major version it said it.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use unefois_store::{HeldRevision, RecordAsked, Transaction};

use super::Prepared;
use crate::{failure::Failure, hub::Hub};

/// What is one record for this provider, whichever major version it is published in.
#[derive(PartialEq, Eq, Hash)]
struct RecordKey {
    root: [u8; 16],
    dataset: String,
    selector: [u8; 32],
    discriminator: [u8; 32],
}

impl RecordKey {
    fn of(root: [u8; 16], item: &Prepared) -> Self {
        let Prepared { dataset, selector, discriminator, .. } = item;
        Self { root, dataset: dataset.clone(), selector: *selector, discriminator: *discriminator }
    }
}

/// The newest revision of every record, as the items before left it.
pub(super) struct Newest(HashMap<RecordKey, Said>);

/// The newest revisions of one record, by major version.
#[derive(Default)]
pub(super) struct Said(BTreeMap<u32, HeldRevision>);

impl Newest {
    /// Reads what was said of every record that the items are about, each of that subject, in all major versions, in one trip.
    pub(super) async fn read(
        tx: &mut Transaction<'_>,
        hub: &Hub,
        provider: &str,
        items: &[(&Prepared, [u8; 16])],
    ) -> Result<Self, Failure> {
        let (mut asked, mut of) = (Vec::new(), Vec::new());
        for (item, root) in items {
            for version in hub.catalog.majors(&item.dataset) {
                let (provider, dataset) = (provider.to_owned(), version.stored_name());
                asked.push(RecordAsked { root: *root, dataset, provider, selector: item.selector });
                of.push((*item, *root, version.major()));
            }
        }
        let found = tx.records_fetch_in_tx(&asked).await?;
        let mut newest: HashMap<RecordKey, Said> = HashMap::new();
        for ((item, root, major), found) in of.into_iter().zip(found) {
            let same = found.into_iter().filter(|held| held.discriminator == item.discriminator);
            // Of several, a merged subject's.
            if let Some(held) = same.max_by_key(|held| (held.learned_at, held.number)) {
                newest.entry(RecordKey::of(root, item)).or_default().0.insert(major, held);
            }
        }
        Ok(Self(newest))
    }

    /// The records of which something was said before.
    pub(super) fn records(&self) -> impl Iterator<Item = [u8; 16]> {
        self.0.values().flat_map(|said| said.0.values()).map(|held| held.record)
    }

    /// What was said of the record of an item.
    pub(super) fn said(&mut self, root: [u8; 16], item: &Prepared) -> &mut Said {
        self.0.entry(RecordKey::of(root, item)).or_default()
    }
}

impl Said {
    /// Whether nothing was said, in whichever major version.
    pub(super) fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// The newest revision in one major version: the next one there follows it.
    pub(super) fn in_major(&self, major: u32) -> Option<&HeldRevision> {
        self.0.get(&major)
    }

    /// The newest revision of all, when it was said in that major version. Otherwise to say again what was said there is
    /// no repetition: something else was said since.
    pub(super) fn last_in(&self, major: u32) -> Option<&HeldRevision> {
        let last = self.0.iter().max_by_key(|(major, held)| (held.learned_at, **major));
        last.filter(|(of, _)| **of == major).map(|(_, held)| held)
    }

    /// When the hub learns the next revision: later than every one before, whatever the clocks of the nodes say. Revisions
    /// in two major versions have no other order, and one batch may hold both.
    pub(super) fn learned_next(&self, now: Timestamp) -> i64 {
        let before = self.0.values().map(|held| held.learned_at).max();
        before.map_or(now.as_microsecond(), |before| now.as_microsecond().max(before.saturating_add(1)))
    }

    /// Takes note of a revision that was added.
    pub(super) fn add(&mut self, major: u32, held: HeldRevision) {
        self.0.insert(major, held);
    }
}
