//! The heads of the log of events as this node last saw them, and what lies right behind them, for all who are told here.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};
use unefois_core::{Cursor, Place};
use unefois_store::Store;

use super::tail::{Newest, Tail};

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
    /// Somebody has come to follow them.
    followed: Arc<Notify>,
    tail: Arc<Tail>,
}

impl Heads {
    /// Unknown ones, with a tail of so many bytes at most.
    pub(crate) fn new(tail_bytes_max: usize) -> Self {
        let seen = watch::Sender::new(Seen { heads: Cursor::BEGIN, is_stopping: false });
        Self { seen: Arc::new(seen), followed: Arc::default(), tail: Arc::new(Tail::new(tail_bytes_max)) }
    }

    /// This node has published something. A position is drawn under the lock of its partition: what is before it is
    /// committed too.
    pub(crate) fn published(&self, events: Vec<Newest>) {
        // Whoever comes later looks into the store.
        if self.seen.receiver_count() == 0 {
            return;
        }
        let places: Vec<Place> = events.iter().map(|newest| newest.row.place).collect();
        events.into_iter().for_each(|newest| self.tail.push(newest));
        self.seen.send_modify(|seen| places.into_iter().for_each(|place| seen.heads.raise_to(place)));
    }

    /// What this node published last.
    pub(crate) fn tail(&self) -> &Tail {
        &self.tail
    }

    /// Nobody is told any more.
    pub(crate) fn stop(&self) {
        self.seen.send_modify(|seen| seen.is_stopping = true);
    }

    /// Follows them.
    pub(crate) fn follow(&self) -> watch::Receiver<Seen> {
        let receiver = self.seen.subscribe();
        // Nobody looked while nobody was told.
        self.followed.notify_one();
        receiver
    }

    /// Looks when somebody comes, and every so often for what other nodes published. It does not end.
    pub(crate) async fn run(self, store: Store, every: Duration) {
        loop {
            let _woken_or_not = tokio::time::timeout(every, self.followed.notified()).await;
            if self.seen.receiver_count() == 0 {
                continue;
            }
            match store.event_heads_fetch().await {
                Ok(heads) => drop(self.seen.send_if_modified(|seen| {
                    // This node may have published meanwhile.
                    let known = seen.heads;
                    seen.heads = known.join(&heads);
                    seen.heads != known
                })),
                Err(error) => tracing::warn!(%error, "the heads of the log of events are not read; later"),
            }
        }
    }
}
