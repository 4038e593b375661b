//! The hub as it is shipped, filled, published to and listened to through its own methods.

mod client;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use futures::{FutureExt, future::LocalBoxFuture, stream};
use prost::Message;
use unefois_client::{Connection, Receiver, ReceiverSettings, RetryPolicy, Told, cursor_of, load_dossiers, publish};
use unefois_proto::pb::subscription::v1::{CreateRequest, Reach};
use unefois_testkit::{House, Person, declaration};

use self::client::{Following, Publishing, acknowledged, event, number_of};
use super::tells::{Publisher, Subscriber, Tells};
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
