//! How a use case fails: a stable reason, what the caller can do, and what the log should know.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use unefois_core::Reason;
use uuid::Uuid;

/// A refusal or failure, as the caller may see it. What is internal is in [`Failure::cause`] and goes to the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The stable reason.
    pub reason: Reason,
    /// The reason in words, for the caller; never holds a value that the caller sent.
    pub message: Cow<'static, str>,
    /// The fields at fault, each with its rule.
    pub violations: Vec<Violation>,
    /// When it is worth trying again.
    pub retry_after: Option<Duration>,
    /// The entry that says so, where one was written.
    pub exchange_id: Option<Uuid>,
    /// Whether the storage failed, after which this node writes nothing more.
    pub(crate) storage_failed: bool,
    /// Whether another node was in the way: nothing was done, and it may be done again.
    pub(crate) is_conflict: bool,
    /// What went wrong inside; for the log only.
    #[source]
    pub cause: Option<Cause>,
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field in the request.
    pub field: String,
    /// The rule that it breaks.
    pub rule: String,
}

/// The cause of a failure, which may be shared by many callers of one batch.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct Cause(Arc<dyn std::error::Error + Send + Sync>);

/// The storage of a database failed while something of it was at work that does not know which database it is.
#[derive(Debug, thiserror::Error)]
#[error("the storage of `{path}` failed: {what}")]
struct OfDatabase {
    path: PathBuf,
    what: &'static str,
    #[source]
    source: Cause,
}

/// How long a shed or failed caller should wait.
const RETRY_AFTER: Duration = Duration::from_millis(500);

impl Failure {
    /// A failure for that reason, in the words of the reason's own description.
    #[must_use]
    pub fn new(reason: Reason) -> Self {
        Self {
            reason,
            message: Cow::Borrowed(reason.description()),
            violations: Vec::new(),
            retry_after: None,
            exchange_id: None,
            storage_failed: false,
            is_conflict: false,
            cause: None,
        }
    }

    /// A failure because one field breaks a rule.
    #[must_use]
    pub fn field(reason: Reason, field: impl Into<String>, rule: impl Into<String>) -> Self {
        let (field, rule) = (field.into(), rule.into());
        let message = Cow::Owned(format!("{}: `{field}`: {rule}", reason.description()));
        Self { message, violations: vec![Violation { field, rule }], ..Self::new(reason) }
    }

    /// A failure of ours, whose cause goes to the log.
    #[must_use]
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(Reason::Internal).because(cause)
    }

    /// A failure of the store. The caller may try again: nothing left the hub.
    #[must_use]
    pub fn store(error: unefois_store::Error) -> Self {
        let (storage_failed, is_conflict) = (error.is_storage_failure(), error.is_conflict());
        let failure = Self::new(Reason::CommitUnknown).because(error).retry_after(RETRY_AFTER);
        Self { storage_failed, is_conflict, ..failure }
    }

    /// Something that must be durable is not. This node writes nothing more.
    #[must_use]
    pub(crate) fn storage(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        let failure = Self::new(Reason::CommitUnknown).because(cause).retry_after(RETRY_AFTER);
        Self { storage_failed: true, ..failure }
    }

    /// The same, and this node writes nothing more.
    #[must_use]
    pub(crate) fn stop(self) -> Self {
        Self { storage_failed: true, ..self }
    }

    /// The same, naming the database, unless its cause names what failed already.
    #[must_use]
    pub(crate) fn of_database(self, path: &Path) -> Self {
        let Some(source) = &self.cause else { return self };
        let Some(error) = source.0.downcast_ref::<unefois_store::Error>() else { return self };
        let (false, Some(what)) = (error.names_database(), error.storage_failure()) else { return self };
        let named = OfDatabase { path: path.to_owned(), what, source: source.clone() };
        self.because(named)
    }

    /// The same, of a message that lies within another: the fields at fault are those of the outer one.
    #[must_use]
    pub fn within(mut self, path: &str) -> Self {
        for violation in &mut self.violations {
            violation.field = format!("{path}.{}", violation.field);
        }
        self
    }

    /// A limit is reached, such as the length of a queue.
    #[must_use]
    pub fn overloaded(what: &'static str) -> Self {
        let failure = Self::new(Reason::Overloaded).retry_after(RETRY_AFTER);
        Self { message: Cow::Owned(format!("{}: {what}", failure.message)), ..failure }
    }

    /// The hub does not say in time whether something is durable, such as one that stops; another node, or this one
    /// later, will.
    #[must_use]
    pub fn stopping() -> Self {
        Self::new(Reason::CommitUnknown).retry_after(RETRY_AFTER)
    }

    /// The same, with its cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Cause(Arc::new(cause)));
        self
    }

    /// The same, with a delay after which it is worth trying again.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Whether the storage failed, after which this node writes nothing more.
    #[must_use]
    pub fn is_storage_failure(&self) -> bool {
        self.storage_failed
    }

    /// The same, with the entry that records it.
    #[must_use]
    pub fn recorded_as(mut self, exchange_id: Uuid) -> Self {
        self.exchange_id = Some(exchange_id);
        self
    }
}

impl From<unefois_store::Error> for Failure {
    fn from(error: unefois_store::Error) -> Self {
        Self::store(error)
    }
}

#[cfg(test)]
mod tests {
    use std::{error::Error as _, path::Path};

    use unefois_store::Error;

    use super::Failure;

    /// What an operator is told last.
    fn told(failure: &Failure) -> String {
        failure
            .cause
            .as_ref()
            .map(|cause| cause.source().map_or_else(|| cause.to_string(), |of| format!("{cause}: {of}")))
            .unwrap()
    }

    #[test]
    fn a_storage_that_fails_is_named_once() {
        let database = Path::new("/var/lib/unefois/hub.db");
        let failed = Failure::store(Error::Ended { what: "the writer" }).of_database(database);
        assert!(failed.is_storage_failure() && told(&failed).contains("/var/lib/unefois/hub.db"), "{failed:?}");
        let named = Failure::store(Error::Storage {
            path: "/var/lib/unefois/keys.db".into(),
            what: "a write failed",
            source: Box::new(Error::Ended { what: "the writer" }),
        });
        let told = told(&named.of_database(database));
        assert!(told.contains("keys.db") && !told.contains("hub.db"), "{told}");
        let busy = Failure::store(Error::NoReader).of_database(database);
        assert!(!busy.is_storage_failure(), "a read that finds no connection harms nobody but its caller");
    }
}
