//! RabbitMQ: a fan-out to one quorum queue for each subscription, publisher confirms, and manual acknowledgements.

mod client;

use std::{fs, path::Path};

use anyhow::Context;
use futures::{FutureExt, future::LocalBoxFuture};
use lapin::{
    Connection, ConnectionProperties, ExchangeKind,
    options::{
        BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions,
        QueueDeclareOptions,
    },
    types::{AMQPValue, FieldTable},
};
use tempfile::TempDir;

use self::client::{Following, Publishing};
use super::{
    process::{Process, free_port},
    programs,
    tells::{Publisher, Subscriber, Tells},
};

const EXCHANGE: &str = "events";
const CONSUMER: &str = "follower";

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Rabbitmq {
    process: Process,
    /// The names of Erlang's nodes; its own, so that it ends with the server.
    _names: Process,
    url: String,
    payload_bytes: usize,
    _folder: TempDir,
}

impl Rabbitmq {
    /// Starts a server that carries messages of that size.
    pub(crate) async fn start(payload_bytes: usize) -> anyhow::Result<Self> {
        let folder = TempDir::new().context("no folder for RabbitMQ")?;
        let program = programs::rabbitmq()?;
        let [port, names_port, nodes_port] = [free_port()?, free_port()?, free_port()?];
        let names = start_names(folder.path(), names_port).await?;
        let mut process = Process::start(&program, &folder.path().join("rabbitmq.log"), |command| {
            let at = |name: &str| folder.path().join(name).into_os_string();
            command.env("HOME", folder.path()).env("RABBITMQ_NODENAME", "unefois-bench@localhost");
            command.env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1").env("RABBITMQ_NODE_PORT", port.to_string());
            command.env("RABBITMQ_DIST_PORT", nodes_port.to_string());
            command.env("ERL_EPMD_PORT", names_port.to_string()).env("ERL_EPMD_ADDRESS", "127.0.0.1");
            command.env("RABBITMQ_MNESIA_BASE", at("data")).env("RABBITMQ_LOG_BASE", at("logs"));
            command.env("RABBITMQ_CONFIG_FILE", at("rabbitmq")).env("RABBITMQ_CONF_ENV_FILE", at("environment"));
            command.env("RABBITMQ_ENABLED_PLUGINS_FILE", at("plugins"));
            // The script becomes the server in place of waiting for it.
            command.env("RUNNING_UNDER_SYSTEMD", "true");
        })?;
        process.listens(port).await?;
        let url = format!("amqp://guest:guest@127.0.0.1:{port}/%2f");
        let channel = connect(&url).await?.create_channel().await?;
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        channel.exchange_declare(EXCHANGE.into(), ExchangeKind::Fanout, durable, FieldTable::default()).await?;
        Ok(Self { process, _names: names, url, payload_bytes, _folder: folder })
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }
}

async fn start_names(folder: &Path, port: u16) -> anyhow::Result<Process> {
    let prepare = |command: &mut std::process::Command| {
        command.env("ERL_EPMD_ADDRESS", "127.0.0.1").args(["-port", &port.to_string()]);
    };
    fs::create_dir_all(folder.join("data"))?;
    let mut process = Process::start(Path::new("epmd"), &folder.join("epmd.log"), prepare)?;
    process.listens(port).await?;
    Ok(process)
}

async fn connect(url: &str) -> anyhow::Result<Connection> {
    Connection::connect(url, ConnectionProperties::default()).await.context("cannot connect to RabbitMQ")
}

impl Tells for Rabbitmq {
    fn publisher(&self) -> LocalBoxFuture<'_, anyhow::Result<Box<dyn Publisher>>> {
        async {
            let connection = connect(&self.url).await?;
            let channel = connection.create_channel().await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            let publisher = Publishing { connection, channel, payload_bytes: self.payload_bytes };
            Ok(Box::new(publisher) as Box<dyn Publisher>)
        }
        .boxed_local()
    }

    fn subscriber(&self, name: String, window: u16) -> LocalBoxFuture<'_, anyhow::Result<Box<dyn Subscriber>>> {
        async move {
            let connection = connect(&self.url).await?;
            let channel = connection.create_channel().await?;
            let mut arguments = FieldTable::default();
            arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
            let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
            channel.queue_declare(name.as_str().into(), durable, arguments).await?;
            let (bind, nothing) = (QueueBindOptions::default(), FieldTable::default());
            channel.queue_bind(name.as_str().into(), EXCHANGE.into(), "".into(), bind, nothing).await?;
            channel.basic_qos(window, BasicQosOptions::default()).await?;
            let (consume, nothing) = (BasicConsumeOptions::default(), FieldTable::default());
            let consumer = channel.basic_consume(name.as_str().into(), CONSUMER.into(), consume, nothing).await?;
            Ok(Box::new(Following { connection, channel, consumer, name }) as Box<dyn Subscriber>)
        }
        .boxed_local()
    }

    fn entries(&self) -> LocalBoxFuture<'_, anyhow::Result<Option<u64>>> {
        async { Ok(None) }.boxed_local()
    }
}
