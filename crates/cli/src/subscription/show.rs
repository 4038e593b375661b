//! Subscriptions and dead letters, as tables or JSON.

use unefois_proto::{
    pb::subscription::v1::{
        DeadLetter, DescribedSubscription, EventKind, Filter, GetResponse, Subscription, SubscriptionStatus, Terms,
    },
    timestamp_from_wire,
};

use crate::output;

pub(super) fn list(subscriptions: &[DescribedSubscription], json: bool) {
    if json {
        subscriptions.iter().for_each(|described| output::json(&json_of(described)));
        return;
    }
    let mut table =
        output::table(&["name", "agreement", "state", "lag", "oldest unacknowledged", "dead letters", "held because"]);
    for DescribedSubscription { subscription, status } in subscriptions {
        let (subscription, status) = (subscription.clone().unwrap_or_default(), status.clone().unwrap_or_default());
        table.add_row([
            subscription.name.clone(),
            subscription.agreement.clone(),
            state(&subscription),
            status.lag.to_string(),
            instant(status.oldest_unacknowledged),
            status.dead_letters.to_string(),
            status.held_because,
        ]);
    }
    output::print_line!("{table}");
}

pub(super) fn one(found: &GetResponse, json: bool) {
    let GetResponse { subscription: described, acknowledged } = found;
    let described = described.clone().unwrap_or_default();
    let mut value = json_of(&described);
    value["acknowledged"] = acknowledged.clone().into();
    if json {
        return output::json(&value);
    }
    let mut table = output::table(&["", ""]);
    for (key, value) in value.as_object().into_iter().flatten().filter(|(key, _)| *key != "acknowledged") {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        table.add_row([key.replace('_', " "), text]);
    }
    output::print_line!("{table}");
}

fn json_of(described: &DescribedSubscription) -> serde_json::Value {
    let DescribedSubscription { subscription, status } = described;
    let (subscription, status) = (subscription.clone().unwrap_or_default(), status.clone().unwrap_or_default());
    let reach = subscription.reach().as_str_name().trim_start_matches("REACH_").to_lowercase().replace('_', "-");
    let state = state(&subscription);
    let Subscription { subscription_id, name, agreement, filter, terms, created_at, reach: _, state: _ } = subscription;
    let SubscriptionStatus { lag, oldest_unacknowledged, dead_letters, held_because, receiving, expires_from } = status;
    let Filter { kinds, fields } = filter.unwrap_or_default();
    let Terms { retention_days, redelivery_after, attempts_max } = terms.unwrap_or_default();
    let kind = |kind: i32| {
        let name = EventKind::try_from(kind).unwrap_or_default().as_str_name();
        name.trim_start_matches("EVENT_KIND_").to_lowercase()
    };
    serde_json::json!({
        "subscription_id": subscription_id, "name": name, "agreement": agreement, "state": state, "reach": reach,
        "kinds": kinds.into_iter().map(kind).collect::<Vec<_>>(), "fields": fields,
        "retention_days": retention_days, "attempts_max": attempts_max,
        "redelivery_after_seconds": redelivery_after.map(|after| after.seconds),
        "created_at": instant(created_at), "lag": lag, "oldest_unacknowledged": instant(oldest_unacknowledged),
        "dead_letters": dead_letters, "held_because": held_because, "receiving": receiving,
        "expires_from": instant(expires_from),
    })
}

fn state(subscription: &Subscription) -> String {
    subscription.state().as_str_name().trim_start_matches("SUBSCRIPTION_STATE_").to_lowercase()
}

pub(super) fn dead_letters(letters: &[DeadLetter], json: bool) {
    let mut table = output::table(&["event", "attempts", "cause", "reason", "since", "replayed"]);
    for letter in letters {
        let cause = letter.cause().as_str_name().trim_start_matches("DEAD_LETTER_CAUSE_").to_lowercase();
        let cause = cause.replace('_', "-");
        let DeadLetter { event_id, attempts, cause: _, reason, dead_at, replayed_at } = letter;
        let (dead_at, replayed_at) = (instant(*dead_at), instant(*replayed_at));
        if json {
            output::json(&serde_json::json!({
                "event_id": event_id, "attempts": attempts, "cause": cause, "reason": reason, "dead_at": dead_at,
                "replayed_at": replayed_at,
            }));
        } else {
            let attempts = attempts.to_string();
            table.add_row([event_id.clone(), attempts, cause, reason.clone(), dead_at, replayed_at]);
        }
    }
    if !json {
        output::print_line!("{table}");
    }
}

fn instant(at: Option<prost_types::Timestamp>) -> String {
    let at = at.and_then(|at| timestamp_from_wire(at).ok());
    at.map(|at| output::instant(at.as_microsecond())).unwrap_or_default()
}
