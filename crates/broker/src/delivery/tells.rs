//! What a receiver is told, from its loop to its connection.

use tokio::sync::mpsc;

use super::Told;
use crate::{failure::Failure, hub::Hub};

/// By which a receiver is told.
#[derive(Debug)]
pub struct Tells {
    pub(super) hub: Hub,
    pub(super) told: mpsc::Receiver<Queued>,
    /// Why its loop has ended.
    pub(super) over: mpsc::Receiver<Failure>,
}

/// Something that waits for the connection.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) told: Told,
    /// The keys whose destruction means that it must not be told any more; none, when it names nobody.
    pub(super) keys: Option<[[u8; 16]; 2]>,
}

impl Tells {
    /// What is told next; an error is the last, and comes before whatever still waits: that is told again to whoever comes
    /// next. `None` once the receiver has said that it wants nothing more.
    pub async fn next(&mut self) -> Option<Result<Told, Failure>> {
        loop {
            let queued = tokio::select! {
                biased;
                Some(failure) = self.over.recv() => return Some(Err(failure)),
                queued = self.told.recv() => queued,
            };
            let Some(Queued { told, keys }) = queued else { return self.over.recv().await.map(Err) };
            // Its subject was erased while it waited. It is refused when it would be told again.
            let is_erased = keys.is_some_and(|keys| keys.iter().any(|key| self.hub.keys.is_destroyed(key)));
            if !is_erased {
                return Some(Ok(told));
            }
        }
    }
}
