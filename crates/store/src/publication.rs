//! Publications, by the provider's own identifier.

use crate::{backend::at_once, error::Error, writer::Transaction};

/// One acknowledged publication, and what its repeat needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationRow {
    /// The provider.
    pub agency: String,
    /// What stands for the identifier that it chose, which may name a person.
    pub publication_id: String,
    /// A keyed digest of the item.
    pub content: [u8; 32],
    /// The dataset.
    pub dataset: String,
    /// The record.
    pub record: [u8; 16],
    /// Its revision.
    pub revision: u64,
    /// Which kind of acknowledgement it got.
    pub kind: u8,
    /// The shard and index of the entry; absent when nothing was written.
    pub entry: Option<(u32, u64)>,
    /// The position among the items of the batch.
    pub item_index: u32,
    /// The path from the item to the root in the entry.
    pub item_path: Vec<[u8; 32]>,
    /// When, in microseconds since 1970.
    pub published_at: i64,
}

impl Transaction<'_> {
    /// The publication of that identifier, if there was one.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn publication_fetch_in_tx(
        &mut self,
        agency: &str,
        publication_id: &str,
    ) -> Result<Option<PublicationRow>, Error> {
        at_once!(&mut self.0, it => it.publication_fetch_in_tx(agency, publication_id))
    }

    /// Adds a publication.
    ///
    /// # Errors
    /// The storage failed, or the identifier is taken.
    pub async fn publication_insert_in_tx(&mut self, row: &PublicationRow) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.publication_insert_in_tx(row))
    }
}
