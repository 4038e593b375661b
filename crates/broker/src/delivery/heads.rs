//! The heads of the log of events as this node last saw them, for all who are told here.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};
use unefois_core::Cursor;
use unefois_store::Store;

/// What those who are told wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The heads; the beginning before they were read.
    pub(crate) heads: Cursor,
    /// Whether the hub was told to stop.
    pub(crate) is_stopping: bool,
}

/// The heads. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Heads {
    seen: Arc<watch::Sender<Seen>>,
    published: Arc<Notify>,
}

impl Heads {
    pub(crate) fn new() -> Self {
        let seen = watch::Sender::new(Seen { heads: Cursor::BEGIN, is_stopping: false });
        Self { seen: Arc::new(seen), published: Arc::default() }
    }

    /// This node has published something.
    pub(crate) fn published(&self) {
        self.published.notify_one();
    }

    /// Nobody is told any more.
    pub(crate) fn stop(&self) {
        self.seen.send_modify(|seen| seen.is_stopping = true);
    }

    /// Follows them.
    pub(crate) fn follow(&self) -> watch::Receiver<Seen> {
        let receiver = self.seen.subscribe();
        // Nobody looked while nobody was told.
        self.published.notify_one();
        receiver
    }

    /// Looks whenever this node published, and every so often for what other nodes did. It does not end.
    pub(crate) async fn run(self, store: Store, every: Duration) {
        loop {
            let _woken_or_not = tokio::time::timeout(every, self.published.notified()).await;
            if self.seen.receiver_count() == 0 {
                continue;
            }
            match store.event_heads_fetch().await {
                Ok(heads) => drop(self.seen.send_if_modified(|seen| {
                    let is_new = seen.heads != heads;
                    seen.heads = heads;
                    is_new
                })),
                Err(error) => tracing::warn!(%error, "the heads of the log of events are not read; later"),
            }
        }
    }
}
