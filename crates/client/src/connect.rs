//! Connecting to a hub: mutual TLS 1.3, and a client of every service.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};
use unefois_proto::pb::{
    audit::v1::audit_service_client::AuditServiceClient, consent::v1::consent_service_client::ConsentServiceClient,
    exchange::v1::exchange_service_client::ExchangeServiceClient,
    income::v1::income_service_client::IncomeServiceClient,
    publication::v1::publication_service_client::PublicationServiceClient,
    registry::v1::registry_service_client::RegistryServiceClient,
    status::v1::status_service_client::StatusServiceClient, subject::v1::subject_service_client::SubjectServiceClient,
};

/// Where a hub is, and as whom to call it.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Where it listens, such as `https://hub.example:8443`.
    pub endpoint: String,
    /// The certificate authority of the hub (PEM).
    pub ca: PathBuf,
    /// The certificate to call with (PEM), and its key. A hub refuses a call without one.
    pub certificate: Option<PathBuf>,
    /// The key of that certificate (PEM).
    pub key: Option<PathBuf>,
    /// The name in the hub's certificate, where it is not the host of the endpoint.
    pub server_name: Option<String>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a call may take.
    pub request_timeout: Duration,
    /// How large a message may be.
    pub message_size_bytes_max: usize,
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
            message_size_bytes_max: 4 * 1024 * 1024 + 64 * 1024,
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A file cannot be read, or holds something else.
    #[error("cannot use `{path}`: it should hold {what} (PEM)")]
    File {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The endpoint is no URL with a host.
    #[error("`{endpoint}` is not an address such as `https://127.0.0.1:8443`")]
    Endpoint {
        /// The endpoint.
        endpoint: String,
    },
    /// The certificate and its key do not belong together.
    #[error("the certificate and the key do not belong together")]
    Identity(#[source] rustls::Error),
    /// A certificate without its key, or the other way round.
    #[error("a certificate needs its key: give both or neither")]
    HalfAnIdentity,
    /// The hub did not answer, or refused the connection.
    #[error("cannot connect to `{endpoint}`: is the hub running, and is the certificate one of its authority?")]
    Transport {
        /// The endpoint.
        endpoint: String,
        /// What happened.
        #[source]
        source: tonic::transport::Error,
    },
}

/// A connection to a hub. Clones share it; it connects again by itself when it breaks.
#[derive(Debug, Clone)]
pub struct Connection {
    channel: Channel,
    message_size_bytes_max: usize,
}

/// Makes the accessor of one service.
macro_rules! service {
    ($(#[$doc:meta])* $name:ident, $client:ident) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(&self) -> $client<Channel> {
            $client::new(self.channel.clone())
                .max_decoding_message_size(self.message_size_bytes_max)
                .max_encoding_message_size(self.message_size_bytes_max)
        }
    };
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn open(settings: &ClientSettings) -> Result<Self, ConnectError> {
        let wrong = || ConnectError::Endpoint { endpoint: settings.endpoint.clone() };
        let uri: Uri = settings.endpoint.parse().map_err(|_not_a_uri| wrong())?;
        let host = uri.host().ok_or_else(wrong)?.trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(443);
        let name = settings.server_name.clone().unwrap_or_else(|| host.clone());
        let name = ServerName::try_from(name).map_err(|_not_a_name| wrong())?;
        let tls = TlsConnector::from(Arc::new(client_config(settings)?));
        let connector = tower::service_fn(move |_uri: Uri| {
            let (tls, host, name) = (tls.clone(), host.clone(), name.clone());
            async move {
                let stream = TcpStream::connect((host.as_str(), port)).await?;
                stream.set_nodelay(true)?;
                Ok::<_, io::Error>(TokioIo::new(tls.connect(name, stream).await?))
            }
        });
        // tonic refuses `https` without its own TLS; the connector above is what makes it so.
        let plain = format!("http://{}", uri.authority().ok_or_else(wrong)?);
        let endpoint = Endpoint::from_shared(plain)
            .map_err(|_not_a_uri| wrong())?
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.request_timeout);
        let channel = endpoint
            .connect_with_connector(connector)
            .await
            .map_err(|source| ConnectError::Transport { endpoint: settings.endpoint.clone(), source })?;
        Ok(Self { channel, message_size_bytes_max: settings.message_size_bytes_max })
    }

    /// The channel, for services that this SDK has no accessor for, such as health.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// How large a message may be.
    pub(crate) fn message_size_bytes_max(&self) -> usize {
        self.message_size_bytes_max
    }

    service!(
        /// The generic exchange.
        exchange, ExchangeServiceClient
    );
    service!(
        /// Income and turnover.
        income, IncomeServiceClient
    );
    service!(
        /// Status.
        status, StatusServiceClient
    );
    service!(
        /// Publishing.
        publication, PublicationServiceClient
    );
    service!(
        /// Consents.
        consent, ConsentServiceClient
    );
    service!(
        /// The registry.
        registry, RegistryServiceClient
    );
    service!(
        /// A person's own view.
        subject, SubjectServiceClient
    );
    service!(
        /// The ledger.
        audit, AuditServiceClient
    );
}

fn client_config(settings: &ClientSettings) -> Result<ClientConfig, ConnectError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&settings.ca)? {
        roots.add(certificate).map_err(|source| file(&settings.ca, "a certificate authority", source))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(ConnectError::Identity)?
        .with_root_certificates(roots);
    let mut config = match (&settings.certificate, &settings.key) {
        (Some(certificate), Some(key)) => {
            let private = PrivateKeyDer::from_pem_file(key).map_err(|source| file(key, "a private key", source))?;
            builder.with_client_auth_cert(certificates(certificate)?, private).map_err(ConnectError::Identity)?
        }
        (None, None) => builder.with_no_client_auth(),
        (Some(_), None) | (None, Some(_)) => return Err(ConnectError::HalfAnIdentity),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let found = found.map_err(|source| file(path, "a certificate", source))?;
    if found.is_empty() {
        return Err(file(path, "a certificate", "it holds none"));
    }
    Ok(found)
}

fn file(path: &Path, what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ConnectError {
    ConnectError::File { path: path.to_owned(), what, source: source.into() }
}
