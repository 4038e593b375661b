//! The hub: everything that the use cases share, put together once.

use std::{collections::HashMap, sync::Arc};

use futures::{FutureExt, future::join};
use quick_cache::sync::Cache;
use tokio::task::JoinHandle;
use unefois_catalog::Catalog;
use unefois_connect::RestProvider;
use unefois_core::{Agency, AgencyCode, Caller, DatasetId, RegistryFile, Role, Sandbox};
use unefois_identity::TrustDomain;
use unefois_ledger::VerifyingKey;
use unefois_store::{CheckpointFiles, KeyStore, Store, Writer};
use unefois_telemetry::{Metrics, Tracer};
use unefois_vault::{Keyring, Pseudonyms};

use crate::{
    authority::Authority,
    catch_up::{self, CatchUp},
    clock::Clock,
    delivery::{self, Connected, Heads},
    failure::Failure,
    housekeeping::{self, Kept},
    index::Follower,
    keys::Keys,
    limits::Limits,
    loader::Loader,
    metrics::{self, BrokerMetrics},
    places::Places,
    readiness::Readiness,
    recorder::{self, LedgerShard, Recorder, ShardKeys, Taking},
    registry,
    registry::ApplyMode,
    subject::Known,
    subscription,
};

/// What a hub is put together from.
#[derive(Debug)]
pub struct HubParts {
    /// The name of the hub: the first part of the origins of its checkpoints.
    pub name: String,
    /// The SPIFFE trust domain of its own authority.
    pub trust_domain: TrustDomain,
    /// The code of the agency that operates it; registered at the first start.
    pub operator: AgencyCode,
    /// The catalogue.
    pub catalog: Catalog,
    /// Reading.
    pub store: Store,
    /// Writing.
    pub writer: Writer,
    /// The key store.
    pub key_store: KeyStore,
    /// The hub's secrets.
    pub keyring: Keyring,
    /// The outside checkpoints.
    pub outside: CheckpointFiles,
    /// Identifiers accepted although their keys are wrong.
    pub sandbox: Sandbox,
    /// Providers that are asked live in place of held records, by agency and dataset.
    pub connectors: HashMap<(AgencyCode, DatasetId), RestProvider>,
    /// The limits.
    pub limits: Limits,
    /// The clock.
    pub clock: Clock,
    /// Where the hub counts and measures.
    pub metrics: Metrics,
    /// Follows deliveries whose publications are followed.
    pub tracer: Tracer,
}

/// The hub. Clones share everything.
#[derive(Debug, Clone)]
pub struct Hub(Arc<Shared>);

/// What every use case may reach, and nobody outside this room.
#[derive(Debug)]
pub struct Shared {
    pub(crate) trust_domain: TrustDomain,
    pub(crate) name: String,
    pub(crate) origin: String,
    pub(crate) slot: u32,
    pub(crate) verifying_key: VerifyingKey,
    pub(crate) catalog: Catalog,
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) pseudonyms: Pseudonyms,
    pub(crate) authority: Arc<Authority>,
    pub(crate) recorder: Recorder,
    pub(crate) storage: Readiness,
    pub(crate) loader: Loader,
    pub(crate) places: Places,
    pub(crate) subjects: Arc<Cache<[u8; 32], Known>>,
    pub(crate) sandbox: Sandbox,
    pub(crate) connectors: HashMap<(AgencyCode, DatasetId), RestProvider>,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) heads: Heads,
    pub(crate) connected: Connected,
    pub(crate) metrics: BrokerMetrics,
    pub(crate) tracer: Tracer,
}

impl std::ops::Deref for Hub {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What works in the background while a hub runs.
#[derive(Debug)]
pub struct HubTasks {
    /// Ends with an error when the ledger cannot be written any more: the process must stop.
    recorder: JoinHandle<Result<LedgerShard, Failure>>,
    follower: JoinHandle<Result<(), Failure>>,
    housekeeper: JoinHandle<()>,
    catching_up: JoinHandle<()>,
    /// Looks at subscriptions; begins when the hub is put together.
    watching: Option<JoinHandle<()>>,
    heads: Heads,
    storage: Readiness,
    store: Store,
    key_store: KeyStore,
}

impl Hub {
    /// The hub of these.
    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Puts a hub together and takes a shard over, or opens one.
    ///
    /// # Errors
    /// The database is behind its outside checkpoint or was altered, the secrets do not fit, or the storage failed.
    pub async fn open(parts: HubParts) -> Result<(Self, HubTasks), Failure> {
        let HubParts { store, writer, key_store, keyring, outside, limits, clock, .. } = parts;
        let metrics = BrokerMetrics::new(&parts.metrics);
        let registry = registry::load(&store).await?;
        let is_new = registry.version() == 0;
        let authority = Arc::new(Authority::new(Arc::new(registry), 0));
        let storage = Readiness::new(writer.in_flight().clone(), key_store.in_flight().clone(), &limits);
        let (keyring, subjects) = (Arc::new(keyring), Arc::new(Cache::new(limits.subject_cache_max)));
        let (pseudonyms, of_follower) = (keyring.pseudonyms(), keyring.pseudonyms());
        let keys = Keys::new(key_store.clone(), Arc::clone(&keyring), &limits, storage.clone(), metrics.keys.clone());
        let catch_up = CatchUp::new(&store, &authority, &subjects, &keys, clock).await?;
        let wakes = store.wakes().await?;
        let (heads, connected) = (Heads::new(limits.delivery_tail_bytes_max), Connected::default());
        let taking = Taking {
            store: store.clone(),
            writer,
            outside,
            shards: ShardKeys { hub: parts.name.clone(), keyring },
            catch_up: catch_up.clone(),
            clock,
            metrics: metrics.recorder.clone(),
        };
        let shard = LedgerShard::take(taking, &limits).await?;
        let (slot, origin, verifying_key) = (shard.slot(), shard.origin().to_owned(), shard.verifying_key());
        let (recorder, queues) =
            Recorder::new(&limits, &shard, store.index_position_fetch(slot).await?, storage.clone());
        let follower = Follower::new(store.clone(), of_follower, recorder.clone(), slot, &limits).await?;
        let housekeeper = housekeeping::run(recorder.clone(), clock, Kept::of(&limits), limits.housekeeping_every);
        let catching_up = catch_up::run(catch_up, store.clone(), wakes, limits.catch_up_every, storage.clone());
        let telling = delivery::attend(&heads, &connected, &store, &limits);
        let mut tasks = HubTasks {
            recorder: recorder::start(shard, queues, limits.clone(), storage.clone()),
            follower: tokio::spawn(follower.run()),
            housekeeper: tokio::spawn(housekeeper),
            catching_up: tokio::spawn(join(catching_up, telling).map(|((), ())| ())),
            watching: None,
            heads: heads.clone(),
            storage: storage.clone(),
            store: store.clone(),
            key_store,
        };
        let hub = Self(Arc::new(Shared {
            trust_domain: parts.trust_domain,
            name: parts.name,
            origin,
            slot,
            verifying_key,
            catalog: parts.catalog,
            pseudonyms,
            places: Places::new(&limits),
            loader: Loader::start(&store, &limits, metrics.loader_batch.clone())?,
            keys,
            store,
            authority,
            recorder,
            storage,
            subjects,
            sandbox: parts.sandbox,
            connectors: parts.connectors,
            limits,
            clock,
            heads,
            connected,
            metrics,
            tracer: parts.tracer,
        }));
        tasks.watching = Some(hub.is_watched_by(&parts.metrics));
        hub.before_serving(is_new.then_some(parts.operator)).await?;
        Ok((hub, tasks))
    }

    /// Lets the metrics look at the hub: at its subscriptions every so often, at the rest when they are read. Whoever reads
    /// them does not keep it alive.
    fn is_watched_by(&self, metrics: &Metrics) -> JoinHandle<()> {
        let (weak, of_subscriptions) = (Arc::downgrade(&self.0), Arc::downgrade(&self.0));
        metrics::watch(metrics, move || weak.upgrade().map(Self));
        tokio::spawn(subscription::watch(of_subscriptions))
    }

    /// What must be done before anybody is served: what a crash left undone, and a new hub's first operator.
    async fn before_serving(&self, first_operator: Option<AgencyCode>) -> Result<(), Failure> {
        self.erasures_finish().await?;
        match first_operator {
            Some(code) => self.first_operator(code).await,
            None => Ok(()),
        }
    }

    /// Registers the agency that operates the hub: without it nobody could apply a registry.
    async fn first_operator(&self, code: AgencyCode) -> Result<(), Failure> {
        let caller = self.local_operator(&code);
        let agency = Agency {
            name: "Operator of the hub".to_owned(),
            aliases: Vec::new(),
            roles: vec![Role::Operator],
            local_bodies: Vec::new(),
            datasets: Vec::new(),
            systems: Vec::new(),
            code,
        };
        let file = RegistryFile { agencies: vec![agency], ..RegistryFile::default() };
        self.registry_apply(&caller, file, ApplyMode::Apply).await.map(drop)
    }

    /// The operator at the machine itself, for commands that run while no hub does.
    #[must_use]
    pub fn local_operator(&self, code: &AgencyCode) -> Caller {
        Caller {
            agency: code.clone(),
            system: "local".to_owned(),
            roles: [Role::Operator].into(),
            certificate: [0; 32],
        }
    }

    /// The catalogue.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    /// The name of the hub: the first part of the origins of its checkpoints.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The identifiers accepted although their keys are wrong.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.0.sandbox
    }

    /// The public key of the ledger.
    #[must_use]
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.0.verifying_key
    }
}

impl HubTasks {
    /// The hub was told to stop: it is not ready any more, and finishes what comes in still.
    pub fn stops(&self) {
        self.storage.stop();
        self.heads.stop();
    }

    /// Returns when the hub cannot go on.
    pub async fn failed(&mut self) -> Failure {
        tokio::select! {
            // First what failed, then what ended because of it.
            biased;
            failure = self.storage.failed() => failure,
            ended = &mut self.recorder => match ended {
                Ok(Ok(_)) => Failure::stopping(),
                Ok(Err(failure)) => failure,
                Err(panic) => Failure::internal(panic),
            },
            ended = &mut self.follower => match ended {
                Ok(Ok(())) => Failure::stopping(),
                Ok(Err(failure)) => failure,
                Err(panic) => Failure::internal(panic),
            },
        }
    }

    /// Waits until everything accepted is recorded, and closes the databases. The last handle on the hub must be gone.
    ///
    /// # Errors
    /// The storage failed; then the databases are left as they are, because closing them would sync again.
    pub async fn finish(self) -> Result<(), Failure> {
        self.follower.abort();
        self.housekeeper.abort();
        self.catching_up.abort();
        if let Some(watching) = self.watching {
            watching.abort();
        }
        let recorded = self.recorder.await;
        // The readers first: the last connection that closes folds the write-ahead log into the database.
        self.store.close().await;
        match recorded {
            Ok(Ok(shard)) => {
                shard.close().await?;
                Ok(self.key_store.close().await?)
            }
            Ok(Err(failure)) => Err(failure),
            Err(panic) => Err(Failure::internal(panic)),
        }
    }
}
