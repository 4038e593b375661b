//! What a question to a provider carries beside itself.

use std::time::Duration;

/// On whose time a provider is asked, and in which trace.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The time left to the caller.
    pub deadline: Option<Duration>,
    /// The W3C `traceparent` to send on.
    pub traceparent: Option<String>,
}

impl Call {
    /// A question that must be answered within that time, in no trace.
    #[must_use]
    pub fn within(deadline: Duration) -> Self {
        Self { deadline: Some(deadline), traceparent: None }
    }
}
