//! Gauges whose series come and go with what they are about: all of them are shown anew each time.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use prometheus::{IntGaugeVec, Opts};

use super::Metrics;

/// Gauges whose labels are not known before. Whoever shows them keeps their number within a limit.
#[derive(Debug)]
pub struct ShownGauges<const LABELS: usize> {
    family: IntGaugeVec,
    /// The series that are shown. Locked while they are replaced: of two who do that the last one counts.
    shown: Mutex<BTreeSet<[String; LABELS]>>,
}

impl Metrics {
    /// Gauges with these labels, of which nothing is shown yet.
    ///
    /// # Panics
    /// The name was registered before, or is not one: both are mistakes of the program.
    #[must_use]
    pub fn shown_gauges<const LABELS: usize>(
        &self,
        (name, help): (&str, &str),
        labels: [&str; LABELS],
    ) -> ShownGauges<LABELS> {
        let family = IntGaugeVec::new(Opts::new(name, help), &labels).expect("a name that is written in the program");
        self.register(family.clone());
        ShownGauges { family, shown: Mutex::default() }
    }
}

impl<const LABELS: usize> ShownGauges<LABELS> {
    /// Shows these series, and no others.
    pub fn show(&self, series: impl IntoIterator<Item = ([String; LABELS], i64)>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = BTreeSet::new();
        for (labels, value) in series {
            self.family.with_label_values(&labels).set(value);
            new.insert(labels);
        }
        for gone in shown.difference(&new) {
            let values = gone.each_ref().map(String::as_str);
            self.family.remove_label_values(&values).expect("it is shown, and nobody else removes it");
        }
        *shown = new;
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::Metrics;

    #[test]
    fn only_what_was_shown_last_is_there() {
        let metrics = Metrics::new();
        let gauges = metrics.shown_gauges(("test_lag_entries", "Lags"), ["agency"]);
        let of = |agency: &str, value: i64| ([agency.to_owned()], value);
        assert_eq!(metrics.text(), "");
        gauges.show([of("cnaf", 3), of("cnam", 5)]);
        gauges.show([of("cnam", 6), of("cnav", 1)]);
        let text = metrics.text();
        let series: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(series, ["test_lag_entries{agency=\"cnam\"} 6", "test_lag_entries{agency=\"cnav\"} 1"]);
    }
}
