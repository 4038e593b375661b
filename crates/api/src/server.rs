//! Serving: accepts TLS connections, and puts every service behind the door.

use std::{future::Future, io, sync::Arc, time::Duration};

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;
use serde::{Deserialize, Serialize};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use unefois_broker::Hub;
use unefois_identity::{AcceptError, ReloadingServerTls};
use unefois_proto::server::{
    audit::v1::audit_service_server::AuditServiceServer, catalog::v1::catalog_service_server::CatalogServiceServer,
    certificate::v1::certificate_service_server::CertificateServiceServer,
    consent::v1::consent_service_server::ConsentServiceServer,
    contact::v1::contact_service_server::ContactServiceServer,
    dossier::v1::dossier_service_server::DossierServiceServer,
    exchange::v1::exchange_service_server::ExchangeServiceServer,
    income::v1::income_service_server::IncomeServiceServer,
    publication::v1::publication_service_server::PublicationServiceServer,
    registry::v1::registry_service_server::RegistryServiceServer,
    status::v1::status_service_server::StatusServiceServer, subject::v1::subject_service_server::SubjectServiceServer,
    subscription::v1::subscription_service_server::SubscriptionServiceServer,
};

use unefois_telemetry::{Metrics, Tracer};

use crate::{
    audit::Audits,
    catalog::Catalogs,
    consent::Consents,
    door::Door,
    dossier::Dossiers,
    exchange::Exchanges,
    health,
    metrics::{DoorMetrics, NotTaken, watch_certificates},
    observe::Observer,
    peer::PeerStream,
    publication::Publications,
    registry::Registries,
    status::chain,
    subject::Subjects,
    subscription::Subscriptions,
    typed::Typed,
};

/// The limits of the doors.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ServerLimits {
    /// How many connections may be open.
    pub connections_max: usize,
    /// How long a handshake may take.
    #[serde(with = "duration")]
    pub handshake_max: Duration,
    /// How many handshakes that are done may wait to be served.
    pub accepted_queue_max: usize,
    /// How many streams one connection may have.
    pub streams_per_connection_max: u32,
    /// How large a message may be.
    pub message_size_bytes_max: usize,
    /// How large a request may be, where it carries neither records nor a registry.
    pub request_size_bytes_max: usize,
    /// How many answers may wait for a slow publisher.
    pub publish_answers_max: usize,
    /// How often an idle connection is asked whether it is alive.
    #[serde(with = "duration")]
    pub keepalive_every: Duration,
    /// How often `grpc.health.v1` looks whether the hub is ready.
    #[serde(with = "duration")]
    pub health_every: Duration,
    /// How long callers may take to get their answers when the storage failed and the hub stops.
    #[serde(with = "duration")]
    pub farewell_max: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections_max: 4_096,
            handshake_max: Duration::from_secs(5),
            accepted_queue_max: 128,
            streams_per_connection_max: 256,
            message_size_bytes_max: 8 * 1024 * 1024 + 256 * 1024,
            request_size_bytes_max: 256 * 1024,
            publish_answers_max: 1_024,
            keepalive_every: Duration::from_secs(30),
            health_every: Duration::from_millis(100),
            farewell_max: Duration::from_millis(250),
        }
    }
}

/// The hub cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The reflection service refuses the contract.
    #[error("the contract cannot be reflected")]
    Reflection(#[source] tonic_reflection::server::Error),
    /// The server failed.
    #[error("the server failed")]
    Server(#[source] tonic::transport::Error),
}

/// What is served, where, and who watches.
#[derive(Debug)]
pub struct Doors {
    /// Where callers come in.
    pub listener: TcpListener,
    /// The certificates.
    pub tls: Arc<ReloadingServerTls>,
    /// The hub behind the doors.
    pub hub: Hub,
    /// The limits.
    pub limits: ServerLimits,
    /// Where calls are counted and measured.
    pub metrics: Metrics,
    /// What follows calls.
    pub tracer: Tracer,
}

/// Serves until `stop` resolves, then finishes the calls in flight.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(doors: Doors, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
    let Doors { listener, tls, hub, limits, metrics, tracer } = doors;
    watch_certificates(&metrics, Arc::clone(&tls));
    let metrics = Arc::new(DoorMetrics::new(&metrics));
    let contract = hub.catalog().descriptor_set();
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(&contract)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
    };
    let (health_reporter, health) = tonic_health::server::health_reporter();
    let following = tokio::spawn(health::follow(hub.clone(), health_reporter, limits.health_every));
    let (size, request_size) = (limits.message_size_bytes_max, limits.request_size_bytes_max);
    let (accepted, connections) = mpsc::channel(limits.accepted_queue_max);
    let accepting = tokio::spawn(accept(listener, tls, accepted, limits.clone(), Arc::clone(&metrics)));
    macro_rules! service {
        ($server:ident, $service:expr) => {
            $server::new($service).max_decoding_message_size(request_size).max_encoding_message_size(size)
        };
    }
    let hub = || hub.clone();
    let answers_max = limits.publish_answers_max;
    // What is taken in by these is large.
    let publications = service!(PublicationServiceServer, Publications { hub: hub(), answers_max });
    let publications = publications.max_decoding_message_size(size);
    let registries = service!(RegistryServiceServer, Registries { hub: hub() }).max_decoding_message_size(size);
    let served = Server::builder()
        .max_concurrent_streams(limits.streams_per_connection_max)
        .http2_keepalive_interval(Some(limits.keepalive_every))
        .layer(Observer { metrics, tracer })
        .layer(Door::new(hub()))
        .add_service(health)
        .add_service(reflection().build_v1().map_err(ServeError::Reflection)?)
        .add_service(reflection().build_v1alpha().map_err(ServeError::Reflection)?)
        .add_service(service!(ExchangeServiceServer, Exchanges { hub: hub() }))
        .add_service(service!(IncomeServiceServer, Typed { hub: hub() }))
        .add_service(service!(StatusServiceServer, Typed { hub: hub() }))
        .add_service(service!(CertificateServiceServer, Typed { hub: hub() }))
        .add_service(service!(ContactServiceServer, Typed { hub: hub() }))
        .add_service(service!(CatalogServiceServer, Catalogs { hub: hub() }))
        .add_service(publications)
        .add_service(service!(SubscriptionServiceServer, Subscriptions { hub: hub() }))
        .add_service(service!(DossierServiceServer, Dossiers { hub: hub() }))
        .add_service(service!(ConsentServiceServer, Consents { hub: hub() }))
        .add_service(registries)
        .add_service(service!(SubjectServiceServer, Subjects { hub: hub() }))
        .add_service(service!(AuditServiceServer, Audits { hub: hub() }))
        .serve_with_incoming_shutdown(ReceiverStream::new(connections), stop)
        .await
        .map_err(ServeError::Server);
    accepting.abort();
    following.abort();
    served
}

/// Accepts connections; each handshake is a task of its own, so that a slow one holds up nobody.
async fn accept(
    listener: TcpListener,
    tls: Arc<ReloadingServerTls>,
    accepted: mpsc::Sender<io::Result<PeerStream>>,
    limits: ServerLimits,
    metrics: Arc<DoorMetrics>,
) {
    let handshakes = Arc::new(Semaphore::new(limits.connections_max));
    loop {
        let Ok(permit) = Arc::clone(&handshakes).acquire_owned().await else { return };
        let (stream, address) = match listener.accept().await {
            Ok(connection) => connection,
            Err(error) => {
                // Such as too many open files: it passes when connections close.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (tls, accepted, handshake_max) = (Arc::clone(&tls), accepted.clone(), limits.handshake_max);
        let metrics = Arc::clone(&metrics);
        tokio::spawn(async move {
            match handshake(&tls, stream, handshake_max).await {
                Ok(stream) => {
                    // Nobody serves any more when this fails: the hub is stopping.
                    let _stopping = accepted.send(Ok(stream.holding(permit, metrics.connections.clone()))).await;
                }
                Err((why, refused)) => {
                    metrics.refused(why);
                    // With its causes: the caller is told no more than an alert, and its operator will ask ours.
                    tracing::info!(peer = %address, reason = chain(refused.as_ref()), "a connection was refused");
                }
            }
        });
    }
}

type Refused = (NotTaken, Box<dyn std::error::Error + Send + Sync>);

async fn handshake(tls: &ReloadingServerTls, stream: TcpStream, patience: Duration) -> Result<PeerStream, Refused> {
    stream.set_nodelay(true).map_err(|error| (NotTaken::NoHandshake, error.into()))?;
    let (stream, peer) = match tokio::time::timeout(patience, tls.current().accept(stream)).await {
        Ok(Ok(taken)) => taken,
        Ok(Err(error @ (AcceptError::Handshake(_) | AcceptError::Protocol))) => {
            return Err((NotTaken::NoHandshake, error.into()));
        }
        Ok(Err(error @ AcceptError::Peer(_))) => return Err((NotTaken::NoPeer, error.into())),
        Err(elapsed) => return Err((NotTaken::TooSlow, elapsed.into())),
    };
    Ok(PeerStream::new(stream, peer))
}
