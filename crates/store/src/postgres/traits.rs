//! Traits by which homonyms are found.

use std::collections::BTreeMap;

use sqlx::types::Uuid;

use super::{Transaction, byteas, instant::Instant};
use crate::{
    RevisionRow, TraitsFirst, TraitsRow, TraitsStated,
    error::{Doing, Error, fixed},
};

impl Transaction<'_> {
    pub(crate) async fn traits_first_list_in_tx(&mut self, traits: &[[u8; 32]]) -> Result<Vec<TraitsFirst>, Error> {
        if traits.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<(Vec<u8>, Uuid)> = sqlx::query_as(
            "SELECT a.traits, f.root FROM unnest($1::bytea[]) AS a (traits)
             CROSS JOIN LATERAL (
                 SELECT s.root FROM record_traits t JOIN record r ON r.id = t.record JOIN subject s ON s.id = r.subject
                 WHERE t.traits = a.traits ORDER BY t.since, t.record LIMIT 1
             ) f",
        )
        .bind(byteas(traits))
        .fetch_all(self.connection())
        .await
        .doing("find who has traits")?;
        let first = |(traits, root): (Vec<u8>, Uuid)| {
            Ok(TraitsFirst { traits: fixed(&traits, "pseudonym")?, root: root.into_bytes() })
        };
        rows.into_iter().map(first).collect()
    }

    pub(crate) async fn traits_stated_list_in_tx(&mut self, records: &[[u8; 16]]) -> Result<Vec<TraitsStated>, Error> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let sql = "SELECT record, traits FROM record_traits WHERE record = ANY($1)";
        let records: Vec<Uuid> = records.iter().copied().map(Uuid::from_bytes).collect();
        let rows: Vec<(Uuid, Vec<u8>)> =
            sqlx::query_as(sql).bind(records).fetch_all(self.connection()).await.doing("read the traits of records")?;
        rows.into_iter().map(|(record, traits)| Ok((record.into_bytes(), fixed(&traits, "pseudonym")?))).collect()
    }

    pub(crate) async fn traits_insert_in_tx(&mut self, rows: &[TraitsRow]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO record_traits (record, traits, since)
             SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::timestamptz[])
             ON CONFLICT (record) DO UPDATE SET traits = excluded.traits, since = excluded.since
             WHERE record_traits.traits <> excluded.traits",
        )
        .bind(rows.iter().map(|row| Uuid::from_bytes(row.record)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| &row.traits[..]).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| Instant(row.since)).collect::<Vec<_>>())
        .execute(self.connection())
        .await
        .doing("store traits")?;
        Ok(())
    }

    /// Leaves with each record the traits of its newest revision, and those only.
    pub(super) async fn traits_replace_in_tx(&mut self, rows: &[RevisionRow]) -> Result<(), Error> {
        // Of several revisions of one record the last is its newest.
        let newest: BTreeMap<[u8; 16], &RevisionRow> = rows.iter().map(|row| (row.record, row)).collect();
        let (mut stated, mut without) = (Vec::new(), Vec::new());
        for (record, row) in newest {
            match row.traits {
                Some(traits) => stated.push(TraitsRow { record, traits, since: row.held.learned_at }),
                None if row.held.number == 1 => {}
                None => without.push(Uuid::from_bytes(record)),
            }
        }
        if !without.is_empty() {
            let forget = sqlx::query("DELETE FROM record_traits WHERE record = ANY($1)").bind(without);
            forget.execute(self.connection()).await.doing("forget traits")?;
        }
        self.traits_insert_in_tx(&stated).await
    }
}
