//! A server that does nothing but answer, behind the hub's TLS and with the hub's HTTP/2 settings.

mod accepted;
pub(crate) mod append;
pub(crate) mod batched;
pub(crate) mod by_hand;
pub(crate) mod stream;
mod tables;

use std::{
    convert::Infallible,
    future::Future,
    io,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Response, Status,
    body::Body,
    server::{Grpc, NamedService, UnaryService},
    transport::server::Server,
};
use tower::Service;
use unefois_api::ServerLimits;
use unefois_identity::{ServerFiles, ServerTls};

use self::accepted::Accepted;
use crate::{arguments::BareOptions, codec::BytesCodec};

/// The one method of a bare server.
pub(crate) const METHOD: &str = "/unefois.bench.v1.Bare/Call";

/// What a bare server does.
pub(crate) trait Answer: Clone + Send + Sync + 'static {
    fn answer(&self, request: Bytes) -> impl Future<Output = Result<Bytes, Status>> + Send;
}

/// Nothing: the same bytes every time.
#[derive(Debug, Clone)]
struct Echo(Bytes);

impl Answer for Echo {
    async fn answer(&self, _request: Bytes) -> Result<Bytes, Status> {
        Ok(self.0.clone())
    }
}

/// Runs the server of the row `echo` until it is killed.
pub(crate) async fn echo(options: &BareOptions) -> anyhow::Result<()> {
    serve(Echo(Bytes::from(vec![b'e'; options.answer_bytes])), options).await
}

/// Serves `answer` until it is killed.
pub(crate) async fn serve(answer: impl Answer, options: &BareOptions) -> anyhow::Result<()> {
    serve_service(Bare(answer), options).await
}

/// Serves any service until it is killed.
async fn serve_service<S>(service: S, options: &BareOptions) -> anyhow::Result<()>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible> + NamedService,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let BareOptions { certificate, key, ca, answer_bytes: _ } = options.clone();
    let files = ServerFiles { certificate, key, trust_domain_ca: ca, partner_ca: None };
    let tls = Arc::new(ServerTls::load(&files)?);
    let limits = ServerLimits::default();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    let (accepted, connections) = mpsc::channel(limits.accepted_queue_max);
    let serving = Server::builder()
        .max_concurrent_streams(limits.streams_per_connection_max)
        .http2_keepalive_interval(Some(limits.keepalive_every))
        .add_service(service)
        .serve_with_incoming(ReceiverStream::new(connections));
    tokio::select! {
        served = serving => Ok(served?),
        failed = accept(&listener, &tls, &accepted, &limits) => failed,
    }
}

async fn accept(
    listener: &TcpListener,
    tls: &Arc<ServerTls>,
    accepted: &mpsc::Sender<io::Result<Accepted>>,
    limits: &ServerLimits,
) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (tls, accepted, patience) = (Arc::clone(tls), accepted.clone(), limits.handshake_max);
        tokio::spawn(async move {
            match timeout(patience, handshake(&tls, stream)).await {
                Ok(Ok(stream)) => drop(accepted.send(Ok(stream)).await),
                Ok(Err(error)) => eprintln!("a connection was refused: {error}"),
                Err(_elapsed) => eprintln!("a handshake took too long"),
            }
        });
    }
}

async fn handshake(tls: &ServerTls, stream: TcpStream) -> anyhow::Result<Accepted> {
    let (stream, _peer) = tls.accept(stream).await?;
    Ok(Accepted::new(stream))
}

/// The service around an [`Answer`].
#[derive(Debug, Clone)]
struct Bare<A>(A);

impl<A> NamedService for Bare<A> {
    const NAME: &'static str = "unefois.bench.v1.Bare";
}

impl<A: Answer> Service<http::Request<Body>> for Bare<A> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let unary = Unary(self.0.clone());
        Box::pin(async move { Ok(Grpc::new(BytesCodec).unary(unary, request).await) })
    }
}

struct Unary<A>(A);

impl<A: Answer> UnaryService<Bytes> for Unary<A> {
    type Response = Bytes;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let answer = self.0.clone();
        Box::pin(async move { answer.answer(request.into_inner()).await.map(Response::new) })
    }
}
