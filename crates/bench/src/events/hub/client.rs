//! A publisher and a subscriber of the hub.

use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, LocalBoxFuture},
    stream,
};
use prost::Message;
use unefois_client::{Connection, Receiver, Told, cursor_of, publish};
use unefois_proto::pb::{
    income::v1::DeclaredTurnover,
    io::cloudevents::v1::cloud_event::Data,
    publication::v1::{PublishRequest, publish_response::Result as Fate},
    subscription::v1::{DeleteRequest, Delivery, FetchEventsRequest},
};
use unefois_testkit::{Person, turnover_of};

use crate::events::{
    flight::Source,
    follower::Follower,
    tells::{Over, Publisher, Subscriber},
};

/// The event of that number: a person has another amount than the time before, which is the number.
pub(super) fn event(people: &[Person], number: u64) -> PublishRequest {
    turnover_of(&people[(number % people.len() as u64) as usize], number as i64)
}

/// The number of an event that was told.
pub(super) fn number_of(delivery: &Delivery) -> anyhow::Result<u64> {
    let data = delivery.event.as_ref().and_then(|event| event.data.as_ref());
    let Some(Data::ProtoData(any)) = data else { bail!("an event has no record") };
    let amounts = DeclaredTurnover::decode(any.value.as_slice())?.amounts;
    let number = amounts.and_then(|amounts| amounts.bnc_cents).context("an event has no amount")?;
    Ok(u64::try_from(number)?)
}

/// How many records were published, each of which must be a new revision.
pub(super) async fn acknowledged(mut answers: unefois_client::Answers) -> anyhow::Result<u64> {
    let mut count = 0;
    while let Some(answer) = answers.next().await {
        match answer?.result {
            Some(Fate::Acknowledged(acknowledgement)) if acknowledgement.receipt.is_some() => count += 1,
            other => bail!("a record was not published: {other:?}"),
        }
    }
    Ok(count)
}

pub(super) struct Publishing {
    pub(super) provider: Connection,
    pub(super) people: Arc<Vec<Person>>,
}

impl Publisher for Publishing {
    fn publish(self: Box<Self>, source: Source) -> LocalBoxFuture<'static, anyhow::Result<u64>> {
        async move {
            let Self { provider, people } = *self;
            let items = stream::unfold((source, people), async |(mut source, people)| {
                let number = source.next().await?;
                Some((event(&people, number), (source, people)))
            });
            acknowledged(publish(&provider, items).await?).await
        }
        .boxed_local()
    }
}

/// A subscription, and its receiver.
#[derive(Debug)]
pub(super) struct Following {
    pub(super) consumer: Connection,
    pub(super) id: String,
    pub(super) receiver: Receiver,
}

impl Subscriber for Following {
    fn follow(
        mut self: Box<Self>,
        mut follower: Follower,
        mut over: Over,
    ) -> BoxFuture<'static, anyhow::Result<Follower>> {
        async move {
            loop {
                let told = tokio::select! {
                    () = over.comes() => break,
                    told = self.receiver.next() => told?,
                };
                let Told::Event(delivery) = told else { bail!("the hub tells nothing: {told:?}") };
                let number = number_of(&delivery)?;
                follower.is_told(number)?;
                self.receiver.acknowledge(cursor_of(&delivery)).await;
                follower.has_acknowledged(number)?;
            }
            self.leaves().await?;
            Ok(follower)
        }
        .boxed()
    }
}

impl Following {
    /// Lets the hub hear every acknowledgement; then it must have nothing more to tell.
    pub(super) async fn leaves(self) -> anyhow::Result<()> {
        let Self { consumer, id, receiver } = self;
        receiver.close().await;
        let fetch = FetchEventsRequest { subscription_id: id.clone(), events_max: 0, from: None };
        let left = consumer.subscription().fetch_events(fetch).await?.into_inner();
        ensure!(left.held_because.is_empty(), "the subscription is held: {}", left.held_because);
        ensure!(left.deliveries.is_empty(), "the hub tells {} events again", left.deliveries.len());
        consumer.subscription().delete(DeleteRequest { subscription_id: id }).await?;
        Ok(())
    }
}
