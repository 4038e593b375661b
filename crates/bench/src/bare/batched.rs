//! The server of the row `pg-batched`: calls that wait together share one SELECT and one INSERT on PostgreSQL, and
//! nothing else.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::Context;
use bytes::Bytes;
use futures::future::try_join_all;
use sqlx::{ConnectOptions, PgConnection, types::Uuid};
use tokio::sync::{Mutex, mpsc, oneshot};
use tonic::Status;

use super::{
    Answer,
    append::{BATCH_MAX, EntryRow, QUEUE_MAX},
    serve, tables,
};
use crate::arguments::TablesServerOptions;

/// Connections that read; one more writes. While a batch is committed, the next ones are read.
const READERS: usize = 2;
/// As `limits.broker.loader-batch-max` of the hub.
const READ_MAX: usize = 256;

/// Runs it until it is killed.
pub(crate) async fn run(options: &TablesServerOptions) -> anyhow::Result<()> {
    let connect = tables::connect_options(&options.tables)?;
    let mut writer = connect.connect().await.context("cannot connect to PostgreSQL")?;
    let ids = tables::fill(&mut writer, &options.tables).await?;
    let readers = try_join_all((0..READERS).map(|_| connect.connect())).await?;
    let row = EntryRow::sized(options.rows.leaf_bytes, options.rows.sealed_bytes);
    let answer = Bytes::from(vec![b'b'; options.bare.answer_bytes]);

    let (questions, asked) = mpsc::channel(QUEUE_MAX);
    let (fetched, writable) = mpsc::channel(QUEUE_MAX);
    // Shared by the readers: whoever is idle takes all that wait.
    let asked = Arc::new(Mutex::new(asked));
    let reading = readers.into_iter().map(|reader| tokio::spawn(read(reader, Arc::clone(&asked), fetched.clone())));
    let reading = futures::future::select_all(reading);
    let writing = tokio::spawn(write(writer, writable, row));
    let batched = Batched { questions, asks: Arc::new(Asks { ids, next: AtomicUsize::new(0) }), answer };
    tokio::select! {
        served = serve(batched, &options.bare) => served,
        (ended, _, _) = reading => ended?,
        ended = writing => ended?,
    }
}

/// A call that waits.
#[derive(Debug)]
struct Waiting {
    id: Uuid,
    done: oneshot::Sender<()>,
}

#[derive(Debug, Clone)]
struct Batched {
    questions: mpsc::Sender<Waiting>,
    asks: Arc<Asks>,
    answer: Bytes,
}

/// Which payloads are asked for, in turn.
#[derive(Debug)]
struct Asks {
    ids: Vec<Uuid>,
    next: AtomicUsize,
}

impl Answer for Batched {
    async fn answer(&self, _request: Bytes) -> Result<Bytes, Status> {
        let Asks { ids, next } = &*self.asks;
        let id = ids[next.fetch_add(1, Ordering::Relaxed) % ids.len()];
        let (done, durable) = oneshot::channel();
        let question = Waiting { id, done };
        self.questions.try_send(question).map_err(|_full| Status::resource_exhausted("the queue is full"))?;
        durable.await.map_err(|_failed| Status::internal("the row was not written"))?;
        Ok(self.answer.clone())
    }
}

/// Fetches the payloads of all that wait by one statement, and hands over those that have one.
async fn read(
    mut reader: PgConnection,
    asked: Arc<Mutex<mpsc::Receiver<Waiting>>>,
    fetched: mpsc::Sender<Waiting>,
) -> anyhow::Result<()> {
    let mut batch = Vec::with_capacity(READ_MAX);
    while asked.lock().await.recv_many(&mut batch, READ_MAX).await > 0 {
        let ids: Vec<Uuid> = batch.iter().map(|waiting| waiting.id).collect();
        let select = sqlx::query_as("SELECT id, sealed FROM payload WHERE id = ANY($1)").bind(ids);
        let rows: Vec<(Uuid, Vec<u8>)> = select.fetch_all(&mut reader).await?;
        let payloads: HashMap<Uuid, Vec<u8>> = rows.into_iter().collect();
        for waiting in batch.drain(..) {
            if payloads.contains_key(&waiting.id) {
                fetched.send(waiting).await?;
            }
        }
    }
    Ok(())
}

/// Writes a row for all that wait by one statement, which is its own transaction: one round trip a commit.
async fn write(mut writer: PgConnection, mut writable: mpsc::Receiver<Waiting>, row: EntryRow) -> anyhow::Result<()> {
    let EntryRow { leaf_hash, leaf, personal_key, personal_sealed } = row;
    let mut next = 0_i64;
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while writable.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let count = batch.len();
        let indexes: Vec<i64> = (next..).take(count).collect();
        let insert = sqlx::query(
            "INSERT INTO entry (slot, idx, leaf_hash, leaf, personal_key, personal_sealed) \
             SELECT 0, * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::uuid[], $5::bytea[])",
        );
        insert
            .bind(indexes)
            .bind(vec![leaf_hash.as_slice(); count])
            .bind(vec![leaf.as_slice(); count])
            .bind(vec![Uuid::from_bytes(personal_key); count])
            .bind(vec![personal_sealed.as_slice(); count])
            .execute(&mut writer)
            .await?;
        next += i64::try_from(count)?;
        for Waiting { id: _, done } in batch.drain(..) {
            // A caller that gave up does not listen any more.
            let _gone = done.send(());
        }
    }
    Ok(())
}
