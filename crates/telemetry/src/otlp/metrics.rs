//! The registry in the form of OTLP: cumulative sums, gauges and histograms under the same names.

use opentelemetry_proto::tonic::{
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
        ScopeMetrics, Sum, metric::Data, number_data_point::Value,
    },
    resource::v1::Resource,
};
use prometheus::proto::{self, MetricFamily, MetricType};

use super::spans::{attribute, scope};

/// The time that a message covers, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) since: u64,
    pub(crate) now: u64,
}

/// The metrics of one message.
pub(crate) fn resource_metrics(resource: &Resource, families: &[MetricFamily], time: Span) -> ResourceMetrics {
    let metrics = families.iter().filter_map(|family| metric(family, time)).collect();
    ResourceMetrics {
        resource: Some(resource.clone()),
        scope_metrics: vec![ScopeMetrics { scope: Some(scope()), metrics, schema_url: String::new() }],
        schema_url: String::new(),
    }
}

fn metric(family: &MetricFamily, time: Span) -> Option<Metric> {
    let temporality = AggregationTemporality::Cumulative.into();
    let number = |value: fn(&proto::Metric) -> f64| {
        let points = family.get_metric().iter();
        points.map(|metric| number_point(metric, value(metric), time)).collect::<Vec<_>>()
    };
    let data = match family.get_field_type() {
        MetricType::COUNTER => Data::Sum(Sum {
            data_points: number(|metric| metric.get_counter().get_value()),
            aggregation_temporality: temporality,
            is_monotonic: true,
        }),
        MetricType::GAUGE => Data::Gauge(Gauge { data_points: number(|metric| metric.get_gauge().get_value()) }),
        MetricType::HISTOGRAM => Data::Histogram(Histogram {
            data_points: family.get_metric().iter().map(|metric| histogram_point(metric, time)).collect(),
            aggregation_temporality: temporality,
        }),
        // The registry makes none of these.
        MetricType::SUMMARY | MetricType::UNTYPED => return None,
    };
    Some(Metric {
        name: family.name().to_owned(),
        description: family.help().to_owned(),
        unit: unit(family.name()).to_owned(),
        metadata: Vec::new(),
        data: Some(data),
    })
}

fn number_point(metric: &proto::Metric, value: f64, time: Span) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(metric),
        start_time_unix_nano: time.since,
        time_unix_nano: time.now,
        value: Some(Value::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

fn histogram_point(metric: &proto::Metric, time: Span) -> HistogramDataPoint {
    let histogram = metric.get_histogram();
    let count = histogram.get_sample_count();
    let bounded: Vec<_> = histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite()).collect();
    // Prometheus counts what is at most a bound; OTLP what lies between two.
    let upto: Vec<u64> = bounded.iter().map(|bucket| bucket.cumulative_count()).chain([count]).collect();
    let between = |(place, upto_here): (usize, &u64)| {
        let before = place.checked_sub(1).and_then(|before| upto.get(before)).copied().unwrap_or_default();
        upto_here.saturating_sub(before)
    };
    HistogramDataPoint {
        attributes: attributes(metric),
        start_time_unix_nano: time.since,
        time_unix_nano: time.now,
        count,
        sum: Some(histogram.get_sample_sum()),
        bucket_counts: upto.iter().enumerate().map(between).collect(),
        explicit_bounds: bounded.iter().map(|bucket| bucket.upper_bound()).collect(),
        ..HistogramDataPoint::default()
    }
}

fn attributes(metric: &proto::Metric) -> Vec<opentelemetry_proto::tonic::common::v1::KeyValue> {
    metric.get_label().iter().map(|label| attribute(label.name(), label.value())).collect()
}

/// The unit that a name ends with, as UCUM writes it.
fn unit(name: &str) -> &'static str {
    match name.trim_end_matches("_total").rsplit('_').next() {
        Some("seconds") => "s",
        Some("bytes") => "By",
        _ => "1",
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    use opentelemetry_proto::tonic::resource::v1::Resource;

    use super::{Span, resource_metrics, unit};
    use crate::metrics::Metrics;

    #[test]
    fn a_histogram_counts_what_lies_between_two_bounds() {
        let metrics = Metrics::new();
        let histogram = metrics.histogram(("test_wait_seconds", "How long"), &[1.0, 2.0, 4.0]);
        for seconds in [0.5, 1.5, 1.75, 8.0, 9.0] {
            histogram.observe(seconds);
        }
        let time = Span { since: 1, now: 2 };
        let sent = resource_metrics(&Resource::default(), &metrics.families(), time);
        let metric = &sent.scope_metrics[0].metrics[0];
        assert_eq!((metric.name.as_str(), metric.unit.as_str()), ("test_wait_seconds", "s"));
        let Some(Data::Histogram(histogram)) = &metric.data else { panic!("{metric:?}") };
        let point = &histogram.data_points[0];
        assert_eq!((point.count, point.sum), (5, Some(20.75)));
        assert_eq!(point.bucket_counts, [1, 2, 0, 2]);
        assert_eq!(point.explicit_bounds, [1.0, 2.0, 4.0]);
    }

    #[test]
    fn a_name_says_its_unit() {
        assert_eq!(unit("process_cpu_seconds_total"), "s");
        assert_eq!(unit("process_resident_memory_bytes"), "By");
        assert_eq!(unit("unefois_broker_exchanges_total"), "1");
    }
}
