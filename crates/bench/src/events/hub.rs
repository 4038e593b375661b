//! The hub as it is shipped, filled, published to and listened to through its own methods.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, LocalBoxFuture},
    stream,
};
use prost::Message;
use unefois_client::{Connection, Receiver, ReceiverSettings, RetryPolicy, Told, cursor_of, load_dossiers, publish};
use unefois_proto::pb::{
    income::v1::DeclaredTurnover,
    io::cloudevents::v1::cloud_event::Data,
    publication::v1::{PublishRequest, publish_response::Result as Fate},
    subscription::v1::{CreateRequest, DeleteRequest, Delivery, FetchEventsRequest, Reach},
};
use unefois_testkit::{House, Person, declaration, turnover_of};

use super::{
    flight::Source,
    follower::Follower,
    tells::{Over, Publisher, Subscriber, Tells},
};
use crate::{hub, population::AGENCIES};

const AGREEMENT: &str = "turnover-events";
/// How long the first event may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many days the dossiers are open.
const DOSSIER_DAYS: i64 = 30;

/// A hub that runs, with an open dossier on each of its people.
#[derive(Debug)]
pub(crate) struct TellingHub {
    house: House,
    people: Arc<Vec<Person>>,
}

impl TellingHub {
    /// Starts a hub, publishes so many events about these people in turn, and declares a dossier on each.
    pub(crate) async fn start(house: House, people: &Arc<Vec<Person>>, retained: u64) -> anyhow::Result<Self> {
        let hub = Self { house: house.started(), people: Arc::clone(people) };
        hub.house.applies(&registry()).await?;
        let began = Instant::now();
        let items = stream::iter((0..retained).map({
            let people = Arc::clone(people);
            move |number| event(&people, number)
        }));
        let published = acknowledged(publish(&hub.house.agency("urssaf").await, items).await?).await?;
        ensure!(published == retained, "{published} of {retained} records were published");
        let seconds = began.elapsed().as_secs_f64();
        println!("{retained} events retained after {seconds:.0} s, {:.0} a second", retained as f64 / seconds);
        hub.declare().await?;
        Ok(hub)
    }

    pub(crate) fn house(&self) -> &House {
        &self.house
    }

    /// How many bytes the hub tells of an event: of the next one, which is published for that.
    pub(crate) async fn look(&self, number: u64) -> anyhow::Result<usize> {
        let mut subscriber = self.subscription("look".to_owned(), 1).await?;
        let published =
            publish(&self.house.agency("urssaf").await, stream::iter([event(&self.people, number)])).await?;
        ensure!(acknowledged(published).await? == 1, "a record was not published");
        let told = tokio::time::timeout(PATIENCE, subscriber.receiver.next()).await.context("nothing is told")??;
        let Told::Event(delivery) = told else { bail!("an event is due: {told:?}") };
        ensure!(number_of(&delivery)? == number, "another event is told than was published");
        subscriber.receiver.acknowledge(cursor_of(&delivery)).await;
        subscriber.leaves().await?;
        Ok(delivery.event.map_or(0, |event| event.encoded_len()))
    }

    /// Creates a subscription. Gives its identifier.
    pub(crate) async fn subscription_create(&self, consumer: &Connection, name: String) -> anyhow::Result<String> {
        let reach = Reach::OpenDossiers.into();
        let request = CreateRequest { name, agreement: AGREEMENT.to_owned(), filter: None, reach, terms: None };
        let created = consumer.subscription().create(request).await?.into_inner();
        Ok(created.subscription.context("a subscription was created")?.subscription_id)
    }

    /// A subscription with its receiver.
    async fn subscription(&self, name: String, window: u16) -> anyhow::Result<Following> {
        let consumer = self.house.agency("cnaf").await;
        let id = self.subscription_create(&consumer, name).await?;
        let settings = ReceiverSettings { window: window.into(), ..ReceiverSettings::of(id.clone()) };
        let receiver = Receiver::new(consumer.clone(), settings);
        Ok(Following { consumer, id, receiver })
    }

    async fn declare(&self) -> anyhow::Result<()> {
        let declarations = self.people.iter().map(|person| declaration(person.by_nir(), DOSSIER_DAYS));
        let declarations: Vec<_> = declarations.collect();
        let consumer = self.house.agency("cnaf").await;
        let policy = RetryPolicy::default();
        let loaded = load_dossiers(&consumer, "measurement", stream::iter(declarations), &policy).await?;
        ensure!(loaded.opened == self.people.len() as u64, "the dossiers were not all opened: {loaded:?}");
        Ok(())
    }
}

/// One provider, one consumer with an agreement to be told, and the auditor.
fn registry() -> String {
    format!(
        "{AGENCIES}\n[[agreement]]\nid = \"{AGREEMENT}\"\ntitle = \"Urssaf → CNAF: changes of turnover\"\nconsumer = \"cnaf\"\n\
         provider = \"urssaf\"\ndataset = \"declared-turnover\"\n\
         fields = [\"siren\", \"period\", \"amounts\", \"status\"]\noperations = [\"push\"]\n\
         purpose = \"simplification\"\nlegal-basis = \"crpa-l114-8-i\"\npopulation = [\"natural-person\"]\n\
         valid-from = \"2024-01-01\"\n"
    )
}

/// The event of that number: a person has another amount than the time before, which is the number.
fn event(people: &[Person], number: u64) -> PublishRequest {
    turnover_of(&people[(number % people.len() as u64) as usize], number as i64)
}

/// The number of an event that was told.
fn number_of(delivery: &Delivery) -> anyhow::Result<u64> {
    let data = delivery.event.as_ref().and_then(|event| event.data.as_ref());
    let Some(Data::ProtoData(any)) = data else { bail!("an event has no record") };
    let amounts = DeclaredTurnover::decode(any.value.as_slice())?.amounts;
    let number = amounts.and_then(|amounts| amounts.bnc_cents).context("an event has no amount")?;
    Ok(u64::try_from(number)?)
}

/// How many records were published, each of which must be a new revision.
async fn acknowledged(mut answers: unefois_client::Answers) -> anyhow::Result<u64> {
    let mut count = 0;
    while let Some(answer) = answers.next().await {
        match answer?.result {
            Some(Fate::Acknowledged(acknowledgement)) if acknowledgement.receipt.is_some() => count += 1,
            other => bail!("a record was not published: {other:?}"),
        }
    }
    Ok(count)
}

impl Tells for TellingHub {
    fn publisher(&self) -> LocalBoxFuture<'_, anyhow::Result<Box<dyn Publisher>>> {
        async {
            let publisher =
                Publishing { provider: self.house.agency("urssaf").await, people: Arc::clone(&self.people) };
            Ok(Box::new(publisher) as Box<dyn Publisher>)
        }
        .boxed_local()
    }

    fn subscriber(&self, name: String, window: u16) -> LocalBoxFuture<'_, anyhow::Result<Box<dyn Subscriber>>> {
        async move { Ok(Box::new(self.subscription(name, window).await?) as Box<dyn Subscriber>) }.boxed_local()
    }

    fn entries(&self) -> LocalBoxFuture<'_, anyhow::Result<Option<u64>>> {
        async { hub::entries_of(&self.house).await.map(Some) }.boxed_local()
    }
}

struct Publishing {
    provider: Connection,
    people: Arc<Vec<Person>>,
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
struct Following {
    consumer: Connection,
    id: String,
    receiver: Receiver,
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
    async fn leaves(self) -> anyhow::Result<()> {
        let Self { consumer, id, receiver } = self;
        receiver.close().await;
        let fetch = FetchEventsRequest { subscription_id: id.clone(), events_max: 0 };
        let left = consumer.subscription().fetch_events(fetch).await?.into_inner();
        ensure!(left.held_because.is_empty(), "the subscription is held: {}", left.held_because);
        ensure!(left.deliveries.is_empty(), "the hub tells {} events again", left.deliveries.len());
        consumer.subscription().delete(DeleteRequest { subscription_id: id }).await?;
        Ok(())
    }
}
