//! Which reasons a decision may have. A reason that is new must be put on one side or the other.

use unefois_core::Reason;

/// Every reason for which a decision may refuse.
pub fn of_decisions() -> impl Iterator<Item = Reason> {
    Reason::ALL.iter().copied().filter(|reason| is_of_decisions(*reason))
}

#[allow(clippy::too_many_lines, reason = "a line for each reason")]
fn is_of_decisions(reason: Reason) -> bool {
    use Reason::*;
    match reason {
        CertificateRevoked
        | RoleNotHeld
        | AgreementUnknown
        | AgreementOfAnotherConsumer
        | AgreementNotYetInForce
        | AgreementExpired
        | AgreementSuspended
        | AgreementTerminated
        | ProviderNotAssigned
        | DatasetNotCovered
        | OperationNotCovered
        | PurposeNotCovered
        | PurposeNotPermitted
        | PopulationNotCovered
        | LocalBodyUnknown
        | FieldNotGranted
        | ConsentRequired
        | ConsentWithdrawn
        | ConsentExpired
        | QuotaExceeded => true,
        CertificateMissing
        | CertificateUnknown
        | CertificateExpired
        | RoleRequired
        | FilterNotGranted
        | WholePopulationNotGranted
        | SubscriptionUnknown
        | SubscriptionNameTaken
        | SubscriptionsTooMany
        | SubscriptionPaused
        | SubscriptionInUse
        | ReceiverStalled
        | CursorInvalid
        | CursorNotTold
        | CursorExpired
        | EventNotTold
        | DeadLetterUnknown
        | DossierUnknown
        | DossierTermInvalid
        | IdentifierInvalid
        | FieldUnknown
        | DatasetUnknown
        | KeyInvalid
        | ContextIncomplete
        | ArgumentInvalid
        | ArgumentTooLong
        | PayloadInvalid
        | NotFound
        | RecordAmbiguous
        | RecordErased
        | IdentityConflict
        | SubjectUnknown
        | RequestIdReused
        | PublicationIdReused
        | DatasetNotAssigned
        | ProviderUnavailable
        | ProviderAnswerInvalid
        | ConsentUnknown
        | ConsentNotYours
        | ConsentCollectionNotPermitted
        | RegistryInvalid
        | PageTokenInvalid
        | Overloaded
        | DeadlineExceeded
        | CommitUnknown
        | LeaseLost
        | MessageTooLarge
        | Internal => false,
    }
}
