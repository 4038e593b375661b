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
    /// The question lacks what this provider is asked by; it was not asked. Another question may do.
    #[error("the provider is asked by `{lacks}`, which the question lacks")]
    NotAskable {
        /// What it lacks: `subject.nir`, `key.siret`.
        lacks: String,
    },
    /// A value of the question is not one that this provider can be asked by; it was not asked. Another question may do.
    #[error("the provider cannot be asked by `{value}`: {rule}")]
    Unfit {
        /// Which value: `key.siret`, `subject.local`.
        value: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
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
    /// The provider, or the host of its files, says that it was asked too often (429).
    #[error("provider was asked too often")]
    TooManyRequests,
    /// The limit of the provider, or of the host of its files, is used up and not yet renewed; it was not asked.
    #[error("provider's limit is used up, it was not asked")]
    LimitUsedUp,
    /// As many questions as the connector allows are under way; the provider was not asked.
    #[error("{in_flight_max} questions to the provider are under way, it was not asked")]
    Busy {
        /// The connector's limit.
        in_flight_max: usize,
    },
    /// The provider refuses the hub's secret (401 or 403). The operator has to renew it; the log says so too.
    #[error("provider refused the hub's secret with status {0}")]
    SecretRefused(u16),
}

/// What is wrong with a provider's answer. Never holds anything of it but numbers about its form; `field` is the
/// interface's own name of a place in it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidAnswer {
    /// A status that the interface does not foresee, redirections included: they are not followed.
    #[error("unexpected status {0}")]
    UnexpectedStatus(u16),
    /// The provider says that the question is not one (422): the interface asks it wrongly, or it checks an identifier
    /// by another rule than the hub does.
    #[error("the provider refused the question as invalid, with status 422")]
    QuestionRefused,
    /// No address can be made of the question; it was not asked.
    #[error("the question makes no address")]
    Unaskable,
    /// Longer than the connector reads.
    #[error("longer than {max_bytes} bytes")]
    TooLong {
        /// The connector's limit.
        max_bytes: usize,
    },
    /// Not JSON, from this place on.
    #[error("not JSON, at line {line}, column {column}")]
    Shape {
        /// Line of the body, from 1.
        line: usize,
        /// Column in that line, in bytes.
        column: usize,
    },
    /// A value that must be there is not.
    #[error("`{field}` is missing")]
    Missing {
        /// The field, by the provider's name.
        field: String,
    },
    /// A value of another kind than the interface says.
    #[error("`{field}` is not {expected}")]
    Kind {
        /// The field, by the provider's name.
        field: String,
        /// What it should be.
        expected: &'static str,
    },
    /// An amount that cannot be expressed exactly in euro-cents.
    #[error("`{field}` is not an amount")]
    Amount {
        /// The field, by the provider's name.
        field: String,
        /// What is wrong with it.
        source: InvalidAmount,
    },
    /// Two statements about the same thing that differ.
    #[error("`{field}` is stated twice, differently")]
    Contradiction {
        /// The field, by the provider's name.
        field: String,
    },
    /// A link that is no address, or to a host that is not among the allowed ones; it was not followed.
    #[error("`{field}` links a file on a host that is not allowed")]
    LinkNotAllowed {
        /// The field, by the provider's name.
        field: String,
    },
    /// A linked file that is not to be had.
    #[error("the file that `{field}` links was answered with status {status}")]
    LinkedFile {
        /// The field, by the provider's name.
        field: String,
        /// The status.
        status: u16,
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
