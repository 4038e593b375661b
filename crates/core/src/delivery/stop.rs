//! What a refusal at the moment of delivery stops: one event, or the subscription.

use crate::reason::Reason;

/// What stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The event: its refusal is recorded, and the cursor passes it.
    Event,
    /// The subscription: nothing is told or passed until the reason is gone.
    Subscription,
}

/// What a refusal stops. Only what lies in the person or the record passes; of everything else one cannot know that it
/// will last, and to hold still loses nothing.
#[must_use]
pub fn stop_of(reason: Reason) -> Stop {
    let of_the_person = matches!(
        reason,
        Reason::ConsentRequired
            | Reason::ConsentWithdrawn
            | Reason::ConsentExpired
            | Reason::PopulationNotCovered
            | Reason::NotFound
            | Reason::RecordErased
            | Reason::SubjectUnknown
    );
    if of_the_person { Stop::Event } else { Stop::Subscription }
}

#[cfg(test)]
mod tests {
    use super::{Reason, Stop, stop_of};

    #[test]
    fn a_refusal_of_the_agreement_holds_and_one_of_the_person_passes() {
        for reason in [Reason::ConsentWithdrawn, Reason::ConsentRequired, Reason::RecordErased] {
            assert_eq!(stop_of(reason), Stop::Event, "{reason}");
        }
        let lasting = Reason::ALL.iter().filter(|reason| stop_of(**reason) == Stop::Event);
        assert_eq!(lasting.count(), 7, "whatever is new holds still");
        for reason in [Reason::AgreementSuspended, Reason::AgreementExpired, Reason::RoleNotHeld, Reason::Internal] {
            assert_eq!(stop_of(reason), Stop::Subscription, "{reason}");
        }
    }
}
