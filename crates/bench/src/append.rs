//! The server of the row `sqlite-append`: one durable row a call, many rows a commit, and nothing else.

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tonic::Status;
use unefois_store::{DataDirectory, EntryRow, Opened, Store, StoreLimits, Writer};

use crate::{
    arguments::AppendOptions,
    bare::{Answer, serve},
};

/// As `limits.broker.recorder-queue-max` and `recorder-batch-max` of the hub.
const QUEUE_MAX: usize = 4_096;
const BATCH_MAX: usize = 512;
const SLOT: u32 = 0;

/// Runs it until it is killed.
pub(crate) async fn run(options: &AppendOptions) -> anyhow::Result<()> {
    let directory = DataDirectory::new(&options.data);
    let _lock = directory.lock()?;
    let Opened { writer, .. } = Store::open_sqlite(&directory, &StoreLimits::default()).await?;
    let (queue, waiting) = mpsc::channel(QUEUE_MAX);
    let row = EntryRow {
        index: 0,
        leaf_hash: [1; 32],
        leaf: vec![2; options.leaf_bytes],
        personal: Some(([3; 16], vec![4; options.sealed_bytes])),
    };
    let answer = Bytes::from(vec![b'a'; options.bare.answer_bytes]);
    tokio::select! {
        served = serve(Append { queue, answer }, &options.bare) => served,
        failed = write(writer, waiting, row) => failed,
    }
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

/// Writes a row for each who waits, all that wait in one transaction, as the hub's recorder does.
async fn write(mut writer: Writer, mut waiting: mpsc::Receiver<Waiting>, row: EntryRow) -> anyhow::Result<()> {
    let mut next = 0;
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while waiting.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let rows: Vec<EntryRow> = (next..).take(batch.len()).map(|index| EntryRow { index, ..row.clone() }).collect();
        let mut tx = writer.begin().await?;
        tx.entries_insert_in_tx(SLOT, &rows).await?;
        tx.commit().await?;
        next += rows.len() as u64;
        for done in batch.drain(..) {
            // A caller that gave up does not listen any more.
            let _gone = done.send(());
        }
    }
    Ok(())
}
