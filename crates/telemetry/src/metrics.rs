//! The metrics of this process: one registry, whose instruments are bound to their labels before anything moves them.

mod process;
mod shown;
mod table;

use std::sync::{Arc, PoisonError, RwLock};

use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder, core::Collector,
    proto::MetricFamily,
};

pub use process::process_watch;
pub use prometheus::{Histogram, IntCounter as Counter, IntGauge as Gauge};
pub use shown::ShownGauges;
pub use table::HistogramTable;

/// The buckets of what takes time, in seconds: from 50 µs to 10 s.
pub const LATENCY_BUCKETS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The buckets of what comes in batches.
pub const SIZE_BUCKETS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// What is looked at whenever the metrics are read.
type Look = Box<dyn Fn() + Send + Sync>;

/// The registry of this process. Clones share everything.
#[derive(Clone, Default)]
pub struct Metrics {
    registry: Registry,
    /// Locked for writing while the rooms are put together, and for reading whenever somebody reads the metrics.
    looks: Arc<RwLock<Vec<Look>>>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// A registry without instruments.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A counter of each of these series, in their order.
    ///
    /// # Panics
    /// The name was registered before, or is not one: both are mistakes of the program.
    #[must_use]
    pub fn counters<const LABELS: usize>(
        &self,
        (name, help): (&str, &str),
        labels: [&str; LABELS],
        series: impl IntoIterator<Item = [&'static str; LABELS]>,
    ) -> Vec<Counter> {
        let family = IntCounterVec::new(Opts::new(name, help), &labels).expect("a name that is written in the program");
        let bound = series.into_iter().map(|values| family.with_label_values(&values)).collect();
        self.register(family);
        bound
    }

    /// One counter.
    ///
    /// # Panics
    /// As [`Metrics::counters`].
    #[must_use]
    pub fn counter(&self, about: (&str, &str)) -> Counter {
        self.counters(about, [], [[]]).remove(0)
    }

    /// A gauge of each of these series, in their order.
    ///
    /// # Panics
    /// As [`Metrics::counters`].
    #[must_use]
    pub fn gauges<const LABELS: usize>(
        &self,
        (name, help): (&str, &str),
        labels: [&str; LABELS],
        series: impl IntoIterator<Item = [&'static str; LABELS]>,
    ) -> Vec<Gauge> {
        let family = IntGaugeVec::new(Opts::new(name, help), &labels).expect("a name that is written in the program");
        let bound = series.into_iter().map(|values| family.with_label_values(&values)).collect();
        self.register(family);
        bound
    }

    /// One gauge.
    ///
    /// # Panics
    /// As [`Metrics::counters`].
    #[must_use]
    pub fn gauge(&self, about: (&str, &str)) -> Gauge {
        self.gauges(about, [], [[]]).remove(0)
    }

    /// A histogram of each of these series, in their order.
    ///
    /// # Panics
    /// As [`Metrics::counters`].
    #[must_use]
    pub fn histograms<const LABELS: usize>(
        &self,
        about: (&str, &str),
        buckets: &[f64],
        labels: [&str; LABELS],
        series: impl IntoIterator<Item = [&'static str; LABELS]>,
    ) -> Vec<Histogram> {
        let family = self.histogram_family(about, buckets, &labels);
        series.into_iter().map(|values| family.with_label_values(&values)).collect()
    }

    /// One histogram.
    ///
    /// # Panics
    /// As [`Metrics::counters`].
    #[must_use]
    pub fn histogram(&self, about: (&str, &str), buckets: &[f64]) -> Histogram {
        self.histograms(about, buckets, [], [[]]).remove(0)
    }

    /// Does this whenever the metrics are about to be read: for what is looked at rather than counted.
    pub fn on_read(&self, look: impl Fn() + Send + Sync + 'static) {
        self.looks.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(look));
    }

    /// Every metric in the text format of Prometheus.
    ///
    /// # Panics
    /// Never: a metric without a name cannot be made.
    #[must_use]
    pub fn text(&self) -> String {
        let text = TextEncoder::new().encode_to_string(&self.families());
        text.expect("what the registry gathers has a name and a metric, and memory takes every text")
    }

    pub(crate) fn families(&self) -> Vec<MetricFamily> {
        for look in self.looks.read().unwrap_or_else(PoisonError::into_inner).iter() {
            look();
        }
        self.registry.gather()
    }

    fn histogram_family(&self, (name, help): (&str, &str), buckets: &[f64], labels: &[&str]) -> HistogramVec {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        let family = HistogramVec::new(options, labels).expect("a name that is written in the program");
        self.register(family.clone());
        family
    }

    fn register(&self, family: impl Collector + 'static) {
        self.registry.register(Box::new(family)).expect("each metric is made once");
    }
}
