//! The connection: a TLS stream that remembers whose certificate opened it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
};
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;
use unefois_identity::PeerCertificate;
use unefois_telemetry::Gauge;

/// The certificate of the peer, in the extensions of every request of its connection.
#[derive(Debug, Clone)]
pub(crate) struct Peer(pub(crate) Arc<PeerCertificate>);

/// A TLS stream and its peer.
#[derive(Debug)]
pub(crate) struct PeerStream {
    stream: TlsStream<TcpStream>,
    peer: Peer,
    /// Counts the connection while it is open.
    _place: Option<Place>,
}

impl PeerStream {
    pub(crate) fn new(stream: TlsStream<TcpStream>, peer: PeerCertificate) -> Self {
        Self { stream, peer: Peer(Arc::new(peer)), _place: None }
    }

    /// The same, holding its place among the open connections until it is closed.
    pub(crate) fn holding(self, permit: OwnedSemaphorePermit, open: Gauge) -> Self {
        open.inc();
        Self { _place: Some(Place { open, _permit: permit }), ..self }
    }
}

/// A place among the open connections.
#[derive(Debug)]
struct Place {
    open: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.dec();
    }
}

impl Connected for PeerStream {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for PeerStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for PeerStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    // Not vectored: HTTP/2 then gathers small frames in its buffer, see `crate::slices`.
    fn is_write_vectored(&self) -> bool {
        false
    }
}
