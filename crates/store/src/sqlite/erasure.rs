//! Erasures: rows that are removed, keys that may never come back, and what a crash left to be removed.

use super::{Readers, Transaction, ask::Ask};
use crate::{
    ErasureNumber,
    error::{Doing, Error},
};
use rusqlite::{Connection, params};

fn keys_since(connection: &Connection, after: ErasureNumber) -> Result<Vec<[u8; 16]>, Error> {
    let sql = "SELECT id FROM erased_key WHERE erasure > ?";
    connection.rows(sql, [after.0], |row| row.get(0)).doing("list erased keys")
}

fn newest(connection: &Connection) -> Result<ErasureNumber, Error> {
    let newest = connection.row("SELECT coalesce(max(id), 0) FROM erasure", [], |row| row.get(0));
    Ok(ErasureNumber(newest.doing("read the newest erasure")?.unwrap_or_default()))
}

impl Readers {
    pub(crate) async fn erased_keys_since_list(&self, after: ErasureNumber) -> Result<Vec<[u8; 16]>, Error> {
        self.ask(move |connection| keys_since(connection, after)).await
    }

    pub(crate) async fn erasure_newest_fetch(&self) -> Result<ErasureNumber, Error> {
        self.ask(|connection| newest(connection)).await
    }

    pub(crate) async fn erasures_open_list(&self) -> Result<Vec<ErasureNumber>, Error> {
        self.ask(|connection| {
            let sql = "SELECT id FROM erasure WHERE done_at IS NULL ORDER BY id";
            connection.rows(sql, [], |row| row.get(0).map(ErasureNumber)).doing("list unfinished erasures")
        })
        .await
    }

    pub(crate) async fn erased_keys_list(
        &self,
        after: Option<[u8; 16]>,
        count_max: u32,
    ) -> Result<Vec<[u8; 16]>, Error> {
        self.ask(move |connection| {
            let sql = "SELECT id FROM erased_key WHERE id > ? ORDER BY id LIMIT ?";
            let after = after.as_ref().map_or(&[][..], |key| &key[..]);
            connection.rows(sql, params![after, count_max], |row| row.get(0)).doing("list erased keys")
        })
        .await
    }

    pub(crate) async fn erased_key_exists(&self, key: [u8; 16]) -> Result<bool, Error> {
        self.ask(move |connection| {
            let found = connection.row("SELECT 1 FROM erased_key WHERE id = ?", [key], |_row| Ok(()));
            Ok(found.doing("look for an erased key")?.is_some())
        })
        .await
    }
}

impl Transaction<'_> {
    pub(crate) fn erased_keys_since_in_tx(&mut self, after: ErasureNumber) -> Result<Vec<[u8; 16]>, Error> {
        keys_since(self.connection(), after)
    }

    pub(crate) fn erasure_newest_in_tx(&mut self) -> Result<ErasureNumber, Error> {
        newest(self.connection())
    }

    pub(crate) fn erasure_insert_in_tx(
        &mut self,
        keys: &[[u8; 16]],
        search: &[[u8; 32]],
        now: i64,
    ) -> Result<ErasureNumber, Error> {
        let connection = self.connection();
        connection.run("INSERT INTO erasure (erased_at) VALUES (?)", [now]).doing("begin an erasure")?;
        let number = connection.last_insert_rowid();
        for key in keys {
            let sql = "INSERT INTO erased_key (id, erasure) VALUES (?, ?)";
            connection.run(sql, params![key, number]).doing("note an erased key")?;
        }
        for pseudonym in search {
            let sql = "INSERT INTO erasure_search (erasure, search) VALUES (?, ?)";
            connection.run(sql, params![number, pseudonym]).doing("note what is to be erased")?;
        }
        Ok(ErasureNumber(number))
    }

    pub(crate) fn records_erase_in_tx(&mut self, subjects: &[[u8; 16]]) -> Result<u64, Error> {
        // Traits go with their records, by the schema.
        // A repeat of the publication is still known to be one: it must not bring the record back.
        let scrub = "UPDATE publication SET content = zeroblob(32), item_path = x''
             WHERE record IN (SELECT id FROM record WHERE subject = ?)";
        let revisions = "DELETE FROM revision WHERE record IN (SELECT id FROM record WHERE subject = ?)";
        let told = [
            "DELETE FROM delivery_attempt WHERE (partition, position) IN
                 (SELECT partition, position FROM event WHERE subject = ?)",
            "DELETE FROM dead_letter WHERE subject = ?",
            "DELETE FROM event WHERE subject = ?",
            "DELETE FROM dossier WHERE subject = ?",
        ];
        let connection = self.connection();
        let mut erased = 0;
        for subject in subjects {
            for sql in told {
                connection.run(sql, [subject]).doing("erase events and dossiers")?;
            }
            connection.run(scrub, [subject]).doing("scrub publications")?;
            connection.run(revisions, [subject]).doing("erase revisions")?;
            erased += connection.run("DELETE FROM record WHERE subject = ?", [subject]).doing("erase records")?;
        }
        Ok(erased as u64)
    }

    pub(crate) fn subjects_erase_in_tx(&mut self, subjects: &[[u8; 16]]) -> Result<(), Error> {
        let connection = self.connection();
        for sql in [
            "DELETE FROM identifier WHERE subject = ?",
            "DELETE FROM consent WHERE subject = ?",
            "DELETE FROM subject WHERE id = ?",
        ] {
            for subject in subjects {
                connection.run(sql, [subject]).doing("erase subjects")?;
            }
        }
        Ok(())
    }

    pub(crate) fn tail_traces_erase_in_tx(&mut self, keys: &[[u8; 16]]) -> Result<u64, Error> {
        let sql = "UPDATE entry SET personal_key = NULL, personal_sealed = NULL WHERE (slot, idx) IN (
                 SELECT e.slot, e.idx FROM shard s LEFT JOIN index_position p ON p.slot = s.slot
                 JOIN entry e ON e.slot = s.slot AND e.idx >= coalesce(p.next, 0) WHERE e.personal_key = ?)";
        let mut erased = 0;
        for key in keys {
            erased += self.connection().run(sql, [key]).doing("erase unindexed traces")?;
        }
        Ok(erased as u64)
    }

    pub(crate) fn traces_erase_in_tx(&mut self, erasure: ErasureNumber, count_max: u32) -> Result<u64, Error> {
        let find = "SELECT s.search, s.slot, s.idx FROM erasure_search e JOIN entry_subject s ON s.search = e.search
             WHERE e.erasure = ? LIMIT ?";
        let trace = "UPDATE entry SET personal_key = NULL, personal_sealed = NULL WHERE slot = ? AND idx = ?";
        let search = "DELETE FROM entry_subject WHERE search = ? AND slot = ? AND idx = ?";
        let connection = self.connection();
        let found: Vec<([u8; 32], i64, i64)> = connection
            .rows(find, params![erasure.0, count_max], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .doing("find traces to erase")?;
        for (pseudonym, slot, index) in &found {
            connection.run(trace, params![slot, index]).doing("erase a trace")?;
            connection.run(search, params![pseudonym, slot, index]).doing("erase a search row")?;
        }
        Ok(found.len() as u64)
    }

    pub(crate) fn erasure_finish_in_tx(&mut self, erasure: ErasureNumber, now: i64) -> Result<(), Error> {
        let connection = self.connection();
        connection.run("DELETE FROM erasure_search WHERE erasure = ?", [erasure.0]).doing("end an erasure")?;
        let done = "UPDATE erasure SET done_at = ? WHERE id = ?";
        connection.run(done, params![now, erasure.0]).doing("end an erasure").map(drop)
    }
}
