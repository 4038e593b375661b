//! The server of the row `sqlite-append`: one durable row a call in SQLite, many rows a commit, and nothing else.

use std::{path::Path, thread};

use anyhow::Context;
use bytes::Bytes;
use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot};
use tonic::Status;

use super::{Answer, serve};
use crate::arguments::AppendOptions;

/// As `limits.broker.recorder-queue-max` and `recorder-batch-max` of the hub.
pub(super) const QUEUE_MAX: usize = 4_096;
pub(super) const BATCH_MAX: usize = 512;

const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE entry (
    slot            INTEGER NOT NULL,
    idx             INTEGER NOT NULL,
    leaf_hash       BLOB    NOT NULL,
    leaf            BLOB    NOT NULL,
    personal_key    BLOB,
    personal_sealed BLOB,
    PRIMARY KEY (slot, idx)
) STRICT, WITHOUT ROWID;
";
const INSERT: &str = "INSERT INTO entry (slot, idx, leaf_hash, leaf, personal_key, personal_sealed) \
                      VALUES (0, ?1, ?2, ?3, ?4, ?5)";

/// What every row holds, as large as an entry of the hub.
#[derive(Debug, Clone)]
pub(super) struct EntryRow {
    pub(super) leaf_hash: Vec<u8>,
    pub(super) leaf: Vec<u8>,
    pub(super) personal_key: [u8; 16],
    pub(super) personal_sealed: Vec<u8>,
}

impl EntryRow {
    pub(super) fn sized(leaf_bytes: usize, sealed_bytes: usize) -> Self {
        Self {
            leaf_hash: vec![1; 32],
            leaf: vec![2; leaf_bytes],
            personal_key: [3; 16],
            personal_sealed: vec![4; sealed_bytes],
        }
    }
}

/// Runs it until it is killed.
pub(crate) async fn run(options: &AppendOptions) -> anyhow::Result<()> {
    let connection = open(&options.data)?;
    let row = EntryRow::sized(options.rows.leaf_bytes, options.rows.sealed_bytes);
    let (queue, waiting) = mpsc::channel(QUEUE_MAX);
    let (failing, failed) = oneshot::channel();
    // A thread of its own: each commit blocks until the disk has it.
    thread::spawn(move || {
        // Nobody listens when the server has ended.
        let _told = failing.send(write(connection, waiting, &row));
    });
    let answer = Bytes::from(vec![b'a'; options.bare.answer_bytes]);
    tokio::select! {
        served = serve(Append { queue, answer }, &options.bare) => served,
        ended = failed => ended.context("the writer panicked")?,
    }
}

/// How many rows a server has written, as another process sees them.
pub(crate) fn rows_count(database: &Path) -> anyhow::Result<u64> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(database, flags)?;
    let count: i64 = connection.query_row("SELECT count(*) FROM entry", [], |row| row.get(0))?;
    Ok(u64::try_from(count)?)
}

fn open(database: &Path) -> anyhow::Result<Connection> {
    let connection = Connection::open(database).with_context(|| format!("cannot open `{}`", database.display()))?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

/// Who waits for a row to be durable.
type Waiting = oneshot::Sender<()>;

#[derive(Debug, Clone)]
struct Append {
    queue: mpsc::Sender<Waiting>,
    answer: Bytes,
}

impl Answer for Append {
    async fn answer(&self, _request: Bytes) -> Result<Bytes, Status> {
        let (done, durable) = oneshot::channel();
        self.queue.try_send(done).map_err(|_full| Status::resource_exhausted("the queue is full"))?;
        durable.await.map_err(|_failed| Status::internal("the row was not written"))?;
        Ok(self.answer.clone())
    }
}

/// Writes a row for each who waits, all that wait in one transaction, by one statement that is prepared once.
fn write(mut connection: Connection, mut waiting: mpsc::Receiver<Waiting>, row: &EntryRow) -> anyhow::Result<()> {
    let EntryRow { leaf_hash, leaf, personal_key, personal_sealed } = row;
    let mut index = 0_i64;
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while waiting.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
        let tx = connection.transaction()?;
        {
            let mut insert = tx.prepare_cached(INSERT)?;
            for _ in &batch {
                insert.execute(params![index, leaf_hash, leaf, personal_key, personal_sealed])?;
                index += 1;
            }
        }
        tx.commit()?;
        for done in batch.drain(..) {
            // A caller that gave up does not listen any more.
            let _gone = done.send(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_answered_has_a_row() {
        let folder = tempfile::TempDir::new().unwrap();
        let database = folder.path().join("rows");
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let answers: Vec<_> = (0..BATCH_MAX + 1)
            .map(|_| {
                let (done, durable) = oneshot::channel();
                queue.try_send(done).unwrap();
                durable
            })
            .collect();
        drop(queue);
        write(open(&database).unwrap(), waiting, &EntryRow::sized(200, 100)).unwrap();
        assert!(answers.into_iter().all(|answer| answer.blocking_recv().is_ok()));
        assert_eq!(rows_count(&database).unwrap(), BATCH_MAX as u64 + 1);
    }
}
