//! The loader: concurrent point reads become one query.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot};
use unefois_store::{HeldRevision, RecordAsked, Store};
use unefois_telemetry::Histogram;

use crate::{failure::Failure, limits::Limits, metrics::QueueDepth};

type Answer = Result<Vec<HeldRevision>, Failure>;

struct Waiting {
    asked: RecordAsked,
    answer: oneshot::Sender<Answer>,
}

/// A handle on the loader. Questions that come while a query is in flight are asked together in the next.
#[derive(Debug, Clone)]
pub(crate) struct Loader {
    queue: mpsc::Sender<Waiting>,
}

impl Loader {
    /// Starts the loader. It ends when the last handle is dropped.
    pub(crate) fn start(store: Store, limits: &Limits, batch_reads: Histogram) -> Self {
        let (queue, waiting) = mpsc::channel(limits.loader_queue_max);
        tokio::spawn(run(store, waiting, limits.loader_batch_max, limits.loader_queries_max, batch_reads));
        Self { queue }
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

async fn run(
    store: Store,
    mut waiting: mpsc::Receiver<Waiting>,
    batch_max: usize,
    queries_max: usize,
    batch_reads: Histogram,
) {
    let slots = Arc::new(Semaphore::new(queries_max));
    let mut batch = Vec::with_capacity(batch_max);
    loop {
        // The slot first: questions gather while every query is busy, and one that comes alone is asked at once.
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        if waiting.recv_many(&mut batch, batch_max).await == 0 {
            return;
        }
        let batch = std::mem::take(&mut batch);
        #[allow(clippy::cast_precision_loss, reason = "a batch is far smaller than 2^52")]
        batch_reads.observe(batch.len() as f64);
        let store = store.clone();
        tokio::spawn(async move {
            answer(&store, batch).await;
            drop(slot);
        });
    }
}

async fn answer(store: &Store, batch: Vec<Waiting>) {
    let (asked, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|waiting| (waiting.asked, waiting.answer)).unzip();
    let (send_all, failed): (Vec<Answer>, Option<unefois_store::Error>) = match store.records_fetch(&asked).await {
        Ok(found) => (found.into_iter().map(Ok).collect(), None),
        Err(error) => (Vec::new(), Some(error)),
    };
    match failed {
        None => {
            for (answer, found) in answers.into_iter().zip(send_all) {
                // A caller that gave up does not listen any more.
                let _gone = answer.send(found);
            }
        }
        Some(error) => {
            let failure = Failure::store(error);
            for answer in answers {
                let _gone = answer.send(Err(failure.clone()));
            }
        }
    }
}
