//! What a batch adds to what is there, item by item.

use unefois_ledger::Hash;
use unefois_store::{HeldRevision, NewEvent, RevisionRow, TraitsRow, Transaction};

use super::{homonyms::Homonyms, newest::Newest};
use crate::failure::Failure;

/// What a batch adds, and what is there, as the items before left it.
pub(super) struct Growth {
    pub(super) newest: Newest,
    pub(super) homonyms: Homonyms,
    /// Records that stay as they are, and state traits that are not written yet.
    pub(super) restated: Vec<TraitsRow>,
    /// Those that are not written yet.
    pub(super) rows: Vec<RevisionRow>,
    /// The leaves of the root in the entry.
    pub(super) leaves: Vec<Hash>,
    /// One for each leaf.
    pub(super) events: Vec<NewEvent>,
    /// The revision of each of them.
    pub(super) held: Vec<HeldRevision>,
}

impl Growth {
    /// Nothing yet, after what is there.
    pub(super) fn from(newest: Newest, homonyms: Homonyms) -> Self {
        let (restated, rows, leaves) = (Vec::new(), Vec::new(), Vec::new());
        Self { newest, homonyms, restated, rows, leaves, events: Vec::new(), held: Vec::new() }
    }

    /// Writes what is not written yet.
    pub(super) async fn write(&mut self, tx: &mut Transaction<'_>) -> Result<(), Failure> {
        // First what was there: a revision that follows it in the batch says otherwise.
        tx.traits_insert_in_tx(&std::mem::take(&mut self.restated)).await?;
        Ok(tx.revisions_insert_in_tx(&std::mem::take(&mut self.rows)).await?)
    }

    /// Takes note of what a record of that subject states. A correction is written before the next item is looked at, when
    /// that one may state what was corrected.
    pub(super) async fn states(
        &mut self,
        tx: &mut Transaction<'_>,
        record: [u8; 16],
        root: [u8; 16],
        traits: Option<[u8; 32]>,
    ) -> Result<(), Failure> {
        if let Some(left) = self.homonyms.states(record, root, traits) {
            self.write(tx).await?;
            self.homonyms.look_again(tx, left).await?;
        }
        Ok(())
    }
}
