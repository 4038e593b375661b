//! Publications, by the provider's own identifier.

use sqlx::types::Uuid;

use super::{Transaction, instant::Instant, shard::slot_of};
use crate::{
    PublicationRow,
    error::{Doing, Error, fixed, signed, unsigned},
};

type Row = (String, Vec<u8>, String, Uuid, i64, i16, Option<i32>, Option<i64>, i32, Vec<Vec<u8>>, Instant);

fn publication_of(agency: &str, row: Row) -> Result<PublicationRow, Error> {
    let (publication_id, content, dataset, record, revision, kind, slot, idx, item_index, item_path, published_at) =
        row;
    let malformed = || Error::Malformed { what: "publication" };
    let entry = match (slot, idx) {
        (Some(slot), Some(idx)) => {
            Some((u32::try_from(slot).map_err(|_out| malformed())?, unsigned(idx, "entry index")?))
        }
        _ => None,
    };
    Ok(PublicationRow {
        agency: agency.to_owned(),
        publication_id,
        content: fixed(&content, "publication digest")?,
        dataset,
        record: record.into_bytes(),
        revision: unsigned(revision, "revision")?,
        kind: u8::try_from(kind).map_err(|_out| malformed())?,
        entry,
        item_index: u32::try_from(item_index).map_err(|_out| malformed())?,
        item_path: item_path.iter().map(|hash| fixed(hash, "path")).collect::<Result<_, _>>()?,
        published_at: published_at.0,
    })
}

impl Transaction<'_> {
    pub(crate) async fn publications_list_in_tx(
        &mut self,
        agency: &str,
        ids: &[&str],
    ) -> Result<Vec<PublicationRow>, Error> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT publication_id, content, dataset, record, revision, kind, slot, idx, item_index, item_path,
             published_at FROM publication WHERE agency = $1 AND publication_id = ANY($2)",
        )
        .bind(agency)
        .bind(ids)
        .fetch_all(self.connection())
        .await
        .doing("read publications")?;
        rows.into_iter().map(|row| publication_of(agency, row)).collect()
    }

    pub(crate) async fn publications_insert_in_tx(&mut self, rows: &[PublicationRow]) -> Result<(), Error> {
        let malformed = |_out_of_range| Error::Malformed { what: "publication" };
        let item_indexes: Result<Vec<i32>, Error> =
            rows.iter().map(|row| i32::try_from(row.item_index).map_err(malformed)).collect();
        // A path comes as one piece and is cut there: arrays of arrays have no rows of different lengths.
        sqlx::query(
            "INSERT INTO publication
             (agency, publication_id, content, dataset, record, revision, kind, slot, idx, item_index, item_path,
              published_at)
             SELECT agency, publication_id, content, dataset, record, revision, kind, slot, idx, item_index,
                 ARRAY(SELECT substr(path, n, 32) FROM generate_series(1, length(path), 32) AS n ORDER BY n), published_at
             FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::uuid[], $6::bigint[], $7::smallint[],
                 $8::int[], $9::bigint[], $10::int[], $11::bytea[], $12::timestamptz[]) AS new (agency, publication_id,
                 content, dataset, record, revision, kind, slot, idx, item_index, path, published_at)",
        )
        .bind(rows.iter().map(|row| row.agency.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.publication_id.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| &row.content[..]).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.dataset.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| Uuid::from_bytes(row.record)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| signed(row.revision)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| i16::from(row.kind)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.entry.map(|(slot, _)| slot_of(slot))).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.entry.map(|(_, index)| signed(index))).collect::<Vec<_>>())
        .bind(item_indexes?)
        .bind(rows.iter().map(|row| row.item_path.concat()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| Instant(row.published_at)).collect::<Vec<_>>())
        .execute(self.connection())
        .await
        .doing("store publications")?;
        Ok(())
    }
}
