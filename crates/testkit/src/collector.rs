//! A collector of traces and metrics: OTLP over gRPC on loopback, which keeps everything that it is sent.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{
    Request, Response, Status,
    transport::{Identity, Server, ServerTlsConfig},
};

use crate::pki::Client;

/// How long a test waits for what a hub sends in the background.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a collector was sent. Behind a lock because the server writes it and the test reads it.
#[derive(Debug, Default, Clone)]
struct Kept {
    spans: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    metrics: Arc<Mutex<Vec<ExportMetricsServiceRequest>>>,
}

/// A collector. Dropping it ends it.
#[derive(Debug)]
pub struct Collector {
    endpoint: String,
    kept: Kept,
    serving: JoinHandle<()>,
}

#[tonic::async_trait]
impl TraceService for Kept {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.spans.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Kept {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.metrics.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

impl Collector {
    /// Serves on a port of its own.
    pub async fn serve() -> Self {
        Self::serve_by(Server::builder(), "http").await
    }

    /// The same over TLS, with that certificate.
    pub async fn serve_protected(server: &Client) -> Self {
        let read = |path: &PathBuf| std::fs::read(path).unwrap();
        let identity = Identity::from_pem(read(&server.certificate), read(&server.key));
        let tls = ServerTlsConfig::new().identity(identity);
        Self::serve_by(Server::builder().tls_config(tls).unwrap(), "https").await
    }

    async fn serve_by(mut server: Server, scheme: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("{scheme}://{}", listener.local_addr().unwrap());
        let kept = Kept::default();
        let server = server
            .add_service(TraceServiceServer::new(kept.clone()))
            .add_service(MetricsServiceServer::new(kept.clone()));
        let serving = tokio::spawn(async move {
            server.serve_with_incoming(TcpListenerStream::new(listener)).await.unwrap();
        });
        Self { endpoint, kept, serving }
    }

    /// The lines of a configuration that trace every call and send often.
    #[must_use]
    pub fn settings(&self) -> String {
        format!("[telemetry]\notlp-endpoint = {:?}\ntrace-ratio = 1.0\nexport-every = \"50ms\"\n", self.endpoint)
    }

    /// Every span that came so far.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        let requests = self.kept.spans.lock().unwrap();
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }

    /// The names of the metrics that came so far.
    #[must_use]
    pub fn metric_names(&self) -> Vec<String> {
        let requests = self.kept.metrics.lock().unwrap();
        let resources = requests.iter().flat_map(|request| &request.resource_metrics);
        let metrics = resources.flat_map(|resource| &resource.scope_metrics).flat_map(|scope| &scope.metrics);
        metrics.map(|metric| metric.name.clone()).collect()
    }

    /// Everything that came, as it stood on the wire.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let spans = self.kept.spans.lock().unwrap().iter().flat_map(Message::encode_to_vec).collect::<Vec<_>>();
        let metrics = self.kept.metrics.lock().unwrap().iter().flat_map(Message::encode_to_vec).collect::<Vec<_>>();
        [spans, metrics].concat()
    }

    /// Waits until what came so far shows this.
    pub async fn shows<T>(&self, what: &str, look: impl Fn(&Self) -> Option<T>) -> T {
        let looking = async {
            let mut turn = tokio::time::interval(Duration::from_millis(20));
            loop {
                turn.tick().await;
                if let Some(seen) = look(self) {
                    return seen;
                }
            }
        };
        let seen = tokio::time::timeout(PATIENCE, looking).await;
        seen.unwrap_or_else(|_| panic!("the collector was never sent {what}: {:#?}", self.spans()))
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The text of an attribute.
#[must_use]
pub fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}
