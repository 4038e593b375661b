//! Dossiers: about whom an agency says that it has a file open.

use rusqlite::{Connection, Row, params};

use super::{Readers, Transaction, ask::Ask};
use crate::{
    DossierAsked, DossierFound, DossierRow,
    error::{Doing, Error},
};

/// What is found, and whom it concerns, beginning with the table that is named first: a cross join is not turned round.
macro_rules! found {
    ($whom:literal, $from:literal) => {
        concat!("SELECT d.agency, d.subject, d.reason, d.opened_at, d.until, d.closed_at, ", $whom, " FROM ", $from)
    };
}

fn read(row: &Row<'_>) -> rusqlite::Result<DossierFound> {
    let (agency, subject, reason) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (opened_at, until, closed_at) = (row.get(3)?, row.get(4)?, row.get(5)?);
    let found = DossierRow { agency, subject, reason, opened_at, until, closed_at };
    Ok(DossierFound { row: found, root: row.get(6)? })
}

impl Readers {
    pub(crate) async fn dossiers_list(
        &self,
        agency: &str,
        open_at: Option<i64>,
        after: Option<[u8; 16]>,
        count_max: u32,
    ) -> Result<Vec<DossierFound>, Error> {
        let agency = agency.to_owned();
        self.ask(move |connection| {
            let sql = found!(
                "s.root",
                "dossier d CROSS JOIN subject s ON s.id = d.subject
                 WHERE d.agency = ?1 AND d.subject > ?2 AND (?3 IS NULL OR d.closed_at IS NULL AND d.until > ?3)
                 ORDER BY d.subject LIMIT ?4"
            );
            let after = after.as_ref().map_or(&[][..], |subject| &subject[..]);
            connection.rows(sql, params![agency, after, open_at, count_max], read).doing("list dossiers")
        })
        .await
    }

    pub(crate) async fn dossiers_of_subjects_list(
        &self,
        agency: &str,
        subjects: &[[u8; 16]],
    ) -> Result<Vec<DossierFound>, Error> {
        let (agency, subjects) = (agency.to_owned(), subjects.to_vec());
        self.ask(move |connection| of_subjects(connection, &agency, &subjects)).await
    }
}

impl Transaction<'_> {
    pub(crate) fn dossiers_open_in_tx(&mut self, asked: &[DossierAsked<'_>], now: i64) -> Result<Vec<bool>, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM subject m CROSS JOIN subject s ON s.root = m.root
             CROSS JOIN dossier d ON d.subject = s.id
             WHERE m.id = ? AND d.agency = ? AND d.closed_at IS NULL AND d.until > ?)";
        let connection = self.connection();
        let is_open = |asked: &DossierAsked<'_>| {
            let found = connection.row(sql, params![asked.subject, asked.agency, now], |row| row.get(0));
            Ok(found.doing("find dossiers")?.unwrap_or_default())
        };
        asked.iter().map(is_open).collect()
    }

    pub(crate) fn dossiers_of_subjects_list_in_tx(
        &mut self,
        agency: &str,
        subjects: &[[u8; 16]],
    ) -> Result<Vec<DossierFound>, Error> {
        of_subjects(self.connection(), agency, subjects)
    }

    pub(crate) fn dossiers_upsert_in_tx(&mut self, rows: &[DossierRow]) -> Result<(), Error> {
        let sql = "INSERT INTO dossier (agency, subject, reason, opened_at, until, closed_at) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (agency, subject) DO UPDATE SET reason = excluded.reason, opened_at = excluded.opened_at,
                 until = excluded.until, closed_at = excluded.closed_at";
        for DossierRow { agency, subject, reason, opened_at, until, closed_at } in rows {
            let row = params![agency, subject, reason, opened_at, until, closed_at];
            self.connection().run(sql, row).doing("open a dossier")?;
        }
        Ok(())
    }

    pub(crate) fn dossiers_close_in_tx(&mut self, agency: &str, roots: &[[u8; 16]], now: i64) -> Result<u64, Error> {
        let sql = "UPDATE dossier SET closed_at = ?3 WHERE agency = ?1 AND closed_at IS NULL AND until > ?3
             AND subject IN (SELECT id FROM subject WHERE root = ?2)";
        let close = |root| self.connection().run(sql, params![agency, root, now]);
        let closed: usize = roots.iter().map(close).sum::<rusqlite::Result<_>>().doing("close dossiers")?;
        Ok(closed as u64)
    }
}

fn of_subjects(connection: &Connection, agency: &str, subjects: &[[u8; 16]]) -> Result<Vec<DossierFound>, Error> {
    let sql = found!(
        "m.id",
        "subject m CROSS JOIN subject s ON s.root = m.root CROSS JOIN dossier d ON d.subject = s.id
         WHERE m.id = ?1 AND d.agency = ?2"
    );
    let mut found = Vec::new();
    for subject in subjects {
        let rows = connection.rows(sql, params![subject, agency], read);
        found.extend(rows.doing("find dossiers")?);
    }
    Ok(found)
}
