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
    /// The publications of an agency under these identifiers; one that there was not is absent.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn publications_list_in_tx(&mut self, agency: &str, ids: &[&str]) -> Result<Vec<PublicationRow>, Error> {
        at_once!(&mut self.0, it => it.publications_list_in_tx(agency, ids))
    }

    /// Adds publications.
    ///
    /// # Errors
    /// The storage failed, or an identifier is taken.
    pub async fn publications_insert_in_tx(&mut self, rows: &[PublicationRow]) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.publications_insert_in_tx(rows))
    }
}
