//! The loader: concurrent point reads become one trip to the store.

use std::sync::Arc;

use tokio::{
    runtime::Handle,
    sync::{Mutex, mpsc, oneshot},
};
use unefois_store::{HeldRevision, RecordAsked, RecordReader, RecordReaders, Store};
use unefois_telemetry::Histogram;

use crate::{failure::Failure, limits::Limits, metrics::QueueDepth};

type Answer = Result<Vec<HeldRevision>, Failure>;

struct Waiting {
    asked: RecordAsked,
    answer: oneshot::Sender<Answer>,
}

/// A handle on the loader. Questions that come while every reader is busy are asked together by the next that is free.
#[derive(Debug, Clone)]
pub(crate) struct Loader {
    queue: mpsc::Sender<Waiting>,
}

/// What the readers share. Behind a lock: whoever is free holds it, and takes all that wait.
#[derive(Clone)]
struct Shared {
    waiting: Arc<Mutex<mpsc::Receiver<Waiting>>>,
    batch_max: usize,
    batch_reads: Histogram,
}

impl Loader {
    /// Starts the loader. It ends when the last handle is dropped.
    pub(crate) fn start(store: &Store, limits: &Limits, batch_reads: Histogram) -> Result<Self, Failure> {
        let (queue, waiting) = mpsc::channel(limits.loader_queue_max);
        let waiting = Arc::new(Mutex::new(waiting));
        let shared = Shared { waiting, batch_max: limits.loader_batch_max, batch_reads };
        match store.record_readers(limits.loader_queries_max)? {
            RecordReaders::OnThread(reader) => {
                let runtime = Handle::current();
                tokio::task::spawn_blocking(move || runtime.block_on(shared.read(reader)));
            }
            RecordReaders::OnTasks(readers) => {
                for reader in readers {
                    tokio::spawn(shared.clone().read(reader));
                }
            }
        }
        Ok(Self { queue })
    }

    /// How full the queue is.
    pub(crate) fn queue(&self) -> QueueDepth {
        QueueDepth::of(&self.queue)
    }

    /// The newest revision of every record that the question finds.
    pub(crate) async fn fetch(&self, asked: RecordAsked) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.queue
            .try_send(Waiting { asked, answer })
            .map_err(|_full_or_closed| Failure::overloaded("the loader's queue is full"))?;
        answered.await.unwrap_or_else(|_closed| Err(Failure::stopping()))
    }
}

impl Shared {
    async fn read(self, mut reader: RecordReader) {
        let mut batch = Vec::with_capacity(self.batch_max);
        loop {
            if self.waiting.lock().await.recv_many(&mut batch, self.batch_max).await == 0 {
                return;
            }
            #[allow(clippy::cast_precision_loss, reason = "a batch is far smaller than 2^52")]
            self.batch_reads.observe(batch.len() as f64);
            answer(&mut reader, &mut batch).await;
        }
    }
}

async fn answer(reader: &mut RecordReader, batch: &mut Vec<Waiting>) {
    let (asked, answers): (Vec<_>, Vec<_>) = batch.drain(..).map(|waiting| (waiting.asked, waiting.answer)).unzip();
    match reader.records_fetch(&asked).await {
        Ok(found) => {
            for (answer, found) in answers.into_iter().zip(found) {
                // A caller that gave up does not listen any more.
                let _gone = answer.send(Ok(found));
            }
        }
        Err(error) => {
            let failure = Failure::store(error);
            for answer in answers {
                let _gone = answer.send(Err(failure.clone()));
            }
        }
    }
}
