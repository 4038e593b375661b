//! What a receiver is told, from its loop to its connection.

use futures::future::{Fuse, FusedFuture};
use tokio::sync::{mpsc, oneshot};

use super::Told;
use crate::{failure::Failure, hub::Hub};

/// By which a receiver is told.
#[derive(Debug)]
pub struct Tells {
    pub(super) hub: Hub,
    pub(super) told: mpsc::Receiver<Told>,
    /// Why its loop has ended.
    pub(super) over: Fuse<oneshot::Receiver<Failure>>,
}

impl Tells {
    /// What is told next; an error is the last, and comes before whatever still waits: that is told again to whoever comes
    /// next. `None` once the receiver has said that it wants nothing more.
    pub async fn next(&mut self) -> Option<Result<Told, Failure>> {
        loop {
            let told = tokio::select! {
                biased;
                Ok(failure) = &mut self.over => return Some(Err(failure)),
                told = self.told.recv() => told,
            };
            let Some(told) = told else { return self.last_words().await.map(Err) };
            // Its subject was erased while it waited. It is refused when it would be told again.
            let is_erased = match &told {
                Told::Delivery(delivery) => delivery.keys.iter().any(|key| self.hub.keys.is_destroyed(key)),
                Told::Holding(_) => false,
            };
            if !is_erased {
                return Some(Ok(told));
            }
        }
    }

    /// Why its loop has ended, unless it was left.
    async fn last_words(&mut self) -> Option<Failure> {
        if self.over.is_terminated() { None } else { (&mut self.over).await.ok() }
    }
}
