//! What leaves the hub about its own working, and where to.

use std::{path::PathBuf, time::Duration};

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;
use serde::{Deserialize, Serialize};

/// The settings of traces and of the export of metrics. The standard `OTEL_*` variables are not read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TelemetrySettings {
    /// The collector, such as `http://127.0.0.1:4317`; none: nothing is traced and nothing is sent.
    pub otlp_endpoint: Option<String>,
    /// The authorities that vouch for a collector at an `https` endpoint (PEM).
    pub otlp_ca: Option<PathBuf>,
    /// The name of the hub in what it sends.
    pub service_name: String,
    /// The share of the calls without a `traceparent` that are traced. A caller's own decision is followed.
    pub trace_ratio: f64,
    /// How often what gathered is sent.
    #[serde(with = "duration")]
    pub export_every: Duration,
    /// How long one message to the collector may take, connecting included.
    #[serde(with = "duration")]
    pub export_max: Duration,
    /// How long sending what is left may take when the hub stops.
    #[serde(with = "duration")]
    pub flush_max: Duration,
    /// How many spans may wait; over it they are dropped and counted.
    pub span_queue_max: usize,
    /// How many spans one message may hold.
    pub span_batch_max: usize,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            otlp_ca: None,
            service_name: "unefois".to_owned(),
            trace_ratio: 0.01,
            export_every: Duration::from_secs(10),
            export_max: Duration::from_secs(5),
            flush_max: Duration::from_secs(5),
            span_queue_max: 8_192,
            span_batch_max: 512,
        }
    }
}
