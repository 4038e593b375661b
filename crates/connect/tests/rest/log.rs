//! What is logged, at every level, by the thread of a test.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Metadata, Subscriber};

/// Captures until dropped.
pub struct Captured {
    text: Arc<Mutex<String>>,
    _until_dropped: DefaultGuard,
}

impl Captured {
    pub fn start() -> Self {
        // Behind a lock because a subscriber must be shareable between threads.
        let text = Arc::new(Mutex::new(String::new()));
        let _until_dropped = set_default(Capture(Arc::clone(&text)));
        Self { text, _until_dropped }
    }

    pub fn text(&self) -> String {
        self.text.lock().expect("nothing panics while writing").clone()
    }
}

struct Capture(Arc<Mutex<String>>);

impl Capture {
    fn write(&self, text: &str) {
        self.0.lock().expect("nothing panics while writing").push_str(text);
    }
}

impl Subscriber for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Fields(self));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Fields(self));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.write(&format!("\n{} ", event.metadata().level()));
        event.record(&mut Fields(self));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Fields<'a>(&'a Capture);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.write(&format!("{field}={value:?} "));
    }
}
