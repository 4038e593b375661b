//! Whether the hub can record now, so that nobody queues up behind storage that stalls or failed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;
use unefois_store::InFlight;

use crate::{failure::Failure, hub::Hub, limits::Limits};

/// Why the hub takes no new work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unready {
    /// A write to the database, the key store or the outside checkpoint does not come further.
    #[error("a write to the storage has not come further for {} ms", since.as_millis())]
    Stalled {
        /// For how long.
        since: Duration,
    },
    /// The search index is too far behind the ledger.
    #[error("the search index is {entries} entries behind the ledger")]
    IndexBehind {
        /// By how many entries.
        entries: u64,
    },
    /// The database cannot be reached.
    #[error("the database cannot be reached")]
    Unreachable,
    /// The hub was told to stop. It finishes what it took on.
    #[error("the hub is stopping")]
    Stopping,
    /// The storage failed. The process is about to end.
    #[error("the storage failed")]
    StorageFailed,
}

/// What the hub knows of its own storage. Clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Readiness(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    ledger: InFlight,
    keys: InFlight,
    stall_max: Duration,
    wait_max: Duration,
    is_stopping: AtomicBool,
    is_unreached: AtomicBool,
    failed: watch::Sender<Option<Failure>>,
}

impl Readiness {
    /// Watches the writer of the ledger and that of the key store.
    pub(crate) fn new(ledger: InFlight, keys: InFlight, limits: &Limits) -> Self {
        Self(Arc::new(Shared {
            ledger,
            keys,
            stall_max: limits.commit_stall_max,
            wait_max: limits.commit_wait_max,
            is_stopping: AtomicBool::new(false),
            is_unreached: AtomicBool::new(false),
            failed: watch::Sender::new(None),
        }))
    }

    /// Whether the storage takes writes.
    pub(crate) fn check(&self) -> Result<(), Unready> {
        if self.0.failed.borrow().is_some() {
            return Err(Unready::StorageFailed);
        }
        let since = self.0.ledger.age().max(self.0.keys.age()).unwrap_or_default();
        if since > self.0.stall_max {
            return Err(Unready::Stalled { since });
        }
        if self.0.is_unreached.load(Ordering::Relaxed) {
            return Err(Unready::Unreachable);
        }
        if self.0.is_stopping.load(Ordering::Relaxed) {
            return Err(Unready::Stopping);
        }
        Ok(())
    }

    /// Refuses new work while the storage does not take writes.
    pub(crate) fn admit(&self) -> Result<(), Failure> {
        self.check().or_else(Unready::refusal)
    }

    /// Waits for what must be durable, but not for ever. What is given up on may still be recorded later.
    pub(crate) async fn within<T>(&self, waited_for: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let waited = tokio::time::timeout(self.0.wait_max, waited_for).await;
        waited.unwrap_or_else(|_elapsed| Err(Failure::stopping()))
    }

    /// The hub is told to stop: it is not ready for more, and finishes what comes in still.
    pub(crate) fn stop(&self) {
        self.0.is_stopping.store(true, Ordering::Relaxed);
    }

    /// The database answered.
    pub(crate) fn reached(&self) {
        self.0.is_unreached.store(false, Ordering::Relaxed);
    }

    /// The database did not answer.
    pub(crate) fn unreached(&self) {
        self.0.is_unreached.store(true, Ordering::Relaxed);
    }

    /// The storage failed. The first failure is the one that counts.
    pub(crate) fn fail(&self, failure: &Failure) {
        self.0.failed.send_if_modified(|failed| {
            let is_first = failed.is_none();
            failed.get_or_insert_with(|| failure.clone());
            is_first
        });
    }

    /// Returns when the storage has failed.
    pub(crate) async fn failed(&self) -> Failure {
        let mut failed = self.0.failed.subscribe();
        match failed.wait_for(Option::is_some).await {
            Ok(failure) => failure.clone().unwrap_or_else(Failure::stopping),
            Err(_sender_gone) => Failure::stopping(),
        }
    }
}

impl Unready {
    /// How new work is refused; one who finishes what came in still refuses nothing.
    pub(crate) fn refusal(self) -> Result<(), Failure> {
        match self {
            Self::Stalled { .. } => Err(Failure::overloaded("the storage stalls")),
            Self::IndexBehind { .. } => Err(Failure::overloaded("the search index is too far behind")),
            Self::StorageFailed | Self::Unreachable => Err(Failure::stopping()),
            Self::Stopping => Ok(()),
        }
    }
}

impl Hub {
    /// Whether the hub takes new work now.
    ///
    /// # Errors
    /// Why it does not; [`Unready::Stalled`] and [`Unready::IndexBehind`] pass.
    pub fn readiness(&self) -> Result<(), Unready> {
        self.recorder.readiness()
    }
}
