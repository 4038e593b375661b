//! Publications, by the provider's own identifier.

use super::Transaction;
use crate::{
    PublicationRow,
    error::{Doing, Error, fixed, signed, unsigned},
};

type Row = (Vec<u8>, String, Vec<u8>, i64, i64, Option<i64>, Option<i64>, i64, Vec<u8>, i64);

impl Transaction<'_> {
    pub(crate) async fn publication_fetch_in_tx(
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

    pub(crate) async fn publication_insert_in_tx(&mut self, row: &PublicationRow) -> Result<(), Error> {
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
