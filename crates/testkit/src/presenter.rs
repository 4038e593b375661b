//! A caller that presents anything for a certificate, and says how the hub took it.

mod open;

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, Error as TlsError, HandshakeKind, RootCertStore, SignatureScheme,
    client::ResolvesClientCert,
    crypto::aws_lc_rs::{default_provider, sign::any_supported_type},
    sign::CertifiedKey,
    version::TLS13,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::Code;

pub use open::Open;

/// How long a hub may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is presented for a certificate, and the key that is used with it. Neither need be any good.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The chain, the caller's own certificate first; empty for none.
    pub chain: Vec<Vec<u8>>,
    /// The private key (DER of PKCS#8). Its kind must be one that TLS can use.
    pub key: Vec<u8>,
}

impl Presented {
    /// The certificates of a file (PEM), and the key that lies beside it.
    #[must_use]
    pub fn read(certificate: &Path) -> Self {
        let chain = CertificateDer::pem_file_iter(certificate).unwrap().map(|der| der.unwrap().to_vec()).collect();
        let key = PrivateKeyDer::from_pem_file(certificate.with_extension("key")).unwrap();
        Self { chain, key: key.secret_der().to_vec() }
    }

    /// Whether TLS can use the key at all.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        PrivateKeyDer::try_from(self.key.clone()).is_ok_and(|key| any_supported_type(&key).is_ok())
    }
}

/// How the hub took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The call was answered.
    Served,
    /// The door refused the caller, with that stable reason.
    Refused(String, Code),
    /// The handshake ended with that TLS alert.
    Alert(String),
    /// The connection was closed and nothing said.
    Closed,
}

/// An attempt to call.
#[derive(Debug)]
pub struct Attempt {
    /// Where it came from, as the hub's log names it.
    pub from: SocketAddr,
    /// How it ended.
    pub answer: Answer,
    /// Whether its handshake resumed an earlier session.
    pub resumed: bool,
}

/// A caller. Its connections share the memory of TLS sessions, as a browser's do.
#[derive(Debug)]
pub struct Presenter {
    hub: SocketAddr,
    config: Arc<ClientConfig>,
}

impl Presenter {
    /// A caller of `hub` (an address), whose certificate an authority of `ca` (PEM) vouches for.
    #[must_use]
    pub fn new(hub: SocketAddr, ca: &Path, presented: &Presented) -> Self {
        Self::speaking(hub, ca, presented, &[b"h2"])
    }

    /// The same, naming these protocols (ALPN).
    #[must_use]
    pub fn speaking(hub: SocketAddr, ca: &Path, presented: &Presented, protocols: &[&[u8]]) -> Self {
        let mut roots = RootCertStore::empty();
        for authority in CertificateDer::pem_file_iter(ca).unwrap() {
            roots.add(authority.unwrap()).unwrap();
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_cert_resolver(Arc::new(Anything::of(presented)));
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Self { hub, config: Arc::new(config) }
    }

    /// Calls a method that every registered agency may call, on a connection of its own.
    pub async fn call(&self) -> Attempt {
        let stream = TcpStream::connect(self.hub).await.unwrap();
        let from = stream.local_addr().unwrap();
        let (answer, resumed) = match self.shake_hands(stream).await {
            Ok(stream) => {
                let resumed = stream.get_ref().get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
                (Open::begin(stream).await.call().await, resumed)
            }
            Err(answer) => (answer, false),
        };
        Attempt { from, answer, resumed }
    }

    /// Opens a connection and keeps it.
    ///
    /// # Errors
    /// How the hub refused it.
    pub async fn open(&self) -> Result<Open, Answer> {
        let stream = TcpStream::connect(self.hub).await.unwrap();
        Ok(Open::begin(self.shake_hands(stream).await?).await)
    }

    /// A client of TLS 1.3 is content before the server has looked at its certificate: the hub has accepted it when it
    /// says something. Nothing is written before, or the answer to it may come in place of the alert.
    async fn shake_hands(&self, stream: TcpStream) -> Result<BufReader<TlsStream<TcpStream>>, Answer> {
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let answered = async {
            let mut stream = BufReader::new(connector.connect(name, stream).await?);
            let said = stream.fill_buf().await?.len();
            std::io::Result::Ok((stream, said))
        };
        match tokio::time::timeout(PATIENCE, answered).await.unwrap() {
            Ok((_, 0)) => Err(Answer::Closed),
            Ok((stream, _)) => Ok(stream),
            Err(error) => Err(answer_of(&error)),
        }
    }
}

fn answer_of(error: &std::io::Error) -> Answer {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(TlsError::AlertReceived(alert)) => Answer::Alert(format!("{alert:?}")),
        Some(other) => panic!("the hub's side of the handshake is not as it must be: {other}"),
        None => Answer::Closed,
    }
}

/// Gives the same chain and key to every server, whatever it asks for.
#[derive(Debug)]
struct Anything(Option<Arc<CertifiedKey>>);

impl Anything {
    fn of(presented: &Presented) -> Self {
        let Presented { chain, key } = presented;
        if chain.is_empty() {
            return Self(None);
        }
        let chain = chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
        let key = any_supported_type(&PrivateKeyDer::try_from(key.clone()).unwrap()).unwrap();
        // Unlike the usual way, this does not check that the key is the certificate's.
        Self(Some(Arc::new(CertifiedKey::new(chain, key))))
    }
}

impl ResolvesClientCert for Anything {
    fn resolve(&self, _authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}
