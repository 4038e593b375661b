//! What a receiver says that cannot be: each is refused by its reason, and the field is named.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use unefois_client::{Connection, Refused, cursor_of};
use unefois_proto::pb::subscription::v1::{
    Acknowledge, AcknowledgeEventsRequest, FetchEventsRequest, Open, ReceiveRequest, Reject, RejectionKind,
    ReplayDeadLetterRequest, SetWindow, open::From, receive_request::Action,
};
use unefois_testkit::{House, Person, affiliation_of};
use uuid::Uuid;

use super::words::{PATIENCE, asked, creates, fetched, has, id_of, status_of};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{declaration, opens},
};

/// The CNAF with two subscriptions and dossiers on these people, of each of whom something is told.
async fn scene(people: &[Person]) -> (House, Connection, [String; 2]) {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let subscriptions = [creates(&cnaf, asked("one", 5)).await, creates(&cnaf, asked("two", 5)).await];
    for person in people {
        opens(&cnaf, declaration(person.by_nir(), 30)).await.unwrap();
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    (house, cnaf, subscriptions)
}

fn opening(subscription_id: &str, window: u32, from: Option<From>) -> Action {
    Action::Open(Open { subscription_id: subscription_id.to_owned(), window, from })
}

fn acknowledging(up_to: &str) -> Action {
    Action::Acknowledge(Acknowledge { up_to: up_to.to_owned() })
}

fn rejecting(event_id: &str, reason: &str, kind: i32) -> Action {
    Action::Reject(Reject { event_id: event_id.to_owned(), reason: reason.to_owned(), kind })
}

/// How a stream ends on which these are said.
async fn ended(consumer: &Connection, actions: &[Option<Action>]) -> Status {
    let (says, said) = mpsc::channel(actions.len());
    for action in actions {
        says.send(ReceiveRequest { action: action.clone() }).await.unwrap();
    }
    let mut stream = match consumer.subscription().receive(ReceiverStream::new(said)).await {
        Ok(stream) => stream.into_inner(),
        Err(status) => return status,
    };
    loop {
        if let Err(status) = tokio::time::timeout(PATIENCE, stream.message()).await.expect("it goes on") {
            return status;
        }
    }
}

/// The reason for which a stream ends, and the field that is named.
async fn refused(consumer: &Connection, actions: &[Option<Action>]) -> (String, Option<String>) {
    loop {
        let refused = Refused::from_status(&ended(consumer, actions).await);
        // The stream before may not have ended for the hub.
        if refused.reason != "SUBSCRIPTION_IN_USE" {
            return (refused.reason, refused.violations.into_iter().next().map(|(field, _)| field));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_opens_no_stream_is_refused() {
    let (house, cnaf, [one, two]) = scene(&[Person::invented(1_080)]).await;
    let of_two = fetched(&cnaf, &two).await.remove(0);
    let cursor = |text: &str| Some(From::Cursor(text.to_owned()));
    let never = Some(From::RecordedAt(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }));
    let cases = [
        (None, ("ARGUMENT_INVALID", Some("open"))),
        (Some(acknowledging("anything")), ("ARGUMENT_INVALID", Some("open"))),
        (Some(opening("one", 10, None)), ("ARGUMENT_INVALID", Some("subscription_id"))),
        (Some(opening(&Uuid::nil().to_string(), 10, None)), ("SUBSCRIPTION_UNKNOWN", None)),
        (Some(opening(&one, 0, None)), ("ARGUMENT_INVALID", Some("window"))),
        (Some(opening(&one, 1_001, None)), ("ARGUMENT_INVALID", Some("window"))),
        (Some(opening(&one, u32::MAX, None)), ("ARGUMENT_INVALID", Some("window"))),
        (Some(opening(&one, 10, cursor("nothing"))), ("CURSOR_INVALID", None)),
        (Some(opening(&one, 10, cursor(""))), ("CURSOR_INVALID", None)),
        (Some(opening(&one, 10, cursor(cursor_of(&of_two)))), ("CURSOR_INVALID", None)),
        (Some(opening(&one, 10, never)), ("ARGUMENT_INVALID", Some("recorded_at"))),
    ];
    for (action, (reason, field)) in cases {
        let due = (reason.to_owned(), field.map(str::to_owned));
        assert_eq!(refused(&cnaf, std::slice::from_ref(&action)).await, due, "{action:?}");
    }
    let cnam = house.agency("cnam").await;
    assert_eq!(refused(&cnam, &[Some(opening(&one, 10, None))]).await.0, "SUBSCRIPTION_UNKNOWN");
    let status = status_of(&cnaf, &one).await;
    assert!(!status.receiving && status.oldest_unacknowledged.is_none(), "nothing of it did anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_wrongly_ends_the_stream() {
    let (_house, cnaf, [one, two]) = scene(&[Person::invented(1_081)]).await;
    let of_two = fetched(&cnaf, &two).await.remove(0);
    let (event, somebody) = (id_of(&of_two).to_owned(), Uuid::now_v7().to_string());
    let for_now = i32::from(RejectionKind::ForNow);
    let cases = [
        (None, ("ARGUMENT_INVALID", Some("open"))),
        (Some(opening(&one, 10, None)), ("ARGUMENT_INVALID", Some("open"))),
        (Some(Action::SetWindow(SetWindow { window: 0 })), ("ARGUMENT_INVALID", Some("window"))),
        (Some(Action::SetWindow(SetWindow { window: 1_001 })), ("ARGUMENT_INVALID", Some("window"))),
        (Some(acknowledging("")), ("CURSOR_INVALID", None)),
        (Some(acknowledging("nothing")), ("CURSOR_INVALID", None)),
        (Some(acknowledging(cursor_of(&of_two))), ("CURSOR_INVALID", None)),
        (Some(rejecting("one", "not-now", for_now)), ("ARGUMENT_INVALID", Some("event_id"))),
        (Some(rejecting(&somebody, "not-now", for_now)), ("EVENT_NOT_TOLD", None)),
        (Some(rejecting(&event, "", for_now)), ("ARGUMENT_INVALID", Some("reason"))),
        (Some(rejecting(&event, "Marie Dupont", for_now)), ("ARGUMENT_INVALID", Some("reason"))),
        (Some(rejecting(&event, "nir-255081416802538", for_now)), ("ARGUMENT_INVALID", Some("reason"))),
        (Some(rejecting(&event, "not-now", 9)), ("ARGUMENT_INVALID", Some("kind"))),
    ];
    for (action, (reason, field)) in cases {
        let due = (reason.to_owned(), field.map(str::to_owned));
        assert_eq!(refused(&cnaf, &[Some(opening(&one, 10, None)), action.clone()]).await, due, "{action:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_fetched_is_acknowledged_by_its_own_cursors_again_and_in_any_order() {
    let people: Vec<Person> = (1_082..1_085).map(Person::invented).collect();
    let (_house, cnaf, [one, two]) = scene(&people).await;
    let (of_one, of_two) = (fetched(&cnaf, &one).await, fetched(&cnaf, &two).await);
    assert_eq!((of_one.len(), of_two.len()), (3, 3));
    let acknowledges = async |up_to: &str| {
        let request = AcknowledgeEventsRequest { subscription_id: one.clone(), up_to: up_to.to_owned() };
        cnaf.subscription().acknowledge_events(request).await.map_err(|status| Refused::from_status(&status).reason)
    };
    for up_to in ["", "nothing", cursor_of(&of_two[2])] {
        assert_eq!(acknowledges(up_to).await.unwrap_err(), "CURSOR_INVALID");
    }
    assert_eq!(fetched(&cnaf, &one).await.len(), 3);
    has(&cnaf, &one, &of_one[1]).await;
    // An older one, and the same once more: nothing is given back.
    for older in [&of_one[0], &of_one[1], &of_one[0]] {
        has(&cnaf, &one, older).await;
        assert_eq!(fetched(&cnaf, &one).await.len(), 1);
    }
    has(&cnaf, &one, &of_one[2]).await;
    assert!(fetched(&cnaf, &one).await.is_empty());

    for events_max in [1_001, u32::MAX] {
        let request = FetchEventsRequest { subscription_id: one.clone(), events_max, from: None };
        let status = cnaf.subscription().fetch_events(request).await.unwrap_err();
        assert_eq!(Refused::from_status(&status).reason, "ARGUMENT_INVALID");
    }
    for (event_id, reason) in [(Uuid::nil().to_string(), "DEAD_LETTER_UNKNOWN"), ("one".to_owned(), "ARGUMENT_INVALID")]
    {
        let request = ReplayDeadLetterRequest { subscription_id: one.clone(), event_id };
        let status = cnaf.subscription().replay_dead_letter(request).await.unwrap_err();
        assert_eq!(Refused::from_status(&status).reason, reason);
    }
}
