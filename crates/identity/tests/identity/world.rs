//! Authorities, servers and clients for the tests, in a folder that disappears with them.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, Issuer, KeyPair};
use rustls::ClientConfig;
use rustls_pki_types::{ServerName, UnixTime};
use tempfile::TempDir;
use tokio::io::DuplexStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use unefois_core::AgencyCode;
use unefois_identity::{
    AcceptError, Authority, CertificateKind, ClientFiles, IssueRequest, Issued, PeerCertificate, PeerError,
    ServerFiles, ServerTls, SystemName, TrustDomain, Validity, client_config,
};

/// How many bytes travel at once between the two ends of a test's connection.
const PIPE_BYTES: usize = 64 * 1024;

/// A hub's authority, a partner's authority that claims the same trust domain, and the hub's certificate.
pub struct World {
    pub dir: TempDir,
    pub own: Authority,
    pub partner: Authority,
    pub server: Issued,
}

impl World {
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let own = Authority::init(&dir.path().join("own"), &trust_domain(), now()).unwrap();
        let partner = Authority::init(&dir.path().join("partner"), &trust_domain(), now()).unwrap();
        let server = own.issue(&server_request(&["localhost", "127.0.0.1"]), now()).unwrap();
        Self { dir, own, partner, server }
    }

    pub fn server_files(&self) -> ServerFiles {
        ServerFiles {
            certificate: self.server.certificate_path.clone(),
            key: self.server.key_path.clone(),
            trust_domain_ca: self.own.certificate_path(),
            partner_ca: Some(self.partner.certificate_path()),
        }
    }

    pub fn server_tls(&self) -> ServerTls {
        ServerTls::load(&self.server_files()).unwrap()
    }

    /// A client that trusts the hub's authority and shows `issued`.
    pub fn client(&self, issued: &Issued) -> ClientConfig {
        self.client_with(&issued.certificate_path, &issued.key_path)
    }

    pub fn client_with(&self, certificate: &Path, key: &Path) -> ClientConfig {
        client_config(&ClientFiles {
            ca: self.own.certificate_path(),
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        })
        .unwrap()
    }

    /// Writes a certificate that the authority would never make itself, signed by the authority in `folder`.
    pub fn client_of_params(&self, folder: &str, params: &CertificateParams) -> ClientConfig {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer(folder)).unwrap();
        let path = self.write("made.pem", &certificate.pem());
        self.client_with(&path, &self.write("made.key", &key.serialize_pem()))
    }

    pub fn issuer(&self, folder: &str) -> Issuer<'static, KeyPair> {
        let folder = self.dir.path().join(folder);
        let key = std::fs::read_to_string(folder.join("ca.key")).unwrap();
        let certificate = std::fs::read_to_string(folder.join("ca.pem")).unwrap();
        Issuer::from_ca_cert_pem(&certificate, KeyPair::from_pem(&key).unwrap()).unwrap()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// The system's time in whole seconds, because that is what a handshake compares with.
pub fn now() -> Timestamp {
    let seconds = i64::try_from(UnixTime::now().as_secs()).unwrap();
    Timestamp::from_second(seconds).unwrap()
}

pub fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

pub fn trust_domain() -> TrustDomain {
    TrustDomain::parse("unefois.example").unwrap()
}

pub fn request(agency: &str, system: &str, kind: CertificateKind) -> IssueRequest {
    IssueRequest {
        agency: AgencyCode::parse(agency).unwrap(),
        system: SystemName::parse(system).unwrap(),
        kind,
        validity: Validity::Days(30),
    }
}

pub fn client_request(agency: &str, system: &str) -> IssueRequest {
    request(agency, system, CertificateKind::Client)
}

pub fn server_request(names: &[&str]) -> IssueRequest {
    let names = names.iter().map(|name| ServerName::try_from((*name).to_owned()).unwrap());
    request("hub", "node-1", CertificateKind::Server { names: names.collect() })
}

/// One connection between `server` and `client`: what the server makes of it, and the client's end.
/// A TLS 1.3 client may be content before the server has looked at its certificate.
pub async fn connect(
    server: &ServerTls,
    client: ClientConfig,
) -> (
    Result<(tokio_rustls::server::TlsStream<DuplexStream>, PeerCertificate), AcceptError>,
    std::io::Result<TlsStream<DuplexStream>>,
) {
    let (server_end, client_end) = tokio::io::duplex(PIPE_BYTES);
    let connector = TlsConnector::from(std::sync::Arc::new(client));
    let name = ServerName::try_from("localhost").unwrap();
    tokio::join!(server.accept(server_end), connector.connect(name, client_end))
}

/// The peer that `server` sees when `client` connects.
pub async fn accepted(server: &ServerTls, client: ClientConfig) -> PeerCertificate {
    let (server_side, client_side) = connect(server, client).await;
    client_side.unwrap();
    let (_, peer) = server_side.unwrap();
    peer
}

/// Why `server` breaks the handshake off when `client` connects.
pub async fn handshake_refusal(server: &ServerTls, client: ClientConfig) -> rustls::Error {
    match connect(server, client).await.0 {
        Err(AcceptError::Handshake(error)) => {
            let inner = error.get_ref().unwrap().downcast_ref::<rustls::Error>();
            inner.unwrap().clone()
        }
        Err(AcceptError::Peer(error)) => panic!("the certificate was refused by a rule of ours: {error}"),
        Err(error @ AcceptError::Protocol) => panic!("the handshake succeeded, then: {error}"),
        Ok((_, peer)) => panic!("{} was let in", peer.subject),
    }
}

/// Which rule of ours makes `server` refuse the peer when `client` connects.
pub async fn peer_refusal(server: &ServerTls, client: ClientConfig) -> PeerError {
    match connect(server, client).await.0 {
        Err(AcceptError::Peer(error)) => error,
        Err(AcceptError::Handshake(error)) => panic!("the handshake failed: {error}"),
        Err(error @ AcceptError::Protocol) => panic!("the certificate was good: {error}"),
        Ok((_, peer)) => panic!("{} was let in", peer.subject),
    }
}
