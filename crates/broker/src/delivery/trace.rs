//! The spans of deliveries: each goes on with the trace of the publication that it tells of.

use std::borrow::Cow;

use unefois_core::{Caller, EventId};
use unefois_telemetry::{Ending, RootSpan, TraceContext, Tracer};

use super::{prepare::Prepared, turn::Outcome};
use crate::failure::Failure;

/// The spans of one turn, begun before it is decided.
pub(super) struct Spans {
    consumer: String,
    open: Vec<(EventId, RootSpan)>,
}

impl Spans {
    /// Of the events whose publications are followed.
    pub(super) fn begin(tracer: &Tracer, caller: &Caller, prepared: &[Prepared]) -> Self {
        let context = |prepared: &Prepared| {
            let traceparent = prepared.matter()?.row.event.traceparent.as_deref()?;
            TraceContext::parse(traceparent).map(|context| (prepared.tell.event, tracer.begin(Some(context))))
        };
        let open = prepared.iter().filter_map(context).filter(|(_, span)| span.trace().is_recorded()).collect();
        Self { consumer: caller.agency.to_string(), open }
    }

    /// Ends them with what became of the turn.
    pub(super) fn end(self, outcome: &Result<Outcome, Failure>) {
        for (event, span) in self.open {
            let (said, ending) = match outcome {
                Ok(Outcome::Written { refused, .. }) if refused.contains(&event) => ("refused", Ending::Well),
                Ok(Outcome::Written { .. }) => ("told", Ending::Well),
                Ok(Outcome::Holds(reason)) => (reason.code(), Ending::Well),
                Ok(Outcome::Moved) => ("moved", Ending::Well),
                Err(failure) => (failure.reason.code(), Ending::Failed),
            };
            let consumer = Cow::Owned(self.consumer.clone());
            let about = || vec![("unefois.consumer.agency", consumer), ("unefois.outcome", Cow::Borrowed(said))];
            span.end(ending, || (Cow::Borrowed("deliver"), about()));
        }
    }
}
