//! The key store: wrapped keys, in a database of their own.

use sqlx::{PgPool, postgres::PgConnectOptions, types::Uuid};

use super::{connection, instant::Instant, schema, uuids};
use crate::{
    KeyRow, StorageSettings,
    error::{Doing, Error},
    in_flight::InFlight,
    open::StoreLimits,
};

/// How many connections the key store has: keys are cached above.
const CONNECTIONS: u32 = 2;

#[derive(Debug, Clone)]
pub(crate) struct KeyStore {
    pool: PgPool,
    in_flight: InFlight,
}

#[derive(sqlx::FromRow)]
struct WrappedKeyRow {
    id: Uuid,
    subject: Option<Uuid>,
    label: Option<String>,
    usage: i16,
    master_epoch: i64,
    wrapped: Vec<u8>,
    created_at: Instant,
}

impl TryFrom<WrappedKeyRow> for KeyRow {
    type Error = Error;

    fn try_from(row: WrappedKeyRow) -> Result<Self, Error> {
        let WrappedKeyRow { id, subject, label, usage, master_epoch, wrapped, created_at } = row;
        let malformed = || Error::Malformed { what: "wrapped key" };
        Ok(Self {
            id: id.into_bytes(),
            subject: subject.map(Uuid::into_bytes),
            label,
            usage: u8::try_from(usage).map_err(|_out_of_range| malformed())?,
            master_epoch: u32::try_from(master_epoch).map_err(|_out_of_range| malformed())?,
            wrapped,
            created_at: created_at.0,
        })
    }
}

const BY_ID: &str =
    "SELECT id, subject, label, use AS usage, master_epoch, wrapped, created_at FROM wrapped_key WHERE id = $1";
const BY_SUBJECTS: &str = "SELECT id, subject, label, use AS usage, master_epoch, wrapped, created_at FROM wrapped_key
     WHERE subject = ANY($1) AND use = $2";
const BY_LABEL: &str = "SELECT id, subject, label, use AS usage, master_epoch, wrapped, created_at FROM wrapped_key
     WHERE label = $1 AND use = $2";

impl KeyStore {
    /// Connects, and marks an empty key store as the one of that hub.
    pub(super) async fn open(
        options: PgConnectOptions,
        hub: Uuid,
        settings: &StorageSettings,
        limits: &StoreLimits,
    ) -> Result<Self, Error> {
        let mut first = connection::connect(&options, limits).await?;
        schema::check(&schema::KEYS, &mut first, &settings.keys_url).await?;
        sqlx::query(
            "INSERT INTO hub (id) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM wrapped_key) ON CONFLICT DO NOTHING",
        )
        .bind(hub)
        .execute(&mut first)
        .await
        .doing("mark its key store")?;
        let of: Option<Uuid> = sqlx::query_scalar("SELECT id FROM hub")
            .fetch_optional(&mut first)
            .await
            .doing("read whose keys these are")?;
        if of != Some(hub) {
            return Err(Error::OtherHub { database: schema::named(&settings.keys_url) });
        }
        let pool = connection::pool(options, CONNECTIONS, limits).await?;
        Ok(Self { pool, in_flight: InFlight::new() })
    }

    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    pub(crate) async fn key_fetch(&self, id: [u8; 16]) -> Result<Option<KeyRow>, Error> {
        let row: Option<WrappedKeyRow> =
            sqlx::query_as(BY_ID).bind(Uuid::from_bytes(id)).fetch_optional(&self.pool).await.doing("read a key")?;
        row.map(KeyRow::try_from).transpose()
    }

    pub(crate) async fn keys_of_subjects_list(&self, subjects: &[[u8; 16]], usage: u8) -> Result<Vec<KeyRow>, Error> {
        let rows: Vec<WrappedKeyRow> = sqlx::query_as(BY_SUBJECTS)
            .bind(uuids(subjects))
            .bind(i16::from(usage))
            .fetch_all(&self.pool)
            .await
            .doing("read keys")?;
        rows.into_iter().map(KeyRow::try_from).collect()
    }

    pub(crate) async fn key_of_label_fetch(&self, label: &str, usage: u8) -> Result<Option<KeyRow>, Error> {
        let row: Option<WrappedKeyRow> = sqlx::query_as(BY_LABEL)
            .bind(label)
            .bind(i16::from(usage))
            .fetch_optional(&self.pool)
            .await
            .doing("read a key")?;
        row.map(KeyRow::try_from).transpose()
    }

    pub(crate) async fn keys_insert(&self, keys: Vec<KeyRow>) -> Result<(), Error> {
        let _busy = self.in_flight.begin();
        let ids: Vec<[u8; 16]> = keys.iter().map(|key| key.id).collect();
        // One statement is one transaction: it is durable when it has answered.
        sqlx::query(
            "INSERT INTO wrapped_key (id, subject, label, use, master_epoch, wrapped, created_at)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::smallint[], $5::bigint[], $6::bytea[],
             $7::timestamptz[]) AS k (id, subject, label, use, master_epoch, wrapped, created_at)
             ORDER BY k.subject, k.label, k.use ON CONFLICT DO NOTHING",
        )
        .bind(uuids(&ids))
        .bind(keys.iter().map(|key| key.subject.map(Uuid::from_bytes)).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.label.as_deref()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| i16::from(key.usage)).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| i64::from(key.master_epoch)).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| &key.wrapped[..]).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| Instant(key.created_at)).collect::<Vec<_>>())
        .execute(&self.pool)
        .await
        .doing("write keys")?;
        Ok(())
    }

    pub(crate) async fn close(&self) -> Result<(), Error> {
        self.pool.close().await;
        Ok(())
    }

    pub(crate) async fn key_ids_of_subject_list(&self, subject: [u8; 16], usage: u8) -> Result<Vec<[u8; 16]>, Error> {
        let rows: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM wrapped_key WHERE subject = $1 AND use = $2")
            .bind(Uuid::from_bytes(subject))
            .bind(i16::from(usage))
            .fetch_all(&self.pool)
            .await
            .doing("list the keys of a subject")?;
        Ok(rows.into_iter().map(Uuid::into_bytes).collect())
    }

    /// The server keeps what was deleted until it is vacuumed, and in its own log and backups: there the keys are
    /// destroyed with the master key that wraps them.
    pub(crate) async fn keys_destroy(&self, ids: &[[u8; 16]]) -> Result<(), Error> {
        let _busy = self.in_flight.begin();
        sqlx::query("DELETE FROM wrapped_key WHERE id = ANY($1)")
            .bind(uuids(ids))
            .execute(&self.pool)
            .await
            .doing("destroy keys")?;
        Ok(())
    }
}
