//! The registry, bitemporal: every version of every item is kept.

use sqlx::PgConnection;

use super::{Readers, Transaction, instant::Instant};
use crate::{
    RegistryItemRow, RegistryVersionRow,
    error::{Doing, Error, signed, unsigned},
};

impl Readers {
    pub(crate) async fn registry_fetch(&self) -> Result<(u64, Vec<RegistryItemRow>), Error> {
        registry_fetch(&mut *self.pool.acquire().await.doing("take a reader")?).await
    }

    pub(crate) async fn registry_at_fetch(&self, version: u64) -> Result<Vec<RegistryItemRow>, Error> {
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT noun, id, body FROM registry_item WHERE since <= $1 AND (until IS NULL OR until > $1)
             ORDER BY noun COLLATE \"C\", id COLLATE \"C\"",
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
        sqlx::query("INSERT INTO registry_version (version, applied_at, applied_by) VALUES ($1, $2, $3)")
            .bind(signed(version.version))
            .bind(Instant(version.applied_at))
            .bind(&version.applied_by)
            .execute(self.connection())
            .await
            .doing("add a version of the registry")?;
        let texts = |text: fn(&RegistryItemRow) -> &String| items.iter().map(text).cloned().collect::<Vec<String>>();
        let (nouns, ids) = (texts(|item| &item.noun), texts(|item| &item.id));
        sqlx::query(
            "UPDATE registry_item SET until = $1
             WHERE until IS NULL AND (noun, id) IN (SELECT * FROM unnest($2::text[], $3::text[]))",
        )
        .bind(signed(version.version))
        .bind(&nouns)
        .bind(&ids)
        .execute(self.connection())
        .await
        .doing("end items of the registry")?;
        sqlx::query(
            "INSERT INTO registry_item (noun, id, since, body)
             SELECT i.noun, i.id, $1, i.body FROM unnest($2::text[], $3::text[], $4::text[]) AS i (noun, id, body)",
        )
        .bind(signed(version.version))
        .bind(&nouns)
        .bind(&ids)
        .bind(texts(|item| &item.body))
        .execute(self.connection())
        .await
        .doing("add items of the registry")?;
        self.wake_in_tx().await
    }
}

/// Version and items in one statement, and so of one moment.
async fn registry_fetch(connection: &mut PgConnection) -> Result<(u64, Vec<RegistryItemRow>), Error> {
    type Row = (i64, Option<String>, Option<String>, Option<String>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT v.version, i.noun, i.id, i.body
         FROM (SELECT coalesce(max(version), 0) AS version FROM registry_version) v
         LEFT JOIN registry_item i ON i.until IS NULL ORDER BY i.noun COLLATE \"C\", i.id COLLATE \"C\"",
    )
    .fetch_all(connection)
    .await
    .doing("read the registry")?;
    let version = rows.first().map_or(0, |(version, ..)| *version);
    let item = |row| match row {
        (_, Some(noun), Some(id), Some(body)) => Some(RegistryItemRow { noun, id, body }),
        _ => None,
    };
    Ok((unsigned(version, "registry version")?, rows.into_iter().filter_map(item).collect()))
}
