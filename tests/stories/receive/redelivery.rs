//! An event that nobody acknowledges in time is told again on the same stream, and given up at last.

use std::time::Duration;

use unefois_client::{Connection, Receiver, cursor_of};
use unefois_proto::pb::subscription::v1::{DeadLetter, DeadLetterCause, Delivery, ListDeadLettersRequest, Terms};
use unefois_testkit::{House, Person, affiliation_of};

use super::words::{PATIENCE, asked, attribute, creates, ends, fetched, id_of, receiver, siret_of, status_of, told};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{declaration, opens},
};

/// The first dead letter of a subscription, as soon as there is one.
async fn letter(consumer: &Connection, subscription_id: &str) -> DeadLetter {
    let found = async {
        let mut turn = tokio::time::interval(Duration::from_millis(50));
        loop {
            turn.tick().await;
            let list = ListDeadLettersRequest { subscription_id: subscription_id.to_owned(), ..Default::default() };
            let listed = consumer.subscription().list_dead_letters(list).await.unwrap().into_inner();
            if let Some(letter) = listed.dead_letters.into_iter().next() {
                return letter;
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("it is told for ever")
}

/// The next event about this person, which is acknowledged at once.
async fn taken(receiver: &mut Receiver, siret: &str) -> Delivery {
    loop {
        let next = told(receiver).await;
        receiver.acknowledge(cursor_of(&next)).await;
        if siret_of(&next) == siret {
            return next;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_told_again_in_time_and_is_a_dead_letter_after_its_attempts() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let (marie, paul) = (Person::invented(1_040), Person::invented(1_041));
    for person in [&marie, &paul] {
        opens(&cnaf, declaration(person.by_nir(), 30)).await.unwrap();
    }
    let redelivery_after = Some(prost_types::Duration { seconds: 2, nanos: 0 });
    let mut request = asked("impatient", 3);
    request.terms = Some(Terms { retention_days: 7, redelivery_after, attempts_max: 3 });
    let id = creates(&cnaf, request).await;
    let mut receiver = receiver(&cnaf, &id);
    acknowledged(&urssaf, affiliation_of(&marie)).await;
    let first = told(&mut receiver).await;
    let again = [told(&mut receiver).await, told(&mut receiver).await];
    assert!(again.iter().all(|again| id_of(again) == id_of(&first)));
    assert_eq!([first.attempt, again[0].attempt, again[1].attempt], [1, 2, 3]);
    let letter = letter(&cnaf, &id).await;
    assert_eq!((letter.event_id.as_str(), letter.attempts), (id_of(&first), 3));
    assert_eq!((letter.cause(), letter.reason.as_str()), (DeadLetterCause::Unacknowledged, ""));

    acknowledged(&urssaf, affiliation_of(&paul)).await;
    acknowledged(&urssaf, ends(&marie)).await;
    assert_eq!(attribute(&taken(&mut receiver, &paul.siret).await, "missingbefore"), None);
    let ended = taken(&mut receiver, &marie.siret).await;
    assert_eq!(attribute(&ended, "missingbefore").as_deref(), Some("true"));
    assert_ne!(id_of(&ended), id_of(&first));
    receiver.close().await;
    assert!(fetched(&cnaf, &id).await.is_empty());
    let status = status_of(&cnaf, &id).await;
    assert_eq!((status.lag, status.dead_letters, status.oldest_unacknowledged), (0, 1, None));
}
