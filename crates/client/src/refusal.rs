//! A refusal or failure of the hub, as a caller can act on it.

use std::{fmt, time::Duration};

use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

/// What a `Status` of the hub says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The gRPC code.
    pub code: Code,
    /// The stable reason, such as `CONSENT_WITHDRAWN`; empty when something on the way failed.
    pub reason: String,
    /// The reason in words, in English.
    pub message: String,
    /// The entry of the ledger that records it, where one was written.
    pub exchange_id: Option<Uuid>,
    /// When it is worth trying again.
    pub retry_after: Option<Duration>,
    /// The fields at fault, each with its rule.
    pub violations: Vec<(String, String)>,
}

impl Refused {
    /// Decodes a status.
    #[must_use]
    pub fn from_status(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let violations = details.bad_request().map(|bad| {
            let pairs = bad.field_violations.iter();
            pairs.map(|violation| (violation.field.clone(), violation.description.clone())).collect()
        });
        Self {
            code: status.code(),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            message: status.message().to_owned(),
            exchange_id: info.and_then(|info| info.metadata.get("exchange_id")?.parse().ok()),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
            violations: violations.unwrap_or_default(),
        }
    }

    /// Whether the same request may be sent again, under the same `request_id`.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.code {
            Code::Unavailable | Code::Aborted => true,
            Code::ResourceExhausted => self.retry_after.is_some(),
            _ => false,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.reason.is_empty() {
            write!(f, "{:?}: {}", self.code, self.message)?;
        } else {
            write!(f, "{}: {}", self.reason, self.message)?;
        }
        for (field, rule) in &self.violations {
            write!(f, "\n  {field}: {rule}")?;
        }
        if let Some(id) = self.exchange_id {
            write!(f, "\n  recorded as {id}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}
