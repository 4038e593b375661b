//! The collector: where it is, and the connection to it.

use std::time::Duration;

use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::{ExportMetricsServiceRequest, metrics_service_client::MetricsServiceClient},
        trace::v1::{ExportTraceServiceRequest, trace_service_client::TraceServiceClient},
    },
    metrics::v1::ResourceMetrics,
    trace::v1::ResourceSpans,
};
use tonic::{
    Code,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};

use crate::settings::TelemetrySettings;

/// A collector that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidCollector {
    /// The endpoint is not one.
    #[error("telemetry.otlp-endpoint: `http://host:port` or `https://host:port`")]
    Endpoint,
    /// The share of calls is no share.
    #[error("telemetry.trace-ratio: 0 to 1")]
    Ratio,
    /// The connection cannot be protected.
    #[error("telemetry.otlp-ca: the authorities cannot be used")]
    Tls(#[source] tonic::transport::Error),
    /// The authorities of an `https` endpoint are missing.
    #[error("telemetry.otlp-ca: an `https` endpoint needs the authorities that vouch for it")]
    NoAuthorities,
    /// The file of the authorities cannot be read.
    #[error("telemetry.otlp-ca cannot be read")]
    Unreadable(#[source] std::io::Error),
}

/// A message that was not taken.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the collector does not take it: {0:?}")]
pub(crate) struct NotTaken(pub(crate) Code);

/// A connection to the collector, made when it is needed.
#[derive(Debug)]
pub(crate) struct Collector {
    spans: TraceServiceClient<Channel>,
    metrics: MetricsServiceClient<Channel>,
    patience: Duration,
}

impl Collector {
    /// The configured collector, if there is one.
    pub(crate) fn of(settings: &TelemetrySettings) -> Result<Option<Self>, InvalidCollector> {
        let Some(text) = &settings.otlp_endpoint else { return Ok(None) };
        if !(0.0..=1.0).contains(&settings.trace_ratio) {
            return Err(InvalidCollector::Ratio);
        }
        let Ok(endpoint) = Endpoint::from_shared(text.clone()) else { return Err(InvalidCollector::Endpoint) };
        let (scheme, host) = (endpoint.uri().scheme_str().unwrap_or_default(), endpoint.uri().host());
        if host.is_none_or(str::is_empty) {
            return Err(InvalidCollector::Endpoint);
        }
        let endpoint = match scheme {
            "http" => endpoint,
            "https" => protected(endpoint, settings)?,
            _ => return Err(InvalidCollector::Endpoint),
        };
        let patience = settings.export_max;
        let channel = endpoint.connect_timeout(patience).connect_lazy();
        let spans = TraceServiceClient::new(channel.clone());
        Ok(Some(Self { spans, metrics: MetricsServiceClient::new(channel), patience }))
    }

    /// Sends spans, once.
    pub(crate) async fn send_spans(&mut self, spans: ResourceSpans) -> Result<(), NotTaken> {
        let request = ExportTraceServiceRequest { resource_spans: vec![spans] };
        taken(tokio::time::timeout(self.patience, self.spans.export(request)).await)
    }

    /// Sends metrics, once.
    pub(crate) async fn send_metrics(&mut self, metrics: ResourceMetrics) -> Result<(), NotTaken> {
        let request = ExportMetricsServiceRequest { resource_metrics: vec![metrics] };
        taken(tokio::time::timeout(self.patience, self.metrics.export(request)).await)
    }
}

fn taken<T>(
    answer: Result<Result<tonic::Response<T>, tonic::Status>, tokio::time::error::Elapsed>,
) -> Result<(), NotTaken> {
    match answer {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(status)) => Err(NotTaken(status.code())),
        Err(_elapsed) => Err(NotTaken(Code::DeadlineExceeded)),
    }
}

fn protected(endpoint: Endpoint, settings: &TelemetrySettings) -> Result<Endpoint, InvalidCollector> {
    let file = settings.otlp_ca.as_ref().ok_or(InvalidCollector::NoAuthorities)?;
    let pem = std::fs::read(file).map_err(InvalidCollector::Unreadable)?;
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
    endpoint.tls_config(tls).map_err(InvalidCollector::Tls)
}
