//! Why a provider gave no answer: it has none, it cannot now, or what it said makes no sense.

use std::error::Error as StdError;
use std::time::Duration;

use thiserror::Error;

use crate::amount::InvalidAmount;

/// A question to a provider that brought no answer.
#[derive(Debug, Error)]
pub enum ProviderFailure {
    /// The provider knows nothing of what was asked. An outcome, not a fault: asking again brings the same.
    #[error("provider has nothing of what was asked")]
    NotFound,
    /// The provider cannot answer now; asking again later may help.
    #[error("provider is unavailable")]
    Unavailable {
        /// How long to wait before asking again, where it is known; bounded by the connector's `pause_max`.
        retry_after: Option<Duration>,
        /// What happened.
        source: Outage,
    },
    /// The provider answered something that is not an answer. Asking again will not help before somebody mends it.
    #[error("provider's answer is invalid")]
    Invalid {
        /// What is wrong with it; never quotes it.
        #[source]
        what: InvalidAnswer,
    },
}

/// Why a provider is unavailable.
#[derive(Debug, Error)]
pub enum Outage {
    /// No connection could be made or kept (name, network, TLS or HTTP), or the provider hung up.
    #[error("connection to the provider failed")]
    Connection(#[source] Box<dyn StdError + Send + Sync>),
    /// Neither the caller's deadline nor the connector's time-out was met.
    #[error("provider did not answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The provider answered with a status of its own fault (5xx).
    #[error("provider answered with status {0}")]
    Status(u16),
    /// The provider says that it was asked too often (429).
    #[error("provider was asked too often")]
    TooManyRequests,
    /// The provider's limit is used up and not yet renewed; it was not asked.
    #[error("provider's limit is used up, it was not asked")]
    LimitUsedUp,
    /// As many questions as the connector allows are under way; the provider was not asked.
    #[error("{in_flight_max} questions to the provider are under way, it was not asked")]
    Busy {
        /// The connector's limit.
        in_flight_max: usize,
    },
    /// The provider refuses the hub's token (401 or 403). The operator has to renew it; the log says so too.
    #[error("provider refused the hub's token with status {0}")]
    TokenRefused(u16),
}

/// What is wrong with a provider's answer. Never holds anything of it but numbers about its form.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidAnswer {
    /// A status that the interface does not foresee, redirections included: they are not followed.
    #[error("unexpected status {0}")]
    UnexpectedStatus(u16),
    /// Longer than the connector reads.
    #[error("longer than {max_bytes} bytes")]
    TooLong {
        /// The connector's limit.
        max_bytes: usize,
    },
    /// Not JSON of the expected shape, from this place on.
    #[error("not of the expected shape, at line {line}, column {column}")]
    Shape {
        /// Line of the body, from 1.
        line: usize,
        /// Column in that line, in bytes.
        column: usize,
    },
    /// A date that is not `YYYY-MM-DD`, or not in the calendar.
    #[error("`{field}` is not a date")]
    Date {
        /// The field, by the provider's name.
        field: &'static str,
    },
    /// An amount that cannot be expressed exactly in euro-cents.
    #[error("`{field}` is not an amount")]
    Amount {
        /// The field, by the provider's name.
        field: &'static str,
        /// What is wrong with it.
        source: InvalidAmount,
    },
    /// Two statements about the same thing that differ.
    #[error("`{field}` is stated twice, differently")]
    Contradiction {
        /// The field, by the provider's name.
        field: &'static str,
    },
}

impl ProviderFailure {
    /// An outage of which nobody knows the end.
    pub(crate) fn outage(source: Outage) -> Self {
        Self::Unavailable { retry_after: None, source }
    }
}

impl From<InvalidAnswer> for ProviderFailure {
    fn from(what: InvalidAnswer) -> Self {
        Self::Invalid { what }
    }
}
