//! Publications, by the provider's own identifier.

use crate::{
    error::{Doing, Error, fixed, signed, unsigned},
    writer::Transaction,
};

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

type Row = (Vec<u8>, String, Vec<u8>, i64, i64, Option<i64>, Option<i64>, i64, Vec<u8>, i64);

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
        let row: Option<Row> = sqlx::query_as(
            "SELECT content, dataset, record, revision, kind, slot, idx, item_index, item_path, published_at
             FROM publication WHERE agency = ? AND publication_id = ?",
        )
        .bind(agency)
        .bind(publication_id)
        .fetch_optional(self.connection())
        .await
        .doing("read a publication")?;
        let Some((content, dataset, record, revision, kind, slot, idx, item_index, item_path, published_at)) = row
        else {
            return Ok(None);
        };
        let malformed = || Error::Malformed { what: "publication" };
        let entry = match (slot, idx) {
            (Some(slot), Some(idx)) => {
                Some((u32::try_from(slot).map_err(|_out| malformed())?, unsigned(idx, "entry index")?))
            }
            _ => None,
        };
        Ok(Some(PublicationRow {
            agency: agency.to_owned(),
            publication_id: publication_id.to_owned(),
            content: fixed(&content, "publication digest")?,
            dataset,
            record: fixed(&record, "record id")?,
            revision: unsigned(revision, "revision")?,
            kind: u8::try_from(kind).map_err(|_out| malformed())?,
            entry,
            item_index: u32::try_from(item_index).map_err(|_out| malformed())?,
            item_path: item_path.chunks(32).map(|hash| fixed(hash, "path")).collect::<Result<_, _>>()?,
            published_at,
        }))
    }

    /// Adds a publication.
    ///
    /// # Errors
    /// The storage failed, or the identifier is taken.
    pub async fn publication_insert_in_tx(&mut self, row: &PublicationRow) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO publication
             (agency, publication_id, content, dataset, record, revision, kind, slot, idx, item_index, item_path,
              published_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&row.agency)
        .bind(&row.publication_id)
        .bind(&row.content[..])
        .bind(&row.dataset)
        .bind(&row.record[..])
        .bind(signed(row.revision))
        .bind(i64::from(row.kind))
        .bind(row.entry.map(|(slot, _)| i64::from(slot)))
        .bind(row.entry.map(|(_, index)| signed(index)))
        .bind(i64::from(row.item_index))
        .bind(row.item_path.concat())
        .bind(row.published_at)
        .execute(self.connection())
        .await
        .doing("store a publication")?;
        Ok(())
    }
}
