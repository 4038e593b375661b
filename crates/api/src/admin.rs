//! The admin port: whether the process lives, whether it should be asked, and its metrics. Plain HTTP, counts only.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::{Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;
use serde::{Deserialize, Serialize};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use unefois_broker::Hub;
use unefois_telemetry::Metrics;

/// How large the head of a request may be: the least that the library takes.
const HEAD_SIZE_BYTES_MAX: usize = 8 * 1024;

/// The limits of the admin port.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AdminLimits {
    /// How many connections of probes and scrapers may be open.
    pub admin_connections_max: usize,
    /// How long one of them may take in all.
    #[serde(with = "duration")]
    pub admin_request_max: Duration,
}

impl Default for AdminLimits {
    fn default() -> Self {
        Self { admin_connections_max: 16, admin_request_max: Duration::from_secs(5) }
    }
}

/// Whether the hub was told to stop. Clones are of the same hub.
#[derive(Debug, Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// From now on the hub should not be asked, although it still answers.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What the admin port shows.
#[derive(Debug, Clone)]
pub struct Admin {
    /// The hub whose readiness is asked for.
    pub hub: Hub,
    /// The metrics of the process.
    pub metrics: Metrics,
    /// Whether the hub was told to stop.
    pub draining: Draining,
}

/// Serves the admin port until it is dropped; what it was answering ends with it.
pub async fn admin_serve(listener: TcpListener, admin: Admin, limits: AdminLimits) {
    let places = Arc::new(Semaphore::new(limits.admin_connections_max.max(1)));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection to the admin port could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (admin, patience) = (admin.clone(), limits.admin_request_max);
        connections.spawn(async move {
            answer(stream, &admin, patience).await;
            drop(place);
        });
    }
}

/// Answers one request; a connection serves no other.
async fn answer(stream: TcpStream, admin: &Admin, patience: Duration) {
    let respond = |request: Request<Incoming>| {
        let response = admin.respond(request.method(), request.uri().path());
        async move { Ok::<_, Infallible>(response) }
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(HEAD_SIZE_BYTES_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service_fn(respond));
    match tokio::time::timeout(patience, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection to the admin port broke"),
        Err(_elapsed) => tracing::debug!("a connection to the admin port took too long"),
    }
}

impl Admin {
    fn respond(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        const TEXT: &str = "text/plain; charset=utf-8";
        const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
        let (status, kind, text) = match (path, method) {
            ("/livez" | "/readyz" | "/metrics", method) if method != Method::GET && method != Method::HEAD => {
                (StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET\n".to_owned())
            }
            ("/livez", _) => (StatusCode::OK, TEXT, "alive\n".to_owned()),
            ("/readyz", _) => match self.unready() {
                None => (StatusCode::OK, TEXT, "ready\n".to_owned()),
                Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{reason}\n")),
            },
            ("/metrics", _) => (StatusCode::OK, PROMETHEUS, self.metrics.text()),
            _ => (StatusCode::NOT_FOUND, TEXT, "/livez, /readyz, /metrics\n".to_owned()),
        };
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
        response
    }

    /// Why the hub should not be asked.
    fn unready(&self) -> Option<String> {
        if self.draining.has_begun() {
            return Some("the hub is stopping".to_owned());
        }
        self.hub.readiness().err().map(|unready| unready.to_string())
    }
}
