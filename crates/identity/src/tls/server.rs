//! The server's side: who is let in, and which authorities vouch for it.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::NoServerSessionStorage;
use rustls::version::TLS13;
use rustls::{ServerConfig, ServerConnection};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::verifier::PeerVerifier;
use super::{ALPN_H2, AcceptError, Expiries, PeerError, TlsError, provider};
use crate::PeerCertificate;
use crate::pem::{certificates_read, key_read};

/// The PEM files of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFiles {
    /// The server's certificate, followed by its intermediate authorities if it has any.
    pub certificate: PathBuf,
    /// The private key of `certificate`.
    pub key: PathBuf,
    /// The authorities of the hub's own trust domain.
    pub trust_domain_ca: PathBuf,
    /// The authorities of partners (RGS, eIDAS), when some come with certificates of their own.
    pub partner_ca: Option<PathBuf>,
}

/// The server's side of TLS as its files were when it was loaded.
///
/// TLS 1.3 only, ALPN `h2`, a client certificate always required. Sessions are never resumed and early data
/// is never taken: every connection verifies the certificate and proves the key again.
#[derive(Debug)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
    verifier: Arc<PeerVerifier>,
    expiries: Expiries,
}

impl ServerTls {
    /// Reads `files`.
    ///
    /// # Errors
    /// [`TlsError`] when a file is missing or not PEM, when the key is another certificate's, or when a
    /// bundle of authorities is empty, damaged, or holds a certificate that is no authority's.
    pub fn load(files: &ServerFiles) -> Result<Self, TlsError> {
        let provider = provider();
        let verifier = Arc::new(PeerVerifier::read(files, &provider)?);
        let config = Arc::new(config_build(files, &verifier, &provider)?);
        Ok(Self { config, verifier, expiries: Expiries::read(files)? })
    }

    /// The configuration, for an acceptor other than [`ServerTls::accept`].
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// When its certificates expire.
    #[must_use]
    pub fn expiries(&self) -> Expiries {
        self.expiries
    }

    /// Shakes hands on `io`, and says who the peer's certificate is.
    ///
    /// It waits for the peer as long as the peer likes: the caller bounds it with a time limit of its own.
    ///
    /// # Errors
    /// [`AcceptError`] when the handshake fails or the certificate gives no peer; `io` is closed.
    pub async fn accept<IO>(&self, io: IO) -> Result<(TlsStream<IO>, PeerCertificate), AcceptError>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = TlsAcceptor::from(self.config()).accept(io).await.map_err(AcceptError::of_handshake)?;
        let (_, connection) = stream.get_ref();
        // A client that names no protocol at all gets through the handshake (RFC 7301); HTTP/2 wants it named (RFC 9113, 3.3).
        if connection.alpn_protocol() != Some(ALPN_H2) {
            return Err(AcceptError::Protocol);
        }
        let peer = self.peer(connection)?;
        Ok((stream, peer))
    }

    /// Who the peer of `connection` is, once its handshake with this very configuration is finished.
    ///
    /// The certificate is verified again, because the handshake does not tell which of the two bundles it was that
    /// vouched.
    ///
    /// # Errors
    /// [`PeerError`] when there is no certificate, when it is no longer trusted (it may have expired since), when it
    /// breaks a rule, or when it names nobody ([`InvalidPeer`](crate::InvalidPeer)). The connection must then be closed.
    pub fn peer(&self, connection: &ServerConnection) -> Result<PeerCertificate, PeerError> {
        let chain = connection.peer_certificates().ok_or(PeerError::Missing)?;
        let (leaf, intermediates) = chain.split_first().ok_or(PeerError::Missing)?;
        let now = self.config.time_provider.current_time().ok_or(PeerError::NoTime)?;
        self.verifier.peer(leaf, intermediates, now)
    }
}

fn config_build(
    files: &ServerFiles,
    verifier: &Arc<PeerVerifier>,
    provider: &Arc<CryptoProvider>,
) -> Result<ServerConfig, TlsError> {
    let ServerFiles { certificate, key, .. } = files;
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Protocol)?
        .with_client_cert_verifier(Arc::<PeerVerifier>::clone(verifier))
        .with_single_cert(certificates_read(certificate)?, key_read(key)?)
        .map_err(|source| TlsError::of_pair(certificate, key, source))?;
    config.alpn_protocols = vec![ALPN_H2.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}
