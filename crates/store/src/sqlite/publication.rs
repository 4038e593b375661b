//! Publications, by the provider's own identifier.

use super::{Transaction, ask::Ask};
use crate::{
    PublicationRow,
    error::{Doing, Error, fixed, signed},
};
use rusqlite::params;

impl Transaction<'_> {
    pub(crate) fn publications_list_in_tx(&mut self, agency: &str, ids: &[&str]) -> Result<Vec<PublicationRow>, Error> {
        ids.iter().filter_map(|id| self.publication_fetch_in_tx(agency, id).transpose()).collect()
    }

    fn publication_fetch_in_tx(&mut self, agency: &str, publication_id: &str) -> Result<Option<PublicationRow>, Error> {
        let sql = "SELECT content, dataset, record, revision, kind, slot, idx, item_index, published_at, item_path
             FROM publication WHERE agency = ? AND publication_id = ?";
        let found = self.connection().row(sql, [agency, publication_id], |row| {
            let entry: (Option<u32>, Option<i64>) = (row.get(5)?, row.get(6)?);
            let found = PublicationRow {
                agency: agency.to_owned(),
                publication_id: publication_id.to_owned(),
                content: row.get(0)?,
                dataset: row.get(1)?,
                record: row.get(2)?,
                revision: row.get::<_, i64>(3)?.cast_unsigned(),
                kind: row.get(4)?,
                entry: entry.0.zip(entry.1.map(i64::cast_unsigned)),
                item_index: row.get(7)?,
                published_at: row.get(8)?,
                item_path: Vec::new(),
            };
            Ok((found, row.get::<_, Vec<u8>>(9)?))
        });
        let Some((found, path)) = found.doing("read a publication")? else { return Ok(None) };
        let item_path = path.chunks(32).map(|hash| fixed(hash, "path")).collect::<Result<_, _>>()?;
        Ok(Some(PublicationRow { item_path, ..found }))
    }

    pub(crate) fn publications_insert_in_tx(&mut self, rows: &[PublicationRow]) -> Result<(), Error> {
        rows.iter().try_for_each(|row| self.publication_insert_in_tx(row))
    }

    fn publication_insert_in_tx(&mut self, row: &PublicationRow) -> Result<(), Error> {
        let sql = "INSERT INTO publication
             (agency, publication_id, content, dataset, record, revision, kind, slot, idx, item_index, item_path,
              published_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let values = params![
            row.agency,
            row.publication_id,
            row.content,
            row.dataset,
            row.record,
            signed(row.revision),
            row.kind,
            row.entry.map(|(slot, _)| slot),
            row.entry.map(|(_, index)| signed(index)),
            row.item_index,
            row.item_path.concat(),
            row.published_at,
        ];
        self.connection().run(sql, values).doing("store a publication").map(drop)
    }
}
