//! NATS JetStream: one stream in a file, each message on the disk before it is confirmed, and a durable consumer for each
//! subscription.

mod client;

use std::{fs, path::Path, time::Instant};

use anyhow::{Context, ensure};
use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, DeliverPolicy, pull},
    stream::{Config, StorageType},
};
use futures::{FutureExt, StreamExt, future::LocalBoxFuture};
use tempfile::TempDir;

use self::client::{Following, Publishing};
use super::{
    payload,
    process::{Process, free_port},
    programs,
    tells::{Publisher, Subscriber, Tells},
};

const STREAM: &str = "events";
/// How many messages are unconfirmed at a time while the stream is filled.
const FILL_IN_FLIGHT: usize = 1_024;

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Nats {
    process: Process,
    url: String,
    payload_bytes: usize,
    _folder: TempDir,
}

/// When the server writes to the disk.
#[derive(Debug, Clone, Copy)]
enum Sync {
    /// Before it confirms.
    Always,
    /// Now and then: to be filled faster.
    Later,
}

impl Nats {
    /// Starts a server whose stream retains so many messages of that size.
    pub(crate) async fn start(program: Option<&Path>, retained: u64, payload_bytes: usize) -> anyhow::Result<Self> {
        let folder = TempDir::new().context("no folder for NATS")?;
        let path = folder.path();
        let port = free_port()?;
        let configure = |sync: Sync| fs::write(path.join("nats.conf"), configuration(path, port, sync));
        configure(Sync::Always)?;
        let program = match program {
            Some(program) => program.to_owned(),
            None => programs::nats(&path.join("nats.conf"), path)?,
        };
        println!("nats: {}", programs::version(&program, &["--version"])?);
        let start = async || {
            let mut process = Process::start(&program, &path.join("nats.log"), |command| {
                command.arg("-c").arg(path.join("nats.conf"));
            })?;
            process.listens(port).await?;
            anyhow::Ok(process)
        };
        let url = format!("nats://127.0.0.1:{port}");
        configure(Sync::Later)?;
        let process = start().await?;
        fill(&url, retained, payload_bytes).await?;
        process.stop().await?;
        configure(Sync::Always)?;
        let process = start().await?;
        let context = connect(&url).await?;
        let held = context.get_stream(STREAM).await?.cached_info().state.messages;
        ensure!(held == retained, "{held} messages are retained where {retained} were published");
        Ok(Self { process, url, payload_bytes, _folder: folder })
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }
}

fn configuration(folder: &Path, port: u16, sync: Sync) -> String {
    let sync = match sync {
        Sync::Always => "always",
        Sync::Later => "\"2m\"",
    };
    let store = folder.join("store");
    format!("listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: {store:?}, sync_interval: {sync} }}\n")
}

async fn connect(url: &str) -> anyhow::Result<jetstream::Context> {
    Ok(jetstream::new(async_nats::connect(url).await.context("cannot connect to NATS")?))
}

/// Makes the stream, and publishes what it retains.
async fn fill(url: &str, retained: u64, payload_bytes: usize) -> anyhow::Result<()> {
    let context = connect(url).await?;
    let config = Config {
        name: STREAM.to_owned(),
        subjects: vec![STREAM.to_owned()],
        storage: StorageType::File,
        num_replicas: 1,
        ..Config::default()
    };
    context.create_stream(config).await?;
    let began = Instant::now();
    let confirmed = futures::stream::iter(0..retained)
        .map(async |number| anyhow::Ok(context.publish(STREAM, payload::of(number, payload_bytes)).await?.await?))
        .buffer_unordered(FILL_IN_FLIGHT);
    let mut confirmed = std::pin::pin!(confirmed);
    while let Some(confirmed) = confirmed.next().await {
        confirmed?;
    }
    println!("nats: {retained} messages retained after {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}

impl Tells for Nats {
    fn publisher(&self) -> LocalBoxFuture<'_, anyhow::Result<Box<dyn Publisher>>> {
        async {
            let publisher = Publishing { context: connect(&self.url).await?, payload_bytes: self.payload_bytes };
            Ok(Box::new(publisher) as Box<dyn Publisher>)
        }
        .boxed_local()
    }

    fn subscriber(&self, name: String, window: u16) -> LocalBoxFuture<'_, anyhow::Result<Box<dyn Subscriber>>> {
        async move {
            let context = connect(&self.url).await?;
            let config = pull::Config {
                durable_name: Some(name.clone()),
                ack_policy: AckPolicy::Explicit,
                deliver_policy: DeliverPolicy::New,
                max_ack_pending: i64::from(window),
                ..pull::Config::default()
            };
            let consumer = context.create_consumer_on_stream(config, STREAM).await?;
            Ok(Box::new(Following { context, consumer, name, window }) as Box<dyn Subscriber>)
        }
        .boxed_local()
    }

    fn entries(&self) -> LocalBoxFuture<'_, anyhow::Result<Option<u64>>> {
        async { Ok(None) }.boxed_local()
    }
}
