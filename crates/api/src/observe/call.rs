//! One call under observation, from its headers to the end of its answer.

use std::{
    borrow::Cow,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Instant,
};

use http::{HeaderMap, Request};
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use tonic::{Code, Status, body::Body};
use unefois_core::AgencyCode;
use unefois_telemetry::{Attributes, Ending, RootSpan, TraceContext};

use super::Observer;
use crate::{
    metrics::{DoorMetrics, METHODS, code_name, method_place},
    slices::Sliced,
};

/// Where the door says who calls; in the extensions of a call whose trace is recorded.
#[derive(Debug, Clone, Default)]
pub(crate) struct CalledBy(Arc<OnceLock<AgencyCode>>);

impl CalledBy {
    pub(crate) fn say(&self, agency: &AgencyCode) {
        self.0.get_or_init(|| agency.clone());
    }
}

/// A call under way. One that is dropped before it ended was given up by its caller.
#[derive(Debug)]
pub(super) struct Call {
    metrics: Arc<DoorMetrics>,
    method: usize,
    began: Instant,
    called_by: Option<CalledBy>,
    /// Absent when the call has ended.
    span: Option<RootSpan>,
}

impl Call {
    pub(super) fn begin(observer: &Observer, request: &mut Request<Body>) -> Self {
        let span = observer.tracer.begin(context_of(request.headers()));
        let trace = span.trace();
        let called_by = trace.is_recorded().then(CalledBy::default);
        if trace.remembered().is_some() {
            request.extensions_mut().insert(trace.clone());
        }
        if let Some(called_by) = &called_by {
            request.extensions_mut().insert(called_by.clone());
        }
        let method = method_place(request.uri().path());
        Self { metrics: Arc::clone(&observer.metrics), method, began: Instant::now(), called_by, span: Some(span) }
    }

    /// The span under which the lines of this call are logged.
    pub(super) fn log_span(&self) -> tracing::Span {
        self.span.as_ref().map_or_else(tracing::Span::none, |span| span.trace().log_span())
    }

    pub(super) fn end(&mut self, code: Code) {
        let Some(span) = self.span.take() else { return };
        self.metrics.called(self.method, code, self.began.elapsed().as_secs_f64());
        let (method, called_by) = (METHODS[self.method], self.called_by.take());
        span.end(ending(code), || about(method, code, called_by.as_ref()));
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// A body that says when its call has ended, and how.
pub(super) struct ObservedBody {
    inner: Sliced,
    call: Call,
}

impl ObservedBody {
    pub(super) fn new(inner: Body, call: Call) -> Self {
        Self { inner: Sliced::new(inner), call }
    }
}

impl HttpBody for ObservedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.call.end(code_of(trailers).unwrap_or(Code::Unknown));
                }
            }
            Poll::Ready(Some(Err(status))) => self.call.end(status.code()),
            Poll::Ready(None) => self.call.end(Code::Unknown),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The caller's context. More than one is as bad as none (W3C Trace Context, section 3.2).
fn context_of(headers: &HeaderMap) -> Option<TraceContext> {
    let mut values = headers.get_all("traceparent").iter();
    let only = values.next().filter(|_| values.next().is_none())?;
    TraceContext::parse(only.to_str().ok()?)
}

/// The status, where these are the headers or trailers that carry it.
pub(super) fn code_of(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|code| Code::from_bytes(code.as_bytes()))
}

/// A refusal is the caller's business; these codes say that the hub failed (OpenTelemetry, gRPC servers).
fn ending(code: Code) -> Ending {
    match code {
        Code::Unknown
        | Code::DeadlineExceeded
        | Code::Unimplemented
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => Ending::Failed,
        Code::Ok
        | Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unauthenticated => Ending::Well,
    }
}

/// The name and the attributes of a root span, after the conventions of OpenTelemetry.
fn about(path: &'static str, code: Code, called_by: Option<&CalledBy>) -> (Cow<'static, str>, Attributes) {
    let name = path.trim_start_matches('/');
    let (service, method) = name.split_once('/').unwrap_or((name, ""));
    let mut attributes: Attributes = vec![
        ("rpc.system", Cow::Borrowed("grpc")),
        ("rpc.service", Cow::Borrowed(service)),
        ("rpc.method", Cow::Borrowed(method)),
        ("rpc.grpc.status_code", Cow::Owned((code as i32).to_string())),
        ("unefois.grpc.status", Cow::Borrowed(code_name(code))),
    ];
    if let Some(agency) = called_by.and_then(|called_by| called_by.0.get()) {
        attributes.push(("unefois.caller.agency", Cow::Owned(agency.to_string())));
    }
    (Cow::Borrowed(name), attributes)
}
