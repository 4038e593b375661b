//! What a subscription says on the wire, and what it cannot.

use unefois_core::{AgencyCode, EventKind, SubscriptionId};

use super::*;

const OTHERWISE: SubscriptionTerms =
    SubscriptionTerms { retention_days: 7, redelivery_after: SignedDuration::from_secs(30), attempts_max: 5 };

fn request() -> wire::CreateRequest {
    wire::CreateRequest {
        name: "benefits".to_owned(),
        agreement: "d14-benefits".to_owned(),
        filter: Some(wire::Filter { kinds: vec![wire::EventKind::Ended.into()], fields: vec!["amounts".to_owned()] }),
        reach: wire::Reach::WholePopulation.into(),
        terms: Some(wire::Terms {
            retention_days: 3,
            redelivery_after: Some(prost_types::Duration { seconds: 1, nanos: 500_000_000 }),
            attempts_max: 2,
        }),
    }
}

#[test]
fn what_is_asked_for_comes_back_as_it_was() {
    let asked = new_subscription_from_wire(request(), OTHERWISE).unwrap();
    assert_eq!(asked.filter.kinds, [EventKind::Ended].into());
    let subscription = Subscription {
        id: SubscriptionId(uuid::Uuid::from_u128(7)),
        agency: AgencyCode::parse("cnaf").unwrap(),
        asked,
        state: SubscriptionState::Paused,
        created_at: jiff::Timestamp::from_second(1_800_000_000).unwrap(),
    };
    let shown = subscription_to_wire(subscription);
    assert_eq!((&shown.filter, &shown.terms), (&request().filter, &request().terms));
    assert_eq!((shown.reach(), shown.state()), (wire::Reach::WholePopulation, wire::SubscriptionState::Paused));
}

#[test]
fn what_is_left_out_is_as_the_hub_says_and_reaches_open_dossiers() {
    let request = wire::CreateRequest { filter: None, reach: 0, terms: None, ..request() };
    let asked = new_subscription_from_wire(request, OTHERWISE).unwrap();
    assert_eq!((asked.terms, asked.reach, asked.filter), (OTHERWISE, Reach::OpenDossiers, Filter::default()));
}

#[test]
fn what_cannot_be_is_refused_with_its_field() {
    let terms = |amend: fn(&mut wire::Terms)| {
        let mut bad = request();
        amend(bad.terms.as_mut().unwrap());
        bad
    };
    let kinds = Some(wire::Filter { kinds: vec![0], fields: Vec::new() });
    for (bad, field) in [
        (wire::CreateRequest { name: "B".to_owned(), ..request() }, "name"),
        (wire::CreateRequest { agreement: String::new(), ..request() }, "agreement"),
        (wire::CreateRequest { filter: kinds, ..request() }, "filter.kinds"),
        (wire::CreateRequest { reach: 9, ..request() }, "reach"),
        (terms(|terms| terms.retention_days = 70_000), "terms.retention_days"),
        (terms(|terms| terms.redelivery_after.as_mut().unwrap().seconds = -1), "terms.redelivery_after"),
        (terms(|terms| terms.redelivery_after.as_mut().unwrap().nanos = -1), "terms.redelivery_after"),
    ] {
        assert_eq!(new_subscription_from_wire(bad, OTHERWISE).unwrap_err().field(), field);
    }
}

#[test]
fn a_rejection_is_for_now_unless_it_says_otherwise() {
    assert!(matches!(rejection_from_wire("no-room", 0), Ok(Rejection::ForNow(_))));
    assert!(matches!(rejection_from_wire("no-room", 2), Ok(Rejection::ForGood(_))));
    assert_eq!(rejection_from_wire("no-room", 3), Err(InvalidSubscription::RejectionKind));
    assert_eq!(rejection_from_wire("Marie D.", 1).unwrap_err().field(), "reason");
    assert_eq!([0, 11].map(|asked| window_from_wire(asked, 10)), [Err(Reason::ArgumentInvalid); 2]);
}
