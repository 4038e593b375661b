//! The server's side: who is let in, and which authorities vouch for it.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use rustls_pki_types::{CertificateDer, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{ALPN_H2, AcceptError, Expiries, PeerError, TlsError, provider, roots_read};
use crate::pem::{certificates_read, key_read};
use crate::{PeerCertificate, Trust};

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
    trust_domain: Arc<dyn ClientCertVerifier>,
    partners: Option<Arc<dyn ClientCertVerifier>>,
    expiries: Expiries,
}

impl ServerTls {
    /// Reads `files`.
    ///
    /// # Errors
    /// [`TlsError`] when a file is missing or not PEM, when the key is another certificate's, or when a
    /// bundle of authorities is empty or damaged.
    pub fn load(files: &ServerFiles) -> Result<Self, TlsError> {
        let trust_domain = roots_read(&files.trust_domain_ca)?;
        let partners = files.partner_ca.as_deref().map(roots_read).transpose()?;
        let everyone = RootCertStore {
            roots: [&trust_domain].into_iter().chain(&partners).flat_map(|store| store.roots.iter().cloned()).collect(),
        };
        let provider = provider();
        Ok(Self {
            config: Arc::new(config_build(files, everyone, &provider)?),
            trust_domain: verifier_build(trust_domain, &provider)?,
            partners: partners.map(|roots| verifier_build(roots, &provider)).transpose()?,
            expiries: Expiries::read(files)?,
        })
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
        let stream = TlsAcceptor::from(self.config()).accept(io).await.map_err(AcceptError::Handshake)?;
        let (_, connection) = stream.get_ref();
        let peer = self.peer(connection)?;
        Ok((stream, peer))
    }

    /// Who the peer of `connection` is, once its handshake with this very configuration is finished.
    ///
    /// The certificate is verified again, first against the trust domain's authorities alone, because the
    /// handshake does not tell which of the two bundles it was that vouched.
    ///
    /// # Errors
    /// [`PeerError`] when there is no certificate, when it is no longer trusted (it may have expired since),
    /// or when it names nobody ([`InvalidPeer`](crate::InvalidPeer)). The connection must then be closed.
    pub fn peer(&self, connection: &ServerConnection) -> Result<PeerCertificate, PeerError> {
        let chain = connection.peer_certificates().ok_or(PeerError::Missing)?;
        let (leaf, intermediates) = chain.split_first().ok_or(PeerError::Missing)?;
        let now = self.config.time_provider.current_time().ok_or(PeerError::NoTime)?;
        let trust = self.trust_of(leaf, intermediates, now)?;
        Ok(PeerCertificate::parse(leaf, trust)?)
    }

    fn trust_of(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Trust, PeerError> {
        let own = self.trust_domain.verify_client_cert(leaf, intermediates, now);
        let Err(refusal) = own else {
            return Ok(Trust::TrustDomain);
        };
        let Some(partners) = &self.partners else {
            return Err(PeerError::Untrusted(refusal));
        };
        partners.verify_client_cert(leaf, intermediates, now).map_err(PeerError::Untrusted)?;
        Ok(Trust::Partner)
    }
}

fn config_build(
    files: &ServerFiles,
    everyone: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<ServerConfig, TlsError> {
    let ServerFiles { certificate, key, .. } = files;
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Protocol)?
        .with_client_cert_verifier(verifier_build(everyone, provider)?)
        .with_single_cert(certificates_read(certificate)?, key_read(key)?)
        .map_err(|source| TlsError::of_pair(certificate, key, source))?;
    config.alpn_protocols = vec![ALPN_H2.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn verifier_build(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    Ok(verifier.build()?)
}
