//! Traits by which homonyms are found.

use super::{Transaction, ask::Ask};
use crate::{
    RevisionRow, TraitsFirst, TraitsRow, TraitsStated,
    error::{Doing, Error},
};
use rusqlite::params;

impl Transaction<'_> {
    pub(crate) fn traits_first_list_in_tx(&mut self, traits: &[[u8; 32]]) -> Result<Vec<TraitsFirst>, Error> {
        let sql = "SELECT s.root FROM record_traits t CROSS JOIN record r ON r.id = t.record
             CROSS JOIN subject s ON s.id = r.subject WHERE t.traits = ? ORDER BY t.since, t.record LIMIT 1";
        let mut found = Vec::new();
        for traits in traits {
            let root = self.connection().row(sql, [traits], |row| row.get(0)).doing("find who has traits")?;
            found.extend(root.map(|root| TraitsFirst { traits: *traits, root }));
        }
        Ok(found)
    }

    pub(crate) fn traits_stated_list_in_tx(&mut self, records: &[[u8; 16]]) -> Result<Vec<TraitsStated>, Error> {
        let sql = "SELECT traits FROM record_traits WHERE record = ?";
        let mut found = Vec::new();
        for record in records {
            let traits = self.connection().row(sql, [record], |row| row.get(0)).doing("read the traits of a record")?;
            found.extend(traits.map(|traits| (*record, traits)));
        }
        Ok(found)
    }

    pub(crate) fn traits_insert_in_tx(&mut self, rows: &[TraitsRow]) -> Result<(), Error> {
        let sql = "INSERT INTO record_traits (record, traits, since) VALUES (?, ?, ?)
             ON CONFLICT (record) DO UPDATE SET traits = excluded.traits, since = excluded.since
             WHERE record_traits.traits <> excluded.traits";
        rows.iter().try_for_each(|TraitsRow { record, traits, since }| {
            self.connection().run(sql, params![record, traits, since]).doing("store traits").map(drop)
        })
    }

    /// Leaves with a record the traits of its newest revision, and those only.
    pub(super) fn traits_replace_in_tx(&mut self, row: &RevisionRow) -> Result<(), Error> {
        match row.traits {
            Some(traits) => {
                self.traits_insert_in_tx(&[TraitsRow { record: row.record, traits, since: row.held.learned_at }])
            }
            None if row.held.number == 1 => Ok(()),
            None => {
                let sql = "DELETE FROM record_traits WHERE record = ?";
                self.connection().run(sql, [row.record]).doing("forget traits").map(drop)
            }
        }
    }
}
