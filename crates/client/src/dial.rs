//! One connection: TCP, TLS, and the hub's verdict on the caller's certificate.

use std::{io, sync::Arc, time::Duration};

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::{io::AsyncBufReadExt, net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// How long the hub may take to speak first. One that waits for the caller is not wrong, and the call goes on.
const VERDICT_WAIT_MAX: Duration = Duration::from_secs(1);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// Nothing listens there, or it cannot be reached.
    #[error("nothing answers there: check that the hub is running and that the address is right")]
    Unreachable(#[source] io::Error),
    /// What answers is not the hub that the settings trust: another authority, another name, an expired certificate, or
    /// no TLS 1.3.
    #[error("what answers there is not the hub that is trusted: check the authority and the name of the server")]
    Untrusted(#[source] io::Error),
    /// The hub ended the connection because of the caller's certificate, or for want of one.
    #[error("the hub refused the certificate: give one that its authority issued and that has not expired")]
    CertificateRefused(#[source] io::Error),
    /// The hub ended the connection at once and does not say why.
    #[error("the hub closed the connection: check that the certificate is that of an agency's system, or try later")]
    Closed(#[source] io::Error),
    /// It took longer than the settings allow.
    #[error("connecting took longer than {limit:?}: check the address, and what stands on the way")]
    TimedOut {
        /// How long it may take.
        limit: Duration,
    },
}

/// A connection that the hub has accepted.
pub(crate) type Wire = TokioIo<TlsStream<TcpStream>>;

/// Where and how to connect, again and again.
#[derive(Debug, Clone)]
pub(crate) struct Dialler {
    host: String,
    port: u16,
    server_name: ServerName<'static>,
    config: Arc<ClientConfig>,
    limit: Duration,
}

impl Dialler {
    /// Dials `host` (without the brackets of an IPv6 address), each time within `limit`.
    pub(crate) fn new(
        host: String,
        port: u16,
        server_name: ServerName<'static>,
        config: ClientConfig,
        limit: Duration,
    ) -> Self {
        Self { host, port, server_name, config: Arc::new(config), limit }
    }

    pub(crate) async fn dial(self) -> Result<Wire, DialError> {
        let limit = self.limit;
        timeout(limit, self.dial_unhurried()).await.unwrap_or(Err(DialError::TimedOut { limit }))
    }

    async fn dial_unhurried(self) -> Result<Wire, DialError> {
        let tcp = TcpStream::connect((self.host, self.port)).await.map_err(DialError::Unreachable)?;
        // Small messages wait for nothing.
        tcp.set_nodelay(true).map_err(DialError::Unreachable)?;
        let connecting = TlsConnector::from(self.config).connect(self.server_name, tcp);
        let mut stream = connecting.await.map_err(DialError::Untrusted)?;
        hear_verdict(&mut stream).await.map_err(verdict)?;
        Ok(TokioIo::new(stream))
    }
}

/// Waits for the first bytes of the hub and leaves them in the stream.
///
/// In TLS 1.3 the client's handshake ends before the server has seen its certificate (RFC 8446 section 2), so that a
/// refusal is the first thing to be read: it would otherwise look like a connection that breaks for no reason. A hub
/// that accepts speaks first, too: its HTTP/2 settings (RFC 9113 section 3.4).
async fn hear_verdict(stream: &mut TlsStream<TcpStream>) -> io::Result<()> {
    let Ok(heard) = timeout(VERDICT_WAIT_MAX, stream.fill_buf()).await else {
        return Ok(());
    };
    if heard?.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn verdict(error: io::Error) -> DialError {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    match cause {
        Some(rustls::Error::AlertReceived(_)) => DialError::CertificateRefused(error),
        Some(_) | None => DialError::Closed(error),
    }
}

#[cfg(test)]
mod tests {
    use rustls::AlertDescription;

    use super::*;

    #[test]
    fn an_alert_is_a_verdict_on_the_certificate() {
        let alert = rustls::Error::AlertReceived(AlertDescription::CertificateExpired);
        let error = verdict(io::Error::new(io::ErrorKind::InvalidData, alert));
        assert!(matches!(error, DialError::CertificateRefused(_)), "{error}");
    }

    #[test]
    fn a_connection_that_just_ends_blames_nobody() {
        let error = verdict(io::ErrorKind::UnexpectedEof.into());
        assert!(matches!(error, DialError::Closed(_)), "{error}");
    }
}
