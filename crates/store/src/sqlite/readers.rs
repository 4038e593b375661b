//! Reading: a few connections, lent to one question at a time.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::open::connect_to_read;
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
    /// One permit for each connection that there may be.
    free: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, limits: &StoreLimits) -> Self {
        let free = Arc::new(Semaphore::new(limits.readers_max as usize));
        Self(Arc::new(Shared { path, limits: limits.clone(), idle: Mutex::default(), free }))
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
        asked.await.unwrap_or_else(|_panicked| Err(Error::Ended { what: "a reader" }))
    }

    /// One more connection, for one who reads all the time on a thread of its own.
    pub(super) fn connect(&self) -> Result<Connection, Error> {
        connect_to_read(&self.0.path, &self.0.limits)
    }

    /// Waits until nothing is asked any more, and closes every connection.
    pub(crate) async fn close(&self) {
        let Shared { free, idle, limits, .. } = &*self.0;
        let _all = free.acquire_many(limits.readers_max).await;
        free.close();
        idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Shared {
    fn take(&self) -> Result<Connection, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| connect_to_read(&self.path, &self.limits), Ok)
    }
}
