//! The server of the row `by-hand`: one SELECT and one INSERT a call on PostgreSQL, what a team writes itself.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::Context;
use bytes::Bytes;
use sqlx::{PgPool, postgres::PgPoolOptions, types::Uuid};
use tonic::Status;

use super::{Answer, append::EntryRow, serve, tables};
use crate::arguments::{ByHandOptions, TablesServerOptions};

/// Runs it until it is killed.
pub(crate) async fn run(options: &ByHandOptions) -> anyhow::Result<()> {
    let ByHandOptions { server: TablesServerOptions { bare, rows, tables: options }, pool: connections } = options;
    let connect = tables::connect_options(options)?;
    // A connection is not tried before each use: a third statement a call would not be what is compared.
    let pool = PgPoolOptions::new().max_connections(*connections).test_before_acquire(false);
    let pool = pool.connect_with(connect).await.context("cannot connect to PostgreSQL")?;
    let ids = tables::fill(&mut *pool.acquire().await?, options).await?;
    let row = EntryRow::sized(rows.leaf_bytes, rows.sealed_bytes);
    let answer = Bytes::from(vec![b'h'; bare.answer_bytes]);
    let by_hand = ByHand { pool, told: Arc::new(Told { ids, next: AtomicUsize::new(0), row, answer }) };
    serve(by_hand, bare).await
}

#[derive(Debug, Clone)]
struct ByHand {
    pool: PgPool,
    told: Arc<Told>,
}

/// What is asked of the tables.
#[derive(Debug)]
struct Told {
    ids: Vec<Uuid>,
    next: AtomicUsize,
    row: EntryRow,
    answer: Bytes,
}

impl Answer for ByHand {
    async fn answer(&self, _request: Bytes) -> Result<Bytes, Status> {
        let fetched = self.fetch_and_record().await;
        fetched.map_err(|error| Status::internal(error.to_string()))?;
        Ok(self.told.answer.clone())
    }
}

impl ByHand {
    async fn fetch_and_record(&self) -> Result<(), sqlx::Error> {
        let Told { ids, next, row, answer: _ } = &*self.told;
        let id = ids[next.fetch_add(1, Ordering::Relaxed) % ids.len()];
        let found = sqlx::query_scalar("SELECT sealed FROM payload WHERE id = $1").bind(id);
        let _payload: Vec<u8> = found.fetch_one(&self.pool).await?;
        let EntryRow { leaf_hash, leaf, personal_key, personal_sealed } = row;
        let insert = sqlx::query(
            "INSERT INTO entry (slot, leaf_hash, leaf, personal_key, personal_sealed) VALUES (0, $1, $2, $3, $4)",
        );
        let insert = insert.bind(leaf_hash).bind(leaf).bind(Uuid::from_bytes(*personal_key)).bind(personal_sealed);
        insert.execute(&self.pool).await?;
        Ok(())
    }
}
