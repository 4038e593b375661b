//! One call on its way: its root span, and the spans of its steps.

use std::{borrow::Cow, sync::Arc, time::Instant};

use tokio::sync::mpsc;

use crate::{log::CALL, metrics::Counter, trace_context::TraceContext, tracer::span_id};

/// The trace of one call, for those who work on it. Clones are of the same call.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    pub(crate) caller: Option<TraceContext>,
    /// The context of the root span; absent when nothing is traced.
    pub(crate) own: Option<TraceContext>,
    /// Absent when this call is not followed: its steps then cost nothing.
    pub(crate) recording: Option<Arc<Recording>>,
}

/// What the spans of one followed call share.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) context: TraceContext,
    /// The instant at which the call came, by the clock of the wall in nanoseconds, and the same by the clock that
    /// never goes back: every later instant is the first and what passed since.
    pub(crate) began_at: u64,
    pub(crate) began: Instant,
    pub(crate) queue: mpsc::Sender<FinishedSpan>,
    pub(crate) dropped: Counter,
}

/// What is said of a span, by name.
pub type Attributes = Vec<(&'static str, Cow<'static, str>)>;

/// A span that has ended, on its way to the collector.
#[derive(Debug)]
pub(crate) struct FinishedSpan {
    pub(crate) trace: u128,
    pub(crate) span: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) name: Cow<'static, str>,
    pub(crate) place: Place,
    /// Nanoseconds since 1970.
    pub(crate) began_at: u64,
    pub(crate) ended_at: u64,
    pub(crate) attributes: Attributes,
    pub(crate) ending: Ending,
}

/// Where a span stands in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The hub's part of a call begins here.
    Root,
    /// A step of it.
    Step,
}

/// How a span ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As it should, a refusal included.
    Well,
    /// The hub, or what it depends on, failed.
    Failed,
}

/// The root span of a call. It ends when it is told how.
#[derive(Debug)]
pub struct RootSpan {
    trace: Trace,
}

/// The span of one step. It ends when it is dropped.
#[derive(Debug)]
pub struct Step {
    onward: Option<TraceContext>,
    open: Option<OpenStep>,
}

#[derive(Debug)]
struct OpenStep {
    recording: Arc<Recording>,
    name: &'static str,
    began: Instant,
    span: u64,
    reason: Option<&'static str>,
    ending: Ending,
}

impl Trace {
    /// What the ledger remembers: the caller's context, or the hub's own where the caller sent none.
    #[must_use]
    pub fn remembered(&self) -> Option<TraceContext> {
        self.caller.or(self.own)
    }

    /// Whether the spans of this call will be sent.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.recording.is_some()
    }

    /// Begins the span of a step.
    #[must_use]
    pub fn step(&self, name: &'static str) -> Step {
        let Some(recording) = &self.recording else { return Step { onward: self.own.or(self.caller), open: None } };
        let span = span_id();
        let open = OpenStep {
            recording: Arc::clone(recording),
            name,
            began: Instant::now(),
            span,
            reason: None,
            ending: Ending::Well,
        };
        Step { onward: Some(TraceContext { span, ..recording.context }), open: Some(open) }
    }

    /// The span under which the lines of this call are logged: it gives them the identifier of the trace.
    #[must_use]
    pub fn log_span(&self) -> tracing::Span {
        match &self.recording {
            Some(recording) => {
                tracing::info_span!(target: CALL, "call", trace_id = %format_args!("{:032x}", recording.context.trace))
            }
            None => tracing::Span::none(),
        }
    }
}

impl Step {
    /// The context that a call made in this step carries on.
    #[must_use]
    pub fn onward(&self) -> Option<TraceContext> {
        self.onward
    }

    /// Says why the step did not come to what it was for.
    pub fn refused(&mut self, reason: &'static str, ending: Ending) {
        if let Some(open) = &mut self.open {
            (open.reason, open.ending) = (Some(reason), ending);
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        let Some(OpenStep { recording, name, began, span, reason, ending }) = self.open.take() else { return };
        let attributes = reason.map(|reason| ("unefois.reason", Cow::Borrowed(reason)));
        recording.send(FinishedSpan {
            trace: recording.context.trace,
            span,
            parent: Some(recording.context.span),
            name: Cow::Borrowed(name),
            place: Place::Step,
            began_at: recording.at(began),
            ended_at: recording.at(Instant::now()),
            attributes: attributes.into_iter().collect(),
            ending,
        });
    }
}

impl RootSpan {
    pub(crate) fn of(trace: Trace) -> Self {
        Self { trace }
    }

    /// The trace, for those who work on the call.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Ends the span. Its name and attributes are made only when it will be sent.
    pub fn end(self, ending: Ending, about: impl FnOnce() -> (Cow<'static, str>, Attributes)) {
        let Some(recording) = &self.trace.recording else { return };
        let (name, attributes) = about();
        recording.send(FinishedSpan {
            trace: recording.context.trace,
            span: recording.context.span,
            parent: self.trace.caller.map(|caller| caller.span),
            name,
            place: Place::Root,
            began_at: recording.began_at,
            ended_at: recording.at(Instant::now()),
            attributes,
            ending,
        });
    }
}

impl Recording {
    /// That instant by the clock of the wall.
    fn at(&self, instant: Instant) -> u64 {
        let passed = instant.saturating_duration_since(self.began).as_nanos();
        self.began_at.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    fn send(&self, span: FinishedSpan) {
        // Never waits: a collector that does not keep up costs spans, not time.
        if self.queue.try_send(span).is_err() {
            self.dropped.inc();
        }
    }
}
