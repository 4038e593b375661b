//! Publications, by the provider's own identifier.

use sqlx::types::Uuid;

use super::{Transaction, byteas, instant::Instant, shard::slot_of};
use crate::{
    PublicationRow,
    error::{Doing, Error, fixed, signed, unsigned},
};

type Row = (Vec<u8>, String, Uuid, i64, i16, Option<i32>, Option<i64>, i32, Vec<Vec<u8>>, Instant);

impl Transaction<'_> {
    pub(crate) async fn publication_fetch_in_tx(
        &mut self,
        agency: &str,
        publication_id: &str,
    ) -> Result<Option<PublicationRow>, Error> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT content, dataset, record, revision, kind, slot, idx, item_index, item_path, published_at
             FROM publication WHERE agency = $1 AND publication_id = $2",
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
            record: record.into_bytes(),
            revision: unsigned(revision, "revision")?,
            kind: u8::try_from(kind).map_err(|_out| malformed())?,
            entry,
            item_index: u32::try_from(item_index).map_err(|_out| malformed())?,
            item_path: item_path.iter().map(|hash| fixed(hash, "path")).collect::<Result<_, _>>()?,
            published_at: published_at.0,
        }))
    }

    pub(crate) async fn publication_insert_in_tx(&mut self, row: &PublicationRow) -> Result<(), Error> {
        let malformed = |_out_of_range| Error::Malformed { what: "publication" };
        sqlx::query(
            "INSERT INTO publication
             (agency, publication_id, content, dataset, record, revision, kind, slot, idx, item_index, item_path,
              published_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(&row.agency)
        .bind(&row.publication_id)
        .bind(&row.content[..])
        .bind(&row.dataset)
        .bind(Uuid::from_bytes(row.record))
        .bind(signed(row.revision))
        .bind(i16::from(row.kind))
        .bind(row.entry.map(|(slot, _)| slot_of(slot)))
        .bind(row.entry.map(|(_, index)| signed(index)))
        .bind(i32::try_from(row.item_index).map_err(malformed)?)
        .bind(byteas(&row.item_path))
        .bind(Instant(row.published_at))
        .execute(self.connection())
        .await
        .doing("store a publication")?;
        Ok(())
    }
}
