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

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use prometheus::IntCounter;
    use tokio::sync::mpsc::{self, Receiver};

    use super::{FinishedSpan, Tracer};
    use crate::{Ending, TraceContext};

    fn tracer(ratio: f64) -> (Tracer, Receiver<FinishedSpan>, IntCounter) {
        let (queue, spans) = mpsc::channel(3);
        let dropped = IntCounter::new("dropped_total", "dropped").unwrap();
        (Tracer::new(ratio, || 1_000, queue, dropped.clone()), spans, dropped)
    }

    fn caller(flags: &str) -> Option<TraceContext> {
        TraceContext::parse(&format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}"))
    }

    fn ends(tracer: &Tracer, caller: Option<TraceContext>) {
        let root = tracer.begin(caller);
        drop(root.trace().step("record"));
        root.end(Ending::Well, || (Cow::Borrowed("call"), Vec::new()));
    }

    #[test]
    fn a_tracer_that_is_off_hands_on_what_came_and_makes_nothing_up() {
        let off = Tracer::off();
        for came in [None, caller("01")] {
            let root = off.begin(came);
            assert!(!root.trace().is_recorded());
            assert_eq!((root.trace().remembered(), root.trace().step("fetch").onward()), (came, came));
        }
    }

    #[test]
    fn the_share_decides_where_the_caller_did_not() {
        for (ratio, came, is_recorded) in
            [(0.0, None, false), (1.0, None, true), (0.0, caller("01"), true), (1.0, caller("00"), false)]
        {
            assert_eq!(tracer(ratio).0.begin(came).trace().is_recorded(), is_recorded, "{ratio} {came:?}");
        }
        let (half, _spans, _) = tracer(0.5);
        let followed = (0..2_000).filter(|_| half.begin(None).trace().is_recorded()).count();
        // Further off than this once in more runs than there will ever be.
        assert!((700..1_300).contains(&followed), "{followed}");
    }

    #[test]
    fn a_call_that_is_not_followed_still_has_a_place_in_its_trace() {
        let (tracer, mut spans, _) = tracer(0.0);
        let root = tracer.begin(caller("00"));
        let onward = root.trace().step("fetch").onward().unwrap();
        assert_eq!((onward.trace, onward.is_sampled), (caller("00").unwrap().trace, false));
        assert_ne!(onward.span, caller("00").unwrap().span);
        assert_eq!(root.trace().remembered(), caller("00"));
        drop(root);
        assert!(spans.try_recv().is_err());
    }

    #[test]
    fn a_step_is_a_child_of_its_call_which_is_a_child_of_the_caller() {
        let (tracer, mut spans, _) = tracer(0.0);
        ends(&tracer, caller("01"));
        let (step, root) = (spans.try_recv().unwrap(), spans.try_recv().unwrap());
        assert_eq!((step.name.as_ref(), root.name.as_ref()), ("record", "call"));
        assert_eq!((step.parent, root.parent), (Some(root.span), caller("01").map(|caller| caller.span)));
        assert_eq!((step.trace, root.trace), (root.trace, caller("01").unwrap().trace));
        assert!(root.began_at == 1_000 && root.began_at <= step.began_at && step.ended_at <= root.ended_at);
    }

    #[test]
    fn spans_that_find_no_room_are_counted() {
        let (tracer, _spans, dropped) = tracer(1.0);
        ends(&tracer, None);
        assert_eq!(dropped.get(), 0);
        ends(&tracer, None);
        assert_eq!(dropped.get(), 1);
    }
}
