//! Subjects and their identifiers.

use super::{Readers, Transaction, ask::Ask};
use crate::{
    SubjectRow, SubjectWithIdentifiers,
    error::{Doing, Error},
};
use rusqlite::{Connection, params};

const BY_PSEUDONYM: &str = "SELECT s.id, r.id, r.trace_key FROM identifier i
     JOIN subject s ON s.id = i.subject JOIN subject r ON r.id = s.root WHERE i.pseudonym = ?";
const BY_ID: &str = "SELECT s.id, r.id, r.trace_key FROM subject s JOIN subject r ON r.id = s.root WHERE s.id = ?";

fn list(connection: &Connection, pseudonyms: &[[u8; 32]]) -> Result<Vec<([u8; 32], SubjectRow)>, Error> {
    let mut found = Vec::with_capacity(pseudonyms.len());
    for pseudonym in pseudonyms {
        let subject = connection.row(BY_PSEUDONYM, [pseudonym], read).doing("find subjects")?;
        found.extend(subject.map(|subject| (*pseudonym, subject)));
    }
    Ok(found)
}

fn members(connection: &Connection, root: [u8; 16]) -> Result<Vec<[u8; 16]>, Error> {
    let sql = "SELECT id FROM subject WHERE root = ?";
    connection.rows(sql, [root], |row| row.get(0)).doing("list the members of a subject")
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<SubjectRow> {
    Ok(SubjectRow { id: row.get(0)?, root: row.get(1)?, trace_key: row.get(2)? })
}

impl Readers {
    pub(crate) async fn subjects_list(&self, pseudonyms: &[[u8; 32]]) -> Result<Vec<([u8; 32], SubjectRow)>, Error> {
        let pseudonyms = pseudonyms.to_vec();
        self.ask(move |connection| list(connection, &pseudonyms)).await
    }

    pub(crate) async fn subject_fetch(&self, id: [u8; 16]) -> Result<Option<SubjectRow>, Error> {
        self.ask(move |connection| connection.row(BY_ID, [id], read).doing("find a subject")).await
    }

    pub(crate) async fn subject_members_list(&self, root: [u8; 16]) -> Result<Vec<[u8; 16]>, Error> {
        self.ask(move |connection| members(connection, root)).await
    }
}

impl Transaction<'_> {
    pub(crate) fn subjects_list_in_tx(
        &mut self,
        pseudonyms: &[[u8; 32]],
    ) -> Result<Vec<([u8; 32], SubjectRow)>, Error> {
        list(self.connection(), pseudonyms)
    }

    pub(crate) fn subject_members_in_tx(&mut self, root: [u8; 16]) -> Result<Vec<[u8; 16]>, Error> {
        members(self.connection(), root)
    }

    pub(crate) fn subject_exists_in_tx(&mut self, id: [u8; 16]) -> Result<bool, Error> {
        let found = self.connection().row("SELECT 1 FROM subject WHERE id = ?", [id], |_row| Ok(()));
        Ok(found.doing("look for a subject")?.is_some())
    }

    pub(crate) fn subjects_insert_in_tx(&mut self, subjects: &[SubjectWithIdentifiers], now: i64) -> Result<(), Error> {
        let sql = "INSERT INTO subject (id, root, trace_key, created_at) VALUES (?1, ?1, ?2, ?3)";
        for SubjectWithIdentifiers { id, trace_key, pseudonyms } in subjects {
            self.connection().run(sql, params![id, trace_key, now]).doing("add a subject")?;
            pseudonyms.iter().try_for_each(|pseudonym| self.identifier_insert_in_tx(pseudonym, id))?;
        }
        Ok(())
    }

    pub(crate) fn identifiers_insert_in_tx(&mut self, identifiers: &[([u8; 32], [u8; 16])]) -> Result<(), Error> {
        identifiers.iter().try_for_each(|(pseudonym, subject)| self.identifier_insert_in_tx(pseudonym, subject))
    }

    fn identifier_insert_in_tx(&mut self, pseudonym: &[u8; 32], subject: &[u8; 16]) -> Result<(), Error> {
        let sql = "INSERT INTO identifier (pseudonym, subject) VALUES (?, ?)";
        self.connection().run(sql, params![pseudonym, subject]).doing("add an identifier").map(drop)
    }

    pub(crate) fn subject_merge_in_tx(&mut self, kept: [u8; 16], merged: [u8; 16]) -> Result<(), Error> {
        let sql = "UPDATE subject SET root = (SELECT root FROM subject WHERE id = ?)
             WHERE root = (SELECT root FROM subject WHERE id = ?)";
        self.connection().run(sql, params![kept, merged]).doing("merge two subjects").map(drop)
    }
}
