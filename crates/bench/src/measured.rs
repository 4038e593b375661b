//! What one load came to.

use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use hdrhistogram::Histogram;

/// What one stream saw. Latencies are only kept here, not counted into a histogram: that would disturb the caches.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) latencies: Vec<Duration>,
    pub(crate) samples: Vec<Bytes>,
    /// Answers that were right, those of the warm-up included.
    pub(crate) answered: u64,
    /// Calls that the server refused to begin, those of the warm-up not included.
    pub(crate) refused: u64,
    errors: u64,
    first_error: Option<String>,
}

impl Tally {
    /// Counts a call that was not answered as it should be.
    pub(crate) fn failed(&mut self, what: String) {
        self.errors += 1;
        self.first_error.get_or_insert(what);
    }
}

/// What the processes used while calls counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    pub(crate) server: Duration,
    pub(crate) generator: Duration,
    pub(crate) database: Duration,
}

/// What a load came to.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
    /// Processor time of the server, for each call that was answered.
    pub(crate) server_cpu_us: f64,
    /// Processor time of the generator, for each call that was answered.
    pub(crate) generator_cpu_us: f64,
    /// The same for its PostgreSQL; nothing where there is none.
    pub(crate) database_cpu_us: f64,
    /// Answers that were right, those of the warm-up included.
    pub(crate) answered: u64,
    /// Calls that were begun.
    pub(crate) offered_per_second: f64,
    /// Calls that the server refused to begin, where that is no error.
    pub(crate) refused: u64,
    pub(crate) errors: u64,
    pub(crate) first_error: Option<String>,
    /// Some of the answers.
    pub(crate) samples: Vec<Bytes>,
}

impl Measured {
    /// Sums up what the streams saw in `span`, in which the processes used that much processor time.
    pub(crate) fn of(tallies: Vec<Tally>, span: Duration, used: Used) -> anyhow::Result<Self> {
        let mut histogram = Histogram::<u64>::new(3).context("a histogram of three digits")?;
        let (mut answered, mut refused, mut errors, mut first_error, mut samples) = (0, 0, 0, None, Vec::new());
        for tally in tallies {
            for latency in tally.latencies {
                histogram.record(u64::try_from(latency.as_nanos())?).context("a latency is too long to count")?;
            }
            answered += tally.answered;
            refused += tally.refused;
            errors += tally.errors;
            first_error = first_error.or(tally.first_error);
            samples.extend(tally.samples);
        }
        let count = histogram.len() as f64;
        let each = |cpu: Duration| if count > 0.0 { cpu.as_secs_f64() * 1e6 / count } else { 0.0 };
        let quantile = |share: f64| histogram.value_at_quantile(share) as f64 / 1e3;
        Ok(Self {
            per_second: count / span.as_secs_f64(),
            p50_us: quantile(0.5),
            p99_us: quantile(0.99),
            p999_us: quantile(0.999),
            server_cpu_us: each(used.server),
            generator_cpu_us: each(used.generator),
            database_cpu_us: each(used.database),
            answered,
            offered_per_second: (count + refused as f64) / span.as_secs_f64(),
            refused,
            errors,
            first_error,
            samples,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_summed_up_and_errors_are_no_answers() {
        let mut first = Tally::default();
        first.latencies.extend([Duration::from_micros(100); 99]);
        first.failed("first".to_owned());
        let mut second = Tally::default();
        second.latencies.push(Duration::from_millis(5));
        second.failed("second".to_owned());
        let [server, generator, database] = [20, 10, 5].map(Duration::from_millis);
        let used = Used { server, generator, database };
        let sum = Measured::of(vec![first, second], Duration::from_secs(2), used).unwrap();
        assert_eq!((sum.per_second, sum.server_cpu_us, sum.generator_cpu_us), (50.0, 200.0, 100.0));
        assert_eq!(sum.database_cpu_us, 50.0);
        assert_eq!((sum.errors, sum.first_error.as_deref()), (2, Some("first")));
        assert!((sum.p50_us - 100.0).abs() < 1.0 && (sum.p999_us - 5_000.0).abs() < 10.0, "{sum:?}");
    }
}
