//! A server that lets streams be opened and says nothing on them: what an idle subscriber is measured beside.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{
    future::{BoxFuture, Ready, ready},
    stream::{Pending, pending},
};
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    server::{Grpc, NamedService, StreamingService},
};
use tower::Service;

use super::serve_service;
use crate::{arguments::BareOptions, codec::BytesCodec};

/// Runs the server until it is killed.
pub(crate) async fn run(options: &BareOptions) -> anyhow::Result<()> {
    serve_service(Silent, options).await
}

/// A service with one method, which says nothing for as long as its stream is open.
#[derive(Debug, Clone)]
struct Silent;

impl NamedService for Silent {
    const NAME: &'static str = "unefois.bench.v1.Bare";
}

impl Service<http::Request<Body>> for Silent {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move { Ok(Grpc::new(BytesCodec).streaming(Opened, request).await) })
    }
}

struct Opened;

impl StreamingService<Bytes> for Opened {
    type Response = Bytes;
    type ResponseStream = Pending<Result<Bytes, Status>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, _request: Request<Streaming<Bytes>>) -> Self::Future {
        ready(Ok(Response::new(pending())))
    }
}
