//! Logs, traces and metrics: made cheaply where things happen, and carried out of the hub in the background.
//!
//! [`Metrics`] is the one registry: counts, gauges and histograms are bound to their labels once and cost an atomic
//! operation or three when they move. [`Tracer`] follows the calls that are sampled. Both are shown in Prometheus' text
//! or sent to a collector over OTLP; neither ever waits for whoever reads them.
//!
//! What is deliberately absent: types of the domain, names of subjects, texts of callers, and the environment. The
//! standard `OTEL_*` variables are not read: what leaves the hub, and where to, is in its configuration only.

mod log;
mod metrics;
mod otlp;
mod settings;
mod trace;
mod trace_context;
mod tracer;

pub use log::{InvalidLogLevel, LogFormat, LogSettings, log_start};
pub use metrics::{
    Counter, Gauge, Histogram, HistogramTable, LATENCY_BUCKETS, Metrics, SIZE_BUCKETS, ShownGauges, process_watch,
};
pub use otlp::{Exporter, InvalidCollector};
pub use settings::TelemetrySettings;
pub use trace::{Attributes, Ending, RootSpan, Step, Trace};
pub use trace_context::TraceContext;
pub use tracer::{Tracer, WallClock};
