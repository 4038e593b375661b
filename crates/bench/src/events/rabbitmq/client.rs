//! A publisher and a subscriber of RabbitMQ.

use anyhow::{Context, ensure};
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, LocalBoxFuture},
};
use lapin::{
    BasicProperties, Channel, Connection, Consumer,
    options::{BasicAckOptions, BasicCancelOptions, BasicGetOptions, BasicPublishOptions, QueueDeleteOptions},
};

use super::{CONSUMER, EXCHANGE};
use crate::events::{
    flight::Source,
    follower::Follower,
    payload,
    tells::{Over, Publisher, Subscriber, publish_confirmed},
};

/// A message that outlives the server.
const PERSISTENT: u8 = 2;
/// AMQP's number for an end without an error.
const GOODBYE: u16 = 200;

pub(super) struct Publishing {
    pub(super) connection: Connection,
    pub(super) channel: Channel,
    pub(super) payload_bytes: usize,
}

impl Publisher for Publishing {
    fn publish(self: Box<Self>, source: Source) -> LocalBoxFuture<'static, anyhow::Result<u64>> {
        async move {
            let published = publish_confirmed(source, async |number| {
                let payload = payload::of(number, self.payload_bytes);
                let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
                let options = BasicPublishOptions::default();
                let sent =
                    self.channel.basic_publish(EXCHANGE.into(), "".into(), options, &payload, properties).await?;
                Ok(async {
                    let confirmation = sent.await?;
                    ensure!(confirmation.is_ack(), "RabbitMQ did not confirm a message");
                    Ok(())
                })
            });
            let published = published.await?;
            self.connection.close(GOODBYE, "".into()).await?;
            Ok(published)
        }
        .boxed_local()
    }
}

pub(super) struct Following {
    pub(super) connection: Connection,
    pub(super) channel: Channel,
    pub(super) consumer: Consumer,
    pub(super) name: String,
}

impl Subscriber for Following {
    fn follow(
        mut self: Box<Self>,
        mut follower: Follower,
        mut over: Over,
    ) -> BoxFuture<'static, anyhow::Result<Follower>> {
        async move {
            loop {
                let delivery = tokio::select! {
                    () = over.comes() => break,
                    delivery = self.consumer.next() => delivery.context("the consumer has ended")??,
                };
                let number = payload::number_of(&delivery.data)?;
                follower.is_told(number)?;
                delivery.ack(BasicAckOptions::default()).await?;
                follower.has_acknowledged(number)?;
            }
            self.leaves().await?;
            Ok(follower)
        }
        .boxed()
    }
}

impl Following {
    /// Cancels, which comes behind the acknowledgements; what is unacknowledged would be in the queue again when its channel
    /// is closed.
    async fn leaves(&self) -> anyhow::Result<()> {
        let name = || self.name.as_str().into();
        self.channel.basic_cancel(CONSUMER.into(), BasicCancelOptions::default()).await?;
        self.channel.close(GOODBYE, "".into()).await?;
        let channel = self.connection.create_channel().await?;
        let left = channel.basic_get(name(), BasicGetOptions::default()).await?;
        ensure!(left.is_none(), "RabbitMQ has a message that was not acknowledged");
        channel.queue_delete(name(), QueueDeleteOptions::default()).await?;
        Ok(self.connection.close(GOODBYE, "".into()).await?)
    }
}
