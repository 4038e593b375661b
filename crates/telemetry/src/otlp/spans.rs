//! Finished spans in the form of OTLP.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::SpanKind, status::StatusCode},
};

use crate::trace::{Ending, FinishedSpan, Place};

/// The flags of a span that is sampled; where its parent is, is left unsaid (OTLP, `SpanFlags`).
const SAMPLED: u32 = 1;

/// The spans of one message.
pub(crate) fn resource_spans(resource: &Resource, spans: &mut Vec<FinishedSpan>) -> ResourceSpans {
    let spans = spans.drain(..).map(span).collect();
    let scope = Some(scope());
    ResourceSpans {
        resource: Some(resource.clone()),
        scope_spans: vec![ScopeSpans { scope, spans, schema_url: String::new() }],
        schema_url: String::new(),
    }
}

/// Who measures.
pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "unefois".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

/// One attribute.
pub(crate) fn attribute(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn span(finished: FinishedSpan) -> Span {
    let FinishedSpan { trace, span, parent, name, place, began_at, ended_at, attributes, ending } = finished;
    let code = match ending {
        Ending::Well => StatusCode::Unset,
        Ending::Failed => StatusCode::Error,
    };
    let kind = match place {
        Place::Root => SpanKind::Server,
        Place::Step => SpanKind::Internal,
    };
    Span {
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: span.to_be_bytes().to_vec(),
        parent_span_id: parent.map(|parent| parent.to_be_bytes().to_vec()).unwrap_or_default(),
        flags: SAMPLED,
        name: name.into_owned(),
        kind: kind.into(),
        start_time_unix_nano: began_at,
        end_time_unix_nano: ended_at,
        attributes: attributes.iter().map(|(key, value)| attribute(key, value)).collect(),
        status: Some(Status { message: String::new(), code: code.into() }),
        ..Span::default()
    }
}
