//! Reading: a few connections, lent to one question at a time.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{open::connect_to_read, subscription::Receivers};
use crate::{error::Error, open::StoreLimits};

/// Reading. Clones share the connections.
#[derive(Debug, Clone)]
pub(crate) struct Readers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    limits: StoreLimits,
    /// Behind a lock because threads take and give back; never held while anything is asked.
    idle: Mutex<Vec<Connection>>,
    /// A permit for each connection that there may be.
    free: Arc<Semaphore>,
    receivers: Receivers,
}

impl Readers {
    pub(super) fn new(path: PathBuf, limits: &StoreLimits) -> Self {
        let free = Arc::new(Semaphore::new(permits(limits) as usize));
        Self(Arc::new(Shared {
            path,
            limits: limits.clone(),
            idle: Mutex::default(),
            free,
            receivers: Receivers::default(),
        }))
    }

    /// Asks on a thread for blocking work.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let free = Arc::clone(&self.0.free).acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(self.0.limits.reader_wait_max, free).await else {
            return Err(Error::NoReader);
        };
        let shared = Arc::clone(&self.0);
        let asked = tokio::task::spawn_blocking(move || {
            let mut connection = shared.take()?;
            let answer = question(&mut connection);
            shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            drop(permit);
            answer
        });
        asked.await.unwrap_or_else(|_panicked| Err(Error::NoReader))
    }

    /// Who receives.
    pub(super) fn receivers(&self) -> &Receivers {
        &self.0.receivers
    }

    /// A connection for one who reads all the time on a thread of its own, and the permit that goes with it.
    pub(super) fn lend(&self) -> Result<(Connection, OwnedSemaphorePermit), Error> {
        let permit = Arc::clone(&self.0.free).try_acquire_owned().map_err(|_none_left| Error::NoReader)?;
        Ok((self.0.take()?, permit))
    }

    /// Waits until nobody reads any more, and closes every connection: one that is open still would keep the writer
    /// from folding the whole write-ahead log.
    pub(crate) async fn close(&self) {
        let Shared { free, idle, limits, .. } = &*self.0;
        let _all = free.acquire_many(permits(limits)).await;
        free.close();
        idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// One for each that reads now and then, and one for the loader.
fn permits(limits: &StoreLimits) -> u32 {
    limits.readers_max.saturating_add(1)
}

impl Shared {
    fn take(&self) -> Result<Connection, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| connect_to_read(&self.path, &self.limits), Ok)
    }
}
