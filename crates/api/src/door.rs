//! The door: who calls, and whether that role may call this method. Asked for every request, on open connections too.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};
use unefois_broker::{Failure, Hub};
use unefois_core::{Caller, Reason};

use crate::{
    matrix::{Access, access},
    observe::CalledBy,
    peer::Peer,
    status::{of_codec, status_of},
};

/// Puts the door in front of every service.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    hub: Hub,
}

/// A service behind the door.
#[derive(Debug, Clone)]
pub(crate) struct Guarded<S> {
    hub: Hub,
    inner: S,
}

impl Door {
    pub(crate) fn new(hub: Hub) -> Self {
        Self { hub }
    }
}

impl<S> Layer<S> for Door {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { hub: self.hub.clone(), inner }
    }
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let hub = self.hub.clone();
        Box::pin(async move {
            let peer = request.extensions().get::<Peer>().cloned();
            let called_by = request.extensions().get::<CalledBy>().cloned();
            match admit(&hub, peer, request.uri().path().to_owned(), called_by).await {
                Ok(caller) => {
                    request.extensions_mut().insert(caller);
                    let response = inner.call(request).await?;
                    // A call that fails before its first answer carries its status in the headers.
                    match Status::from_header_map(response.headers()) {
                        Some(status) if status.code() == Code::OutOfRange => Ok(of_codec(status).into_http()),
                        Some(_) | None => Ok(response),
                    }
                }
                Err(status) => Ok(status.into_http()),
            }
        })
    }
}

async fn admit(hub: &Hub, peer: Option<Peer>, method: String, called_by: Option<CalledBy>) -> Result<Caller, Status> {
    let refuse = |failure: Failure| status_of(&failure);
    let Some(Peer(certificate)) = peer else {
        return Err(refuse(Failure::new(Reason::CertificateMissing)));
    };
    let caller = hub.identify(&certificate).map_err(refuse)?;
    if let Some(called_by) = called_by {
        called_by.say(&caller.agency);
    }
    match access(&method) {
        Some(Access::Registered) => Ok(caller),
        Some(Access::Roles(roles)) if roles.iter().any(|role| caller.has(*role)) => Ok(caller),
        Some(Access::Roles(_)) => Err(refuse(hub.access_refused(&caller, &method).await)),
        None => Err(Status::unimplemented("the hub does not serve this method")),
    }
}
