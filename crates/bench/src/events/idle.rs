//! Memory of subscribers that are told nothing: each on a connection of its own, on a hub of their own, beside streams that
//! are open on a bare server.

use std::{process::Command, rc::Rc, time::Duration};

use anyhow::Context;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use http::uri::PathAndQuery;
use tempfile::TempDir;
use tokio::{sync::mpsc, time::sleep};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Streaming, client::Grpc};
use unefois_client::{ClientSettings, Connection};
use unefois_proto::pb::subscription::v1::{Open, ReceiveRequest, ReceiveResponse, receive_request::Action};
use unefois_testkit::{HubProcess, Pki, Storage};

use super::{
    hub::TellingHub,
    load::{Load, Publishing},
    running::{Filling, Running},
    teller::Teller,
};
use crate::{
    arguments::EventsOptions, bare, codec::BytesCodec, cpu::Processor, hub, optimised::Server, running::Processes,
    shape::Shape,
};

/// How many connect at the same time.
const AT_ONCE: usize = 8;
/// How many subscribers and streams have come before memory is looked at: the first ones cost more.
const FIRST: u16 = 16;
const WINDOW: u16 = 32;
const FILLING: (u32, u64) = (100, 100);
/// What it takes to start the servers.
#[derive(Debug)]
pub(crate) struct Site<'run> {
    server: &'run Server,
    idle: u16,
    /// How long the hub works before it is looked at, and how long the idle are watched.
    watched: Duration,
    processor: Processor,
    folder: TempDir,
    pki: Pki,
}

/// What each of the idle costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Each {
    pub(crate) kib: f64,
    pub(crate) processor_us_per_second: f64,
}

/// An idle subscriber: its connection, what it would say, and what it is told.
type Subscriber = (Connection, mpsc::Sender<ReceiveRequest>, Streaming<ReceiveResponse>);
/// The same of a bare stream.
type BareStream = (Connection, mpsc::Sender<Bytes>, Streaming<Bytes>);

impl<'run> Site<'run> {
    pub(crate) fn open(server: &'run Server, options: &EventsOptions, processor: Processor) -> anyhow::Result<Self> {
        let folder = TempDir::new().context("no folder for certificates")?;
        let pki = Pki::init(&folder.path().join("pki"));
        let watched = Duration::from_secs(options.seconds);
        Ok(Self { server, idle: options.idle, watched, processor, folder, pki })
    }

    /// Opens streams on a bare server.
    pub(crate) async fn streams(&self) -> anyhow::Result<Each> {
        let mut command = Command::new(std::env::current_exe().context("where this program lies is not known")?);
        let server = self.pki.server();
        command.arg("stream-server").arg("--certificate").arg(server.certificate).arg("--key").arg(server.key);
        command.arg("--ca").arg(self.pki.ca()).args(["--answer-bytes", "0"]);
        let process =
            HubProcess::spawn(command, &self.folder.path().join("streams.log")).map_err(anyhow::Error::msg)?;
        let client = self.pki.client("cnaf", "main");
        let settings = ClientSettings {
            endpoint: process.endpoint(),
            ca: self.pki.ca(),
            certificate: Some(client.certificate),
            key: Some(client.key),
            ..ClientSettings::default()
        };
        let open = async |_number: u16| open_stream(&settings).await;
        self.watch("streams", process.id(), open).await
    }

    /// Connects subscribers to a hub that has worked.
    pub(crate) async fn subscribers(&self) -> anyhow::Result<Each> {
        let more = format!("subscriptions-max = {}\n", u32::from(self.idle) + u32::from(FIRST) + 1);
        let house = hub::house_of(self.server, Storage::Sqlite, &more)?;
        let (subjects, retained) = FILLING;
        let filling = Filling::new(subjects, retained);
        let hub = Rc::new(TellingHub::start(house, &filling.people, retained).await?);
        hub.look(retained).await?;
        let running = Running::hub(Teller::UnefoisSqlite, Rc::clone(&hub), &filling);
        self.warm_up().run(&running, self.processor).await?;
        let numbers = stream::iter(0..FIRST + self.idle);
        let consumer = hub.house().agency("cnaf").await;
        let creating = numbers.map(|number| hub.subscription_create(&consumer, format!("idle-{number}")));
        let ids: Vec<String> = creating.buffered(AT_ONCE).try_collect().await?;
        let open = async |number: u16| {
            let connection = hub.house().agency("cnaf").await;
            subscribe(connection, ids[usize::from(number)].clone()).await
        };
        self.watch("subscribers", hub.house().process_id(), open).await
    }

    /// What makes the hub as large as its work makes it, before it is looked at.
    fn warm_up(&self) -> Load {
        Load {
            shape: Shape { connections: 8, streams: WINDOW },
            warm_up: Duration::ZERO,
            measured: self.watched,
            publishing: Publishing::Closed,
            subjects: FILLING.0,
        }
    }

    /// Opens the first, looks, opens the others, watches them, and looks again.
    async fn watch<T>(
        &self,
        what: &str,
        server: u32,
        open: impl AsyncFn(u16) -> anyhow::Result<T>,
    ) -> anyhow::Result<Each> {
        let open_some = async |numbers: std::ops::Range<u16>| {
            stream::iter(numbers)
                .map(async |number| open(number).await)
                .buffer_unordered(AT_ONCE)
                .try_collect::<Vec<T>>()
                .await
        };
        let first = open_some(0..FIRST).await?;
        self.processor.settle(Processes { server, database: None }).await?;
        let before = self.processor.resident_kib(server)?;
        let idle = open_some(FIRST..FIRST + self.idle).await?;
        sleep(self.watched).await;
        let used = self.processor.used_by(server)?;
        sleep(self.watched).await;
        let used = self.processor.used_by(server)?.saturating_sub(used);
        let after = self.processor.resident_kib(server)?;
        let all = (idle.len() + first.len()) as f64;
        let each = Each {
            kib: after.saturating_sub(before) as f64 / idle.len() as f64,
            processor_us_per_second: used.as_secs_f64() * 1e6 / self.watched.as_secs_f64() / all,
        };
        println!(
            "{} idle {what}: {:.1} KiB each ({before} KiB resident before, {after} KiB with them)",
            idle.len(),
            each.kib
        );
        Ok(each)
    }
}

async fn open_stream(settings: &ClientSettings) -> anyhow::Result<BareStream> {
    let connection = Connection::open(settings).await?;
    let (says, said) = mpsc::channel(1);
    says.send(Bytes::from_static(b"open")).await?;
    let mut grpc = Grpc::new(connection.channel());
    grpc.ready().await?;
    let method = PathAndQuery::from_static(bare::METHOD);
    let told = grpc.streaming(tonic::Request::new(ReceiverStream::new(said)), method, BytesCodec).await?.into_inner();
    Ok((connection, says, told))
}

async fn subscribe(connection: Connection, subscription_id: String) -> anyhow::Result<Subscriber> {
    let (says, said) = mpsc::channel(1);
    let open = Open { subscription_id, window: u32::from(WINDOW), from: None };
    says.send(ReceiveRequest { action: Some(Action::Open(open)) }).await?;
    let told = connection.subscription().receive(ReceiverStream::new(said)).await?.into_inner();
    Ok((connection, says, told))
}
