//! Catching up with other nodes: what they put in force, merged or erased, this node must not remember otherwise.
//!
//! The recorder catches up inside its transaction as soon as the fence says that the epoch moved: nothing is recorded
//! under older authority. Between its batches this task does, so that an idle node knows within a second too: woken by
//! the database, and now and then to be sure.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use quick_cache::sync::Cache;
use unefois_store::{AuthorityMark, ErasureNumber, Store, Transaction, Wakes};

use crate::{
    authority::Authority, clock::Clock, failure::Failure, keys::Keys, readiness::Readiness, registry, subject::Known,
};

/// What this node remembers of what other nodes may change. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct CatchUp {
    pub(crate) authority: Arc<Authority>,
    pub(crate) subjects: Arc<Cache<[u8; 32], Known>>,
    pub(crate) keys: Keys,
    pub(crate) clock: Clock,
    /// The newest erasure whose keys were forgotten here.
    pub(crate) erasure: Arc<Mutex<ErasureNumber>>,
}

impl CatchUp {
    /// Shares what the hub remembers.
    pub(crate) async fn new(
        store: &Store,
        authority: &Arc<Authority>,
        subjects: &Arc<Cache<[u8; 32], Known>>,
        keys: &Keys,
        clock: Clock,
    ) -> Result<Self, Failure> {
        let erasure = Arc::new(Mutex::new(store.erasure_newest_fetch().await?));
        Ok(Self {
            authority: Arc::clone(authority),
            subjects: Arc::clone(subjects),
            keys: keys.clone(),
            clock,
            erasure,
        })
    }

    /// As the transaction sees it, which found the shard row at `epoch`.
    pub(crate) async fn in_tx(&self, tx: &mut Transaction<'_>, epoch: u64) -> Result<(), Failure> {
        let mark = tx.authority_in_tx().await?;
        let erased = tx.erased_keys_since_in_tx(self.erasure()).await?;
        let registry = registry::load_in_tx(tx).await?;
        self.learn(&AuthorityMark { epoch, ..mark }, &erased, registry);
        Ok(())
    }

    /// As the store has it, if it has something new.
    pub(crate) async fn with(&self, store: &Store) -> Result<(), Failure> {
        // The mark first: what is read after it is at least as new.
        let mark = store.authority_fetch().await?;
        let known = self.authority.load();
        let is_new = mark.epoch > known.epoch || mark.registry > known.registry.version();
        if !is_new && mark.erasure <= self.erasure() {
            return Ok(());
        }
        let erased = store.erased_keys_since_list(self.erasure()).await?;
        let registry = registry::load(store).await?;
        self.learn(&mark, &erased, registry);
        Ok(())
    }

    /// The keys before the epoch: what is decided under it must not open what was erased. The subjects after it: what
    /// was read before is not remembered after (`subject.rs`).
    fn learn(&self, mark: &AuthorityMark, erased: &[[u8; 16]], registry: unefois_core::Registry) {
        self.keys.forget(erased, self.clock.now());
        {
            let mut known = self.erasure.lock().unwrap_or_else(PoisonError::into_inner);
            *known = (*known).max(mark.erasure);
        }
        self.authority.advance(&Arc::new(registry), mark.epoch);
        self.subjects.clear();
    }

    fn erasure(&self) -> ErasureNumber {
        *self.erasure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Catches up whenever another node says so, and every so often. Until the hub stops it does not end.
pub(crate) async fn run(catch_up: CatchUp, store: Store, wakes: Option<Wakes>, every: Duration, storage: Readiness) {
    // With one node there is nobody to catch up with.
    let Some(mut wakes) = wakes else { return std::future::pending().await };
    let mut is_heard = true;
    loop {
        if is_heard {
            // Woken or not, it is looked at: a wake may have been lost with its connection.
            if let Ok(Err(error)) = tokio::time::timeout(every, wakes.next()).await {
                tracing::debug!(%error, "the database does not wake this node");
                is_heard = false;
            }
        } else {
            tokio::time::sleep(every).await;
            is_heard = true;
        }
        match catch_up.with(&store).await {
            Ok(()) => storage.reached(),
            Err(failure) => {
                tracing::warn!(reason = failure.reason.code(), cause = ?failure.cause, "the database is not reached");
                storage.unreached();
            }
        }
    }
}
