//! The steps of an exchange: each is measured, and a span where its call is traced.

use std::time::Instant;

use unefois_core::Reason;
use unefois_telemetry::{Ending, Histogram, Trace, TraceContext};

use super::{BrokerMetrics, is_failure};
use crate::failure::Failure;

/// One step of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Identify,
    Authorise,
    Fetch,
    Minimise,
    Record,
    Release,
}

impl Step {
    /// Every step, in the order of an exchange.
    pub(super) const ALL: [Self; 6] =
        [Self::Identify, Self::Authorise, Self::Fetch, Self::Minimise, Self::Record, Self::Release];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Authorise => "authorise",
            Self::Fetch => "fetch",
            Self::Minimise => "minimise",
            Self::Record => "record",
            Self::Release => "release",
        }
    }
}

impl BrokerMetrics {
    /// Begins a step of an exchange.
    pub(crate) fn begin(&self, step: Step, trace: &Trace) -> Stepping<'_> {
        Stepping {
            histogram: &self.steps[step as usize],
            span: trace.step(step.name()),
            began: Instant::now(),
            ended: false,
        }
    }
}

/// A step under way. It is measured until it is dropped; one that is dropped before it ended was given up.
#[derive(Debug)]
pub(crate) struct Stepping<'hub> {
    histogram: &'hub Histogram,
    span: unefois_telemetry::Step,
    began: Instant,
    ended: bool,
}

impl Stepping<'_> {
    /// Ends the step with what it came to, and hands that on.
    pub(crate) fn ended<T>(mut self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        self.ended = true;
        if let Err(failure) = &outcome {
            let ending = if is_failure(failure.reason) { Ending::Failed } else { Ending::Well };
            self.span.refused(failure.reason.code(), ending);
        }
        outcome
    }

    /// The context that a call made in this step carries on.
    pub(crate) fn onward(&self) -> Option<TraceContext> {
        self.span.onward()
    }
}

impl Drop for Stepping<'_> {
    fn drop(&mut self) {
        self.histogram.observe(self.began.elapsed().as_secs_f64());
        if !self.ended {
            self.span.refused(Reason::DeadlineExceeded.code(), Ending::Failed);
        }
    }
}
