//! The registry, bitemporal: every version of every item is kept.

use super::{Readers, Transaction, ask::Ask};
use crate::{
    RegistryItemRow, RegistryVersionRow,
    error::{Doing, Error, signed, unsigned},
};
use rusqlite::{Connection, Row, params};

fn item(row: &Row<'_>) -> rusqlite::Result<RegistryItemRow> {
    Ok(RegistryItemRow { noun: row.get(0)?, id: row.get(1)?, body: row.get(2)? })
}

fn fetch(connection: &Connection) -> Result<(u64, Vec<RegistryItemRow>), Error> {
    let version = connection.row("SELECT coalesce(max(version), 0) FROM registry_version", [], |row| row.get(0));
    let version = version.doing("read the registry")?.unwrap_or_default();
    let items = "SELECT noun, id, body FROM registry_item WHERE until IS NULL ORDER BY noun, id";
    let items = connection.rows(items, [], item).doing("read the registry")?;
    Ok((unsigned(version, "registry version")?, items))
}

impl Readers {
    pub(crate) async fn registry_fetch(&self) -> Result<(u64, Vec<RegistryItemRow>), Error> {
        self.ask(|connection| {
            let tx = connection.transaction().doing("read the registry")?;
            fetch(&tx)
        })
        .await
    }

    pub(crate) async fn registry_at_fetch(&self, version: u64) -> Result<Vec<RegistryItemRow>, Error> {
        self.ask(move |connection| {
            let sql = "SELECT noun, id, body FROM registry_item WHERE since <= ?1 AND (until IS NULL OR until > ?1)
                 ORDER BY noun, id";
            connection.rows(sql, [signed(version)], item).doing("read an earlier registry")
        })
        .await
    }
}

impl Transaction<'_> {
    pub(crate) fn registry_fetch_in_tx(&mut self) -> Result<(u64, Vec<RegistryItemRow>), Error> {
        fetch(self.connection())
    }

    pub(crate) fn registry_apply_in_tx(
        &mut self,
        version: &RegistryVersionRow,
        items: &[RegistryItemRow],
    ) -> Result<(), Error> {
        let connection = self.connection();
        let RegistryVersionRow { version, applied_at, applied_by } = version;
        let version = signed(*version);
        let sql = "INSERT INTO registry_version (version, applied_at, applied_by) VALUES (?, ?, ?)";
        connection.run(sql, params![version, applied_at, applied_by]).doing("add a version of the registry")?;
        for RegistryItemRow { noun, id, body } in items {
            let sql = "UPDATE registry_item SET until = ? WHERE noun = ? AND id = ? AND until IS NULL";
            connection.run(sql, params![version, noun, id]).doing("end an item of the registry")?;
            let sql = "INSERT INTO registry_item (noun, id, since, body) VALUES (?, ?, ?, ?)";
            connection.run(sql, params![noun, id, version, body]).doing("add an item of the registry")?;
        }
        Ok(())
    }
}
