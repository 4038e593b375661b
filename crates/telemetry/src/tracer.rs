//! The tracer: decides which calls are followed, and begins their traces.

use std::{sync::Arc, time::Instant};

use tokio::sync::mpsc;

use crate::{
    metrics::Counter,
    trace::{FinishedSpan, Recording, RootSpan, Trace},
    trace_context::TraceContext,
};

/// Tells the time in nanoseconds since 1970. The hub has one clock, and lends it.
pub type WallClock = fn() -> u64;

/// Begins traces. Clones share everything.
#[derive(Debug, Clone)]
pub struct Tracer(Option<Arc<Sampling>>);

#[derive(Debug)]
struct Sampling {
    /// A trace is followed when the lower half of its identifier is below this: the same one everywhere.
    threshold: u64,
    clock: WallClock,
    queue: mpsc::Sender<FinishedSpan>,
    dropped: Counter,
}

impl Tracer {
    /// Follows nothing: a caller's context is handed on as it came.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// Follows this share of the calls whose callers did not decide themselves.
    pub(crate) fn new(ratio: f64, clock: WallClock, queue: mpsc::Sender<FinishedSpan>, dropped: Counter) -> Self {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of all identifiers; the cast stops at either end"
        )]
        let threshold = (ratio * u64::MAX as f64) as u64;
        Self(Some(Arc::new(Sampling { threshold, clock, queue, dropped })))
    }

    /// Begins the root span of a call, as a child of the caller's span if it sent one.
    #[must_use]
    pub fn begin(&self, caller: Option<TraceContext>) -> RootSpan {
        let Some(sampling) = &self.0 else { return RootSpan::of(Trace { caller, own: None, recording: None }) };
        let trace = caller.map_or_else(|| rand::random::<u128>().max(1), |caller| caller.trace);
        #[allow(clippy::cast_possible_truncation, reason = "the lower half of the identifier")]
        let is_sampled = caller.map_or((trace as u64) < sampling.threshold, |caller| caller.is_sampled);
        let own = TraceContext { trace, span: span_id(), is_sampled };
        let recording = is_sampled.then(|| {
            Arc::new(Recording {
                context: own,
                began_at: (sampling.clock)(),
                began: Instant::now(),
                queue: sampling.queue.clone(),
                dropped: sampling.dropped.clone(),
            })
        });
        RootSpan::of(Trace { caller, own: Some(own), recording })
    }
}

/// A fresh identifier; zero names nothing.
pub(crate) fn span_id() -> u64 {
    rand::random::<u64>().max(1)
}
