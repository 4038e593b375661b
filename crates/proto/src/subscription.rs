//! Subscriptions on the wire.

use jiff::SignedDuration;
use unefois_core::{
    AgreementId, FieldName, Filter, ImpersonalCode, InvalidCode, InvalidImpersonalCode, NewSubscription, Reach, Reason,
    Rejection, Subscription, SubscriptionName, SubscriptionState, SubscriptionTerms, Window,
};

use crate::{
    event::{UnknownEventKind, event_kind_from_wire, event_kind_to_wire},
    pb::subscription::v1 as wire,
    timestamp_to_wire,
};

/// A message that asks for no subscription.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSubscription {
    /// The name has another shape.
    #[error("the name is not valid")]
    Name(#[source] InvalidCode),
    /// The agreement has another shape.
    #[error("the agreement is not valid")]
    Agreement(#[source] InvalidCode),
    /// A kind of events is none.
    #[error("the kinds of events are not valid")]
    Kind(#[source] UnknownEventKind),
    /// The reach is none.
    #[error("the reach is not one of its enumeration")]
    Reach,
    /// Terms that no subscription can have.
    #[error("`{field}` is out of range")]
    Terms {
        /// The field at fault.
        field: &'static str,
    },
    /// The reason of a rejection has another shape.
    #[error("the reason is not valid")]
    Reason(#[source] InvalidImpersonalCode),
    /// The kind of a rejection is none.
    #[error("the kind of rejection is not one of its enumeration")]
    RejectionKind,
}

impl InvalidSubscription {
    /// The field at fault.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::Agreement(_) => "agreement",
            Self::Kind(_) => "filter.kinds",
            Self::Reach => "reach",
            Self::Terms { field } => field,
            Self::Reason(_) => "reason",
            Self::RejectionKind => "kind",
        }
    }
}

/// What is asked for of a new subscription, from the wire; terms that are not set are those given.
///
/// # Errors
/// See [`InvalidSubscription`].
pub fn new_subscription_from_wire(
    request: wire::CreateRequest,
    otherwise: SubscriptionTerms,
) -> Result<NewSubscription, InvalidSubscription> {
    let wire::CreateRequest { name, agreement, filter, reach, terms } = request;
    Ok(NewSubscription {
        name: SubscriptionName::parse(&name).map_err(InvalidSubscription::Name)?,
        agreement: AgreementId::parse(&agreement).map_err(InvalidSubscription::Agreement)?,
        filter: filter_from_wire(filter.unwrap_or_default())?,
        reach: reach_from_wire(reach)?,
        terms: terms_from_wire(terms.unwrap_or_default(), otherwise)?,
    })
}

fn filter_from_wire(filter: wire::Filter) -> Result<Filter, InvalidSubscription> {
    let wire::Filter { kinds, fields } = filter;
    let kinds: Result<_, _> = kinds.into_iter().map(event_kind_from_wire).collect();
    let fields = fields.into_iter().map(FieldName::from).collect();
    Ok(Filter { kinds: kinds.map_err(InvalidSubscription::Kind)?, fields })
}

fn reach_from_wire(reach: i32) -> Result<Reach, InvalidSubscription> {
    match wire::Reach::try_from(reach) {
        Ok(wire::Reach::Unspecified | wire::Reach::OpenDossiers) => Ok(Reach::OpenDossiers),
        Ok(wire::Reach::WholePopulation) => Ok(Reach::WholePopulation),
        Err(_) => Err(InvalidSubscription::Reach),
    }
}

fn terms_from_wire(terms: wire::Terms, otherwise: SubscriptionTerms) -> Result<SubscriptionTerms, InvalidSubscription> {
    let wire::Terms { retention_days, redelivery_after, attempts_max } = terms;
    let out_of_range = |field| InvalidSubscription::Terms { field };
    let retention_days = match retention_days {
        0 => otherwise.retention_days,
        days => u16::try_from(days).map_err(|_large| out_of_range("terms.retention_days"))?,
    };
    let redelivery_after = match redelivery_after {
        None => otherwise.redelivery_after,
        Some(prost_types::Duration { seconds, nanos }) => {
            let good = seconds >= 0 && (0..1_000_000_000).contains(&nanos);
            good.then(|| SignedDuration::new(seconds, nanos)).ok_or(out_of_range("terms.redelivery_after"))?
        }
    };
    let attempts_max = if attempts_max == 0 { otherwise.attempts_max } else { attempts_max };
    Ok(SubscriptionTerms { retention_days, redelivery_after, attempts_max })
}

/// A subscription, to the wire.
#[must_use]
pub fn subscription_to_wire(subscription: Subscription) -> wire::Subscription {
    // Only its own agency sees it.
    let Subscription { id, agency: _, asked, state, created_at } = subscription;
    let NewSubscription { name, agreement, filter, reach, terms } = asked;
    let reach = match reach {
        Reach::OpenDossiers => wire::Reach::OpenDossiers,
        Reach::WholePopulation => wire::Reach::WholePopulation,
    };
    let state = match state {
        SubscriptionState::Active => wire::SubscriptionState::Active,
        SubscriptionState::Paused => wire::SubscriptionState::Paused,
        SubscriptionState::Deleted => wire::SubscriptionState::Deleted,
    };
    wire::Subscription {
        subscription_id: id.0.to_string(),
        name: name.to_string(),
        agreement: agreement.to_string(),
        filter: Some(filter_to_wire(&filter)),
        reach: reach.into(),
        terms: Some(terms_to_wire(terms)),
        state: state.into(),
        created_at: Some(timestamp_to_wire(created_at)),
    }
}

/// A filter, to the wire.
#[must_use]
pub fn filter_to_wire(filter: &Filter) -> wire::Filter {
    let Filter { kinds, fields } = filter;
    wire::Filter {
        kinds: kinds.iter().map(|kind| event_kind_to_wire(*kind).into()).collect(),
        fields: fields.iter().map(ToString::to_string).collect(),
    }
}

fn terms_to_wire(terms: SubscriptionTerms) -> wire::Terms {
    let SubscriptionTerms { retention_days, redelivery_after, attempts_max } = terms;
    let redelivery_after =
        prost_types::Duration { seconds: redelivery_after.as_secs(), nanos: redelivery_after.subsec_nanos() };
    wire::Terms { retention_days: retention_days.into(), redelivery_after: Some(redelivery_after), attempts_max }
}

/// Why a receiver cannot take an event, from the wire.
///
/// # Errors
/// The reason or the kind is none.
pub fn rejection_from_wire(reason: &str, kind: i32) -> Result<Rejection, InvalidSubscription> {
    let reason = ImpersonalCode::parse(reason).map_err(InvalidSubscription::Reason)?;
    match wire::RejectionKind::try_from(kind) {
        Ok(wire::RejectionKind::Unspecified | wire::RejectionKind::ForNow) => Ok(Rejection::ForNow(reason)),
        Ok(wire::RejectionKind::ForGood) => Ok(Rejection::ForGood(reason)),
        Err(_) => Err(InvalidSubscription::RejectionKind),
    }
}

/// A window, from the wire.
///
/// # Errors
/// [`Reason::ArgumentInvalid`]: it is 0, or more than `most`.
pub fn window_from_wire(window: u32, most: u32) -> Result<Window, Reason> {
    Window::of(window, most)
}

#[cfg(test)]
mod tests;
