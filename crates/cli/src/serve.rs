//! `unefois serve`: wires the rooms into a hub and runs it until it is told to stop.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use unefois_api::{Admin, Doors, Draining, admin_serve};
use unefois_broker::{Clock, Hub, HubParts, HubTasks};
use unefois_identity::{ReloadingServerTls, ServerFiles};
use unefois_store::{DirectoryLock, Opened, StorageKind, Store};
use unefois_telemetry::{Exporter, Metrics, Tracer, log_start, process_watch};
use unefois_vault::Keyring;

use crate::{
    arguments::ServeOptions,
    config::{Config, Unusable},
    output,
    place::Place,
    settled::Settled,
};

/// A hub that is put together, and the lock that keeps another out of its data directory.
pub(crate) struct OpenHub {
    pub(crate) hub: Hub,
    pub(crate) tasks: HubTasks,
    /// Of an embedded hub. Nodes that share a server share no folder.
    _lock: Option<DirectoryLock>,
}

impl OpenHub {
    /// Records what was accepted, and closes the databases.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        let Self { hub, tasks, _lock } = self;
        drop(hub);
        tasks.finish().await.context("the database could not be closed")
    }
}

/// How long calls in flight may take to finish when the hub is told to stop.
const DRAIN_MAX: Duration = Duration::from_secs(30);

pub(crate) async fn run(file: Option<&Path>, options: ServeOptions) -> anyhow::Result<()> {
    let mut config = Config::load(file)?;
    let ServeOptions { data_directory, listen } = options;
    config.hub.data_directory = data_directory.unwrap_or(config.hub.data_directory);
    config.server.listen = listen.unwrap_or(config.server.listen);
    log_start(&config.log).context(Unusable("log.level".to_owned()))?;
    let metrics = Metrics::new();
    process_watch(&metrics);
    let build = ("unefois_cli_build_info", "1; the label is the version of the hub");
    metrics.gauges(build, ["version"], [[env!("CARGO_PKG_VERSION")]]).iter().for_each(|build| build.set(1));
    let (exporter, tracer) = Exporter::start(&config.telemetry, &metrics, wall_clock)?;
    let served = serve(&config, &metrics, tracer).await;
    // Last: how the hub stopped is among what is sent.
    exporter.finish().await;
    served
}

/// Serves until the process is told to end, or until the hub cannot go on.
async fn serve(config: &Config, metrics: &Metrics, tracer: Tracer) -> anyhow::Result<()> {
    let tls = Arc::new(ReloadingServerTls::load(ServerFiles {
        certificate: config.server.certificate.clone(),
        key: config.server.key.clone(),
        trust_domain_ca: config.server.client_ca.clone(),
        partner_ca: config.server.partner_ca.clone(),
    })?);
    let listener = listen(config.server.listen, "--listen").await?;
    let admin_listener = listen(config.admin.listen, "admin.listen").await?;
    let OpenHub { hub, mut tasks, _lock } = open(config, metrics, tracer.clone()).await?;
    let (local, admin_local) = (listener.local_addr()?, admin_listener.local_addr()?);
    let draining = Draining::default();
    let admin = Admin { hub: hub.clone(), metrics: metrics.clone(), draining: draining.clone() };
    let admin = tokio::spawn(admin_serve(admin_listener, admin, config.limits.admin.clone()));
    // Before anybody knows that the hub is there.
    let mut signals = Signals::listen()?;
    // In one piece, and so in one write: whoever waits for the first line may not be there for the second.
    let addresses = format!("listening on {local}\nadmin on {admin_local}\n");
    output::print_text!("{addresses}");
    tracing::info!(address = %local, admin = %admin_local, "the hub is ready");

    let farewell_max = config.limits.server.farewell_max;
    let (stop, stopping) = tokio::sync::watch::channel(());
    let mut waiting = stopping.clone();
    let told_to_stop = async move {
        // An error means that the sender is gone, which stops the server as well.
        let _closed = waiting.changed().await;
    };
    let limits = config.limits.server.clone();
    let doors = Doors { listener, tls: Arc::clone(&tls), hub, limits, metrics: metrics.clone(), tracer };
    let server = unefois_api::serve(doors, told_to_stop);
    tokio::pin!(server);
    let told = async {
        signals.told_to_end(&tls).await;
        draining.begin();
        // Whoever probes the hub sends its callers elsewhere before the door closes.
        tokio::time::sleep(config.admin.drain_notice).await;
    };
    tokio::select! {
        served = &mut server => served?,
        failure = tasks.failed() => {
            stop.send_replace(());
            // Those who wait are told that the outcome is unknown. Whether they hear it changes nothing.
            let _heard = tokio::time::timeout(farewell_max, &mut server).await;
            // Nothing is closed: that would sync again.
            return Err(anyhow::Error::new(failure).context("the hub stops: the ledger cannot be written any more"));
        }
        () = told => {
            tasks.stops();
            stop.send_replace(());
            tokio::time::timeout(DRAIN_MAX, &mut server).await.unwrap_or(Ok(()))?;
        }
    }
    // It holds the hub too. What it answers after this is nothing, and a probe takes that for what it is.
    admin.abort();
    let _aborted = admin.await;
    let finished = tokio::time::timeout(DRAIN_MAX, tasks.finish()).await;
    finished.context("a call did not let go of the hub")?.context("the database could not be closed")?;
    tracing::info!("the hub has stopped");
    Ok(())
}

async fn listen(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen on {address}: choose another address with {setting}"))
}

/// The hub's one clock, in nanoseconds since 1970.
fn wall_clock() -> u64 {
    u64::try_from(Clock::system().now().as_nanosecond()).unwrap_or_default()
}

/// Opens the hub of a configuration, for serving it or for one command while no hub runs.
pub(crate) async fn open(config: &Config, metrics: &Metrics, tracer: Tracer) -> anyhow::Result<OpenHub> {
    let Settled { trust_domain, operator, sandbox, catalog, connectors } = Settled::of(config)?;
    let place = Place::of(config);
    let (lock, opened) = match config.storage.kind {
        StorageKind::Sqlite => {
            let lock = place.directory.lock()?;
            place.make_keyring_for_new_data()?;
            (Some(lock), Store::open_sqlite(&place.directory, &config.limits.store).await?)
        }
        StorageKind::Postgres => (None, Store::open_postgres(&config.storage, &config.limits.store).await?),
    };
    let Opened { store, writer, key_store } = opened;
    let parts = HubParts {
        name: config.hub.name.clone(),
        trust_domain,
        operator,
        connectors,
        catalog,
        store,
        writer,
        key_store,
        keyring: Keyring::load(&place.keyring)?,
        outside: place.outside,
        sandbox,
        limits: config.limits.broker.clone(),
        clock: Clock::system(),
        metrics: metrics.clone(),
        tracer,
    };
    let (hub, tasks) = Hub::open(parts).await.context("the hub cannot be opened")?;
    Ok(OpenHub { hub, tasks, _lock: lock })
}

/// What the process is told by its operator.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Listens from now on: until then a signal ends the process where it stands.
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Returns when the process is told to end; reloads certificates when it is told to.
    async fn told_to_end(&mut self, tls: &ReloadingServerTls) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => match tls.reload() {
                    Ok(()) => tracing::info!("the certificates were reloaded"),
                    Err(error) => tracing::error!(%error, "the certificates were not reloaded; the old ones stay"),
                },
            }
        }
    }
}
