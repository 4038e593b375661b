//! A publisher and a subscriber of NATS JetStream.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use async_nats::jetstream::{self, consumer::PullConsumer};
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, LocalBoxFuture},
};

use super::STREAM;
use crate::events::{
    flight::Source,
    follower::Follower,
    payload,
    tells::{Over, Publisher, Subscriber, publish_confirmed},
};

/// How long the server may take to count acknowledgements, which it does not answer.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct Publishing {
    pub(super) context: jetstream::Context,
    pub(super) payload_bytes: usize,
}

impl Publisher for Publishing {
    fn publish(self: Box<Self>, source: Source) -> LocalBoxFuture<'static, anyhow::Result<u64>> {
        async move {
            let Self { context, payload_bytes } = *self;
            publish_confirmed(source, async |number| {
                let sent = context.publish(STREAM, payload::of(number, payload_bytes)).await?;
                Ok(async {
                    sent.await?;
                    Ok(())
                })
            })
            .await
        }
        .boxed_local()
    }
}

#[derive(Debug)]
pub(super) struct Following {
    pub(super) context: jetstream::Context,
    pub(super) consumer: PullConsumer,
    pub(super) name: String,
    pub(super) window: u16,
}

impl Subscriber for Following {
    fn follow(self: Box<Self>, mut follower: Follower, mut over: Over) -> BoxFuture<'static, anyhow::Result<Follower>> {
        async move {
            let batch = usize::from(self.window);
            let mut messages = self.consumer.stream().max_messages_per_batch(batch).messages().await?;
            loop {
                let message = tokio::select! {
                    () = over.comes() => break,
                    message = messages.next() => message.context("the consumer has ended")??,
                };
                let number = payload::number_of(&message.payload)?;
                follower.is_told(number)?;
                message.ack().await.map_err(anyhow::Error::from_boxed)?;
                follower.has_acknowledged(number)?;
            }
            self.settles().await?;
            self.context.delete_consumer_from_stream(&self.name, STREAM).await?;
            Ok(follower)
        }
        .boxed()
    }
}

impl Following {
    /// Waits until the server has counted every acknowledgement, and has nothing left to tell.
    async fn settles(&self) -> anyhow::Result<()> {
        let since = Instant::now();
        loop {
            let info = self.consumer.get_info().await?;
            if (info.num_pending, info.num_ack_pending) == (0, 0) {
                return Ok(());
            }
            ensure!(since.elapsed() < PATIENCE, "NATS has {} messages unacknowledged", info.num_ack_pending);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}
