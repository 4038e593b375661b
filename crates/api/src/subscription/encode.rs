//! How subscriptions do, and their dead letters, to the wire.

use unefois_broker::{DescribedSubscription, ListedDeadLetter};
use unefois_core::{DeadLetterCause, SubscriptionStatus};
use unefois_proto::{pb::subscription::v1 as wire, subscription_to_wire, timestamp_to_wire};

pub(super) fn described_to_wire(described: DescribedSubscription) -> wire::DescribedSubscription {
    let DescribedSubscription { subscription, status, is_received, expires_from } = described;
    let SubscriptionStatus { lag, oldest_unacknowledged, dead_letters, held_because } = status;
    let status = wire::SubscriptionStatus {
        lag,
        oldest_unacknowledged: oldest_unacknowledged.map(timestamp_to_wire),
        dead_letters,
        held_because: held_because.map(|reason| reason.code().to_owned()).unwrap_or_default(),
        receiving: is_received,
        expires_from: expires_from.map(timestamp_to_wire),
    };
    wire::DescribedSubscription { subscription: Some(subscription_to_wire(subscription)), status: Some(status) }
}

pub(super) fn dead_letter_to_wire(letter: ListedDeadLetter) -> wire::DeadLetter {
    let ListedDeadLetter { event, attempts, cause, dead_at, replayed_at } = letter;
    let (cause, reason) = match cause {
        DeadLetterCause::Unacknowledged => (wire::DeadLetterCause::Unacknowledged, String::new()),
        DeadLetterCause::Rejected(code) => (wire::DeadLetterCause::Rejected, code.as_str().to_owned()),
        DeadLetterCause::RejectedForGood(code) => (wire::DeadLetterCause::RejectedForGood, code.as_str().to_owned()),
    };
    wire::DeadLetter {
        event_id: event.0.to_string(),
        attempts,
        cause: cause.into(),
        reason,
        dead_at: Some(timestamp_to_wire(dead_at)),
        replayed_at: replayed_at.map(timestamp_to_wire),
    }
}
