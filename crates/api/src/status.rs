//! The one function that makes a `Status` of a failure.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use unefois_broker::Failure;
use unefois_core::Reason;

/// The domain of every stable reason.
const DOMAIN: &str = "unefois";

/// A failure on the wire: code, `ErrorInfo` and what else applies. What is internal goes to the log, once, here.
pub(crate) fn status_of(failure: &Failure) -> Status {
    if let Some(cause) = &failure.cause {
        let chain = chain(cause);
        let reason = failure.reason.code();
        if failure.reason.is_internal() {
            tracing::error!(reason, cause = %chain, "a call failed inside the hub");
        } else {
            tracing::warn!(reason, cause = %chain, "a call failed outside the hub");
        }
    }
    let mut metadata = HashMap::new();
    if let Some(id) = failure.exchange_id {
        metadata.insert("exchange_id".to_owned(), id.to_string());
    }
    let mut details = ErrorDetails::with_error_info(failure.reason.code(), DOMAIN, metadata);
    for violation in &failure.violations {
        details.add_bad_request_violation(&violation.field, &violation.rule);
    }
    if let Some(delay) = failure.retry_after {
        details.set_retry_info(Some(delay));
    }
    if failure.reason == Reason::QuotaExceeded {
        details.add_quota_failure_violation("agreement", failure.reason.description());
    }
    details.set_localized_message("fr", failure.reason.description_fr());
    Status::with_error_details(code_of(failure.reason), failure.message.clone(), details)
}

/// What the codec refuses is refused like everything else. `OUT_OF_RANGE` is the codec's word for a message over the
/// size limit, and no reason of ours has that code.
pub(crate) fn of_codec(status: Status) -> Status {
    if status.code() == Code::OutOfRange { status_of(&Failure::new(Reason::MessageTooLarge)) } else { status }
}

/// An error and its causes, on one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// The gRPC code of each reason.
#[must_use]
pub(crate) fn code_of(reason: Reason) -> Code {
    match reason {
        Reason::CertificateMissing
        | Reason::CertificateUnknown
        | Reason::CertificateExpired
        | Reason::CertificateRevoked => Code::Unauthenticated,
        Reason::RoleRequired
        | Reason::RoleNotHeld
        | Reason::AgreementUnknown
        | Reason::AgreementOfAnotherConsumer
        | Reason::AgreementNotYetInForce
        | Reason::AgreementExpired
        | Reason::AgreementSuspended
        | Reason::AgreementTerminated
        | Reason::ProviderNotAssigned
        | Reason::DatasetNotCovered
        | Reason::OperationNotCovered
        | Reason::PurposeNotCovered
        | Reason::PurposeNotPermitted
        | Reason::PopulationNotCovered
        | Reason::LocalBodyUnknown
        | Reason::FieldNotGranted
        | Reason::ConsentRequired
        | Reason::ConsentWithdrawn
        | Reason::ConsentExpired
        | Reason::ConsentNotYours
        | Reason::ConsentCollectionNotPermitted
        | Reason::FilterNotGranted
        | Reason::WholePopulationNotGranted
        | Reason::DatasetNotAssigned => Code::PermissionDenied,
        Reason::QuotaExceeded | Reason::SubscriptionsTooMany | Reason::Overloaded | Reason::MessageTooLarge => {
            Code::ResourceExhausted
        }
        Reason::IdentifierInvalid
        | Reason::FieldUnknown
        | Reason::DatasetUnknown
        | Reason::KeyInvalid
        | Reason::ContextIncomplete
        | Reason::ArgumentInvalid
        | Reason::ArgumentTooLong
        | Reason::PayloadInvalid
        | Reason::RegistryInvalid
        | Reason::PageTokenInvalid
        | Reason::CursorInvalid
        | Reason::DossierTermInvalid => Code::InvalidArgument,
        Reason::NotFound
        | Reason::RecordErased
        | Reason::SubjectUnknown
        | Reason::ConsentUnknown
        | Reason::SubscriptionUnknown
        | Reason::EventNotTold
        | Reason::DeadLetterUnknown
        | Reason::DossierUnknown => Code::NotFound,
        Reason::RecordAmbiguous
        | Reason::IdentityConflict
        | Reason::ProviderAnswerInvalid
        | Reason::SubscriptionPaused
        | Reason::CursorNotTold
        | Reason::CursorExpired => Code::FailedPrecondition,
        Reason::RequestIdReused | Reason::PublicationIdReused | Reason::SubscriptionNameTaken => Code::AlreadyExists,
        // Another receiver's lease ends: the same call may succeed then. One that stalled may connect again.
        Reason::SubscriptionInUse | Reason::ReceiverStalled => Code::Aborted,
        Reason::ProviderUnavailable | Reason::CommitUnknown | Reason::LeaseLost => Code::Unavailable,
        Reason::DeadlineExceeded => Code::DeadlineExceeded,
        Reason::Internal => Code::Internal,
    }
}
