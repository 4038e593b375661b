//! What is seen of a call from outside: its trace, how long it took, and how it ended.

mod call;

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::Instrument;
use unefois_telemetry::Tracer;

pub(crate) use call::CalledBy;
use call::{Call, ObservedBody, code_of};

use crate::metrics::DoorMetrics;

/// Puts the observation in front of the door.
#[derive(Debug, Clone)]
pub(crate) struct Observer {
    pub(crate) metrics: Arc<DoorMetrics>,
    pub(crate) tracer: Tracer,
}

/// A service that is observed.
#[derive(Debug, Clone)]
pub(crate) struct Observed<S> {
    observer: Observer,
    inner: S,
}

impl<S> Layer<S> for Observer {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed { observer: self.clone(), inner }
    }
}

impl<S> Service<Request<Body>> for Observed<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let mut call = Call::begin(&self.observer, &mut request);
        let log_span = call.log_span();
        let answer = self.inner.call(request);
        Box::pin(
            async move {
                let response = answer.await?;
                if let Some(code) = code_of(response.headers()) {
                    call.end(code);
                    return Ok(response);
                }
                Ok(response.map(|inner| Body::new(ObservedBody::new(inner, call))))
            }
            .instrument(log_span),
        )
    }
}
