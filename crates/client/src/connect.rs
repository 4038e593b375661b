//! Connecting to a hub: its settings, its errors, and a client of every service.

use std::{path::PathBuf, time::Duration};

use rustls_pki_types::ServerName;
use tonic::transport::{Channel, Endpoint, Uri};
use unefois_proto::pb::{
    audit::v1::audit_service_client::AuditServiceClient, catalog::v1::catalog_service_client::CatalogServiceClient,
    certificate::v1::certificate_service_client::CertificateServiceClient,
    consent::v1::consent_service_client::ConsentServiceClient,
    contact::v1::contact_service_client::ContactServiceClient,
    dossier::v1::dossier_service_client::DossierServiceClient,
    exchange::v1::exchange_service_client::ExchangeServiceClient,
    income::v1::income_service_client::IncomeServiceClient,
    publication::v1::publication_service_client::PublicationServiceClient,
    registry::v1::registry_service_client::RegistryServiceClient,
    status::v1::status_service_client::StatusServiceClient, subject::v1::subject_service_client::SubjectServiceClient,
    subscription::v1::subscription_service_client::SubscriptionServiceClient,
};

use crate::{
    dial::{DialError, Dialler},
    tls::{TlsError, client_config},
};

/// The port of an endpoint that names none.
const HTTPS_PORT: u16 = 443;

/// Where a hub is, and as whom to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettings {
    /// Where it listens, such as `https://hub.example:8443`.
    pub endpoint: String,
    /// The certificate authorities that may vouch for the hub (PEM).
    pub ca: PathBuf,
    /// The certificate to call with (PEM), followed by its intermediate authorities if it has any. Every hub refuses a
    /// caller without one.
    pub certificate: Option<PathBuf>,
    /// The key of that certificate (PEM).
    pub key: Option<PathBuf>,
    /// The name in the hub's certificate, where it is not the host of the endpoint.
    pub server_name: Option<String>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a call may take until its answer begins. Pulls tell the hub, which gives up at the same time.
    pub request_timeout: Duration,
    /// How often a hub that says nothing while a call waits is asked whether it is still there.
    pub keepalive_every: Duration,
    /// How large a message may be, in either direction.
    pub message_size_bytes_max: usize,
    /// How many items of a publication may be unanswered at a time; 0 counts as 1. Twice a batch of the hub keeps it
    /// busy.
    pub publish_window_items_max: usize,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            endpoint: "https://127.0.0.1:8443".to_owned(),
            ca: PathBuf::from("pki/ca.pem"),
            certificate: None,
            key: None,
            server_name: None,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            keepalive_every: Duration::from_secs(20),
            message_size_bytes_max: 8 * 1024 * 1024 + 256 * 1024,
            publish_window_items_max: 1_000,
        }
    }
}

/// Why there is no connection. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The endpoint is not the address of a hub.
    #[error("`{endpoint}` is not an address of a hub: give one such as `https://127.0.0.1:8443`")]
    Endpoint {
        /// The endpoint.
        endpoint: String,
    },
    /// The name is none that a certificate can have.
    #[error("`{name}` is not a name of a server: give a DNS name or an IP address")]
    ServerName {
        /// The name.
        name: String,
    },
    /// The certificate files are unusable.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is no connection of mutual TLS.
    #[error("cannot connect to `{endpoint}`")]
    Dial {
        /// The endpoint.
        endpoint: String,
        /// What happened, and what to do.
        #[source]
        source: DialError,
    },
    /// There is a connection, and what answers does not speak HTTP/2.
    #[error("what answers at `{endpoint}` does not speak HTTP/2: check the port")]
    Http2 {
        /// The endpoint.
        endpoint: String,
        /// What happened.
        #[source]
        source: tonic::transport::Error,
    },
}

/// A connection to a hub. Clones share it, and it connects again by itself when it breaks.
#[derive(Debug, Clone)]
pub struct Connection {
    channel: Channel,
    request_timeout: Duration,
    message_size_bytes_max: usize,
    publish_window_items_max: usize,
}

/// Makes the accessor of one service.
macro_rules! service {
    ($(#[$doc:meta])* $name:ident, $client:ident) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(&self) -> $client<Channel> {
            $client::new(self.channel())
                .max_decoding_message_size(self.message_size_bytes_max)
                .max_encoding_message_size(self.message_size_bytes_max)
        }
    };
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], which says what to do.
    pub async fn open(settings: &ClientSettings) -> Result<Self, ConnectError> {
        let address = Address::parse(&settings.endpoint)?;
        let name = settings.server_name.as_ref().unwrap_or(&address.host);
        let server_name =
            ServerName::try_from(name.clone()).map_err(|_invalid| ConnectError::ServerName { name: name.clone() })?;
        let config = client_config(settings)?;
        let dialler = Dialler::new(address.host.clone(), address.port, server_name, config, settings.connect_timeout);
        let channel = connect(address, dialler, settings).await?;
        let ClientSettings { request_timeout, message_size_bytes_max, publish_window_items_max, .. } = *settings;
        Ok(Self { channel, request_timeout, message_size_bytes_max, publish_window_items_max })
    }

    /// The channel, for services that have no accessor here, such as health.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    service!(
        /// Any dataset (`ExchangeService`). [`pull`](crate::pull()) adds retries and the receipt.
        exchange, ExchangeServiceClient
    );
    service!(
        /// Income and turnover (`IncomeService`). [`declared_turnover`](crate::declared_turnover) and its sisters keep the
        /// bytes that the receipt is about.
        income, IncomeServiceClient
    );
    service!(
        /// Status (`StatusService`). [`self_employed_affiliation`](crate::self_employed_affiliation) keeps the bytes that
        /// the receipt is about.
        status, StatusServiceClient
    );
    service!(
        /// Certificates (`CertificateService`). [`employer_certificate`](crate::employer_certificate) and its sisters keep
        /// the bytes that the receipt is about.
        certificate, CertificateServiceClient
    );
    service!(
        /// Bank and contact details (`ContactService`). [`bank_details`](crate::bank_details) and its sister keep the bytes
        /// that the receipt is about.
        contact, ContactServiceClient
    );
    service!(
        /// What is exchanged (`CatalogService`). [`datasets`](crate::datasets) and its sisters ask it.
        catalog, CatalogServiceClient
    );
    service!(
        /// Publishing (`PublicationService`). [`publish`](crate::publish()) bounds what is unanswered.
        publication, PublicationServiceClient
    );
    service!(
        /// Being told what changes (`SubscriptionService`). [`Receiver`](crate::Receiver) connects again by itself.
        subscription, SubscriptionServiceClient
    );
    service!(
        /// On whom the agency has a file open (`DossierService`). [`load_dossiers`](crate::load_dossiers) opens many.
        dossier, DossierServiceClient
    );
    service!(
        /// Consents (`ConsentService`).
        consent, ConsentServiceClient
    );
    service!(
        /// The registry (`RegistryService`).
        registry, RegistryServiceClient
    );
    service!(
        /// A person's own view, and merges (`SubjectService`).
        subject, SubjectServiceClient
    );
    service!(
        /// The ledger (`AuditService`). [`export_to`](crate::export_to) writes an export into a file.
        audit, AuditServiceClient
    );

    pub(crate) fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    pub(crate) fn message_size_bytes_max(&self) -> usize {
        self.message_size_bytes_max
    }

    pub(crate) fn publish_window_items_max(&self) -> usize {
        self.publish_window_items_max
    }
}

/// An endpoint, taken apart.
#[derive(Debug)]
struct Address {
    origin: Uri,
    host: String,
    port: u16,
}

impl Address {
    fn parse(endpoint: &str) -> Result<Self, ConnectError> {
        let wrong = || ConnectError::Endpoint { endpoint: endpoint.to_owned() };
        let origin: Uri = endpoint.parse().map_err(|_invalid| wrong())?;
        if origin.scheme_str() != Some("https") {
            return Err(wrong());
        }
        let host = origin.host().ok_or_else(wrong)?;
        // An IPv6 address stands in brackets in a URI, and nowhere else.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = origin.port_u16().unwrap_or(HTTPS_PORT);
        Ok(Self { origin, host, port })
    }
}

/// Dials once, so that a failure is told as it is; the channel dials again when the connection breaks.
async fn connect(address: Address, dialler: Dialler, settings: &ClientSettings) -> Result<Channel, ConnectError> {
    let endpoint = || settings.endpoint.clone();
    let first = dialler.clone().dial().await;
    let mut first = Some(first.map_err(|source| ConnectError::Dial { endpoint: endpoint(), source })?);
    let connector = tower::service_fn(move |_uri: Uri| {
        let (first, dialler) = (first.take(), dialler.clone());
        async move {
            match first {
                Some(wire) => Ok(wire),
                None => dialler.dial().await,
            }
        }
    });
    // The dialler does TLS itself. In a program that enables tonic's own TLS as well, an endpoint that says `https` is
    // refused for want of it; the origin still says so in every request.
    let http2 = Endpoint::from_static("http://dialled").origin(address.origin).timeout(settings.request_timeout);
    // A receiver may be told nothing for days: without it, it would not notice that the hub is gone.
    let http2 = http2.http2_keep_alive_interval(settings.keepalive_every);
    http2.connect_with_connector(connector).await.map_err(|source| ConnectError::Http2 { endpoint: endpoint(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        let cases = [
            ("https://hub.example:8443", "hub.example", 8443),
            ("https://hub.example", "hub.example", HTTPS_PORT),
            ("https://[::1]:8443/", "::1", 8443),
        ];
        for (endpoint, host, port) in cases {
            let address = Address::parse(endpoint).unwrap();
            assert_eq!((address.host.as_str(), address.port), (host, port), "{endpoint}");
        }
    }

    #[test]
    fn an_address_without_tls_or_host_is_refused() {
        for endpoint in ["http://hub.example:8443", "hub.example:8443", "/hub", "", "https://", "https://a b"] {
            let error = Address::parse(endpoint).unwrap_err();
            assert!(matches!(error, ConnectError::Endpoint { .. }), "{endpoint}: {error}");
        }
    }
}
