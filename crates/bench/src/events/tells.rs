//! What a load needs of a server that tells events, whatever its make.

use std::fmt::Debug;

use futures::{
    StreamExt,
    future::{BoxFuture, LocalBoxFuture},
    stream::FuturesUnordered,
};
use tokio::sync::watch;

use super::{flight::Source, follower::Follower};

/// A server that tells events.
pub(crate) trait Tells: Debug {
    /// Connects a publisher.
    fn publisher(&self) -> LocalBoxFuture<'_, anyhow::Result<Box<dyn Publisher>>>;

    /// Makes a subscription to everything that is published from now on, and connects its subscriber, who may have so many
    /// events unacknowledged.
    fn subscriber(&self, name: String, window: u16) -> LocalBoxFuture<'_, anyhow::Result<Box<dyn Subscriber>>>;

    /// How many entries its ledger has, where it has one.
    fn entries(&self) -> LocalBoxFuture<'_, anyhow::Result<Option<u64>>>;
}

/// Publishes on a connection of its own.
pub(crate) trait Publisher {
    /// Publishes whatever comes, and gives how many events these were when the server has confirmed all of them.
    fn publish(self: Box<Self>, source: Source) -> LocalBoxFuture<'static, anyhow::Result<u64>>;
}

/// Is told on a connection of its own.
pub(crate) trait Subscriber: Send {
    /// Acknowledges every event that comes, one by one, until the load is over. Then looks whether the server has anything
    /// left to tell, which is an error, and deletes the subscription.
    fn follow(self: Box<Self>, follower: Follower, over: Over) -> BoxFuture<'static, anyhow::Result<Follower>>;
}

/// Says when everything was told.
#[derive(Debug, Clone)]
pub(crate) struct Over(watch::Receiver<bool>);

impl Over {
    /// What says so, and what hears it.
    pub(crate) fn new() -> (watch::Sender<bool>, Self) {
        let (says, hears) = watch::channel(false);
        (says, Self(hears))
    }

    pub(crate) async fn comes(&mut self) {
        // Whoever would say so is gone: it is over.
        let _gone = self.0.wait_for(|over| *over).await;
    }
}

/// Publishes what comes from a source, and waits for the confirmations while it does. `publish` sends one event, and gives
/// what waits for its confirmation.
pub(crate) async fn publish_confirmed<C>(
    mut source: Source,
    mut publish: impl AsyncFnMut(u64) -> anyhow::Result<C>,
) -> anyhow::Result<u64>
where
    C: Future<Output = anyhow::Result<()>>,
{
    let mut unconfirmed = FuturesUnordered::new();
    let (mut published, mut is_open) = (0, true);
    while is_open || !unconfirmed.is_empty() {
        tokio::select! {
            Some(confirmed) = unconfirmed.next() => confirmed?,
            next = source.next(), if is_open => match next {
                Some(number) => {
                    unconfirmed.push(publish(number).await?);
                    published += 1;
                }
                None => is_open = false,
            },
        }
    }
    Ok(published)
}
