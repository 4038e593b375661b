//! The registry, bitemporal: every version of every item is kept.

use super::{Readers, Transaction};
use crate::{
    RegistryItemRow, RegistryVersionRow,
    error::{Doing, Error, signed, unsigned},
};

impl Readers {
    pub(crate) async fn registry_fetch(&self) -> Result<(u64, Vec<RegistryItemRow>), Error> {
        let mut tx = self.pool.begin().await.doing("read the registry")?;
        registry_fetch(&mut tx).await
    }

    pub(crate) async fn registry_at_fetch(&self, version: u64) -> Result<Vec<RegistryItemRow>, Error> {
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT noun, id, body FROM registry_item WHERE since <= ?1 AND (until IS NULL OR until > ?1)
             ORDER BY noun, id",
        )
        .bind(signed(version))
        .fetch_all(&self.pool)
        .await
        .doing("read an earlier registry")?;
        Ok(rows.into_iter().map(|(noun, id, body)| RegistryItemRow { noun, id, body }).collect())
    }
}

impl Transaction<'_> {
    pub(crate) async fn registry_fetch_in_tx(&mut self) -> Result<(u64, Vec<RegistryItemRow>), Error> {
        registry_fetch(self.connection()).await
    }

    pub(crate) async fn registry_apply_in_tx(
        &mut self,
        version: &RegistryVersionRow,
        items: &[RegistryItemRow],
    ) -> Result<(), Error> {
        sqlx::query("INSERT INTO registry_version (version, applied_at, applied_by) VALUES (?, ?, ?)")
            .bind(signed(version.version))
            .bind(version.applied_at)
            .bind(&version.applied_by)
            .execute(self.connection())
            .await
            .doing("add a version of the registry")?;
        for item in items {
            sqlx::query("UPDATE registry_item SET until = ? WHERE noun = ? AND id = ? AND until IS NULL")
                .bind(signed(version.version))
                .bind(&item.noun)
                .bind(&item.id)
                .execute(self.connection())
                .await
                .doing("end an item of the registry")?;
            sqlx::query("INSERT INTO registry_item (noun, id, since, body) VALUES (?, ?, ?, ?)")
                .bind(&item.noun)
                .bind(&item.id)
                .bind(signed(version.version))
                .bind(&item.body)
                .execute(self.connection())
                .await
                .doing("add an item of the registry")?;
        }
        Ok(())
    }
}

async fn registry_fetch(connection: &mut sqlx::SqliteConnection) -> Result<(u64, Vec<RegistryItemRow>), Error> {
    let version: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM registry_version")
        .fetch_one(&mut *connection)
        .await
        .doing("read the registry")?;
    let rows: Vec<(String, String, String)> =
        sqlx::query_as("SELECT noun, id, body FROM registry_item WHERE until IS NULL ORDER BY noun, id")
            .fetch_all(&mut *connection)
            .await
            .doing("read the registry")?;
    let items = rows.into_iter().map(|(noun, id, body)| RegistryItemRow { noun, id, body }).collect();
    Ok((unsigned(version, "registry version")?, items))
}
