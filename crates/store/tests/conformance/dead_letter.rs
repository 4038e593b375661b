//! Events that were given up: seen until they are replayed, and known by what their subject is now.

use std::collections::BTreeSet;

use unefois_core::{Cursor, DeadLetter, DeadLetterCause, Place, SubjectId};
use unefois_store::DeadLetterRow;
use uuid::Uuid;

use crate::{
    rows::{
        FAR_AHEAD, LONG_AGO, NOW, attempt, dead_letter, event, event_id, id, no_answer, place, subscription,
        subscription_id,
    },
    scene::Scene,
};

on_both!(
    a_dead_letter_is_read_back_as_it_was_written_and_its_attempts_are_forgotten,
    dead_letters_are_listed_page_by_page_in_the_order_in_which_they_were_given_up,
    a_replay_is_asked_for_once_at_a_time_and_done_when_the_event_was_acknowledged,
    a_replayed_dead_letter_is_open_again_when_it_is_given_up_again,
    the_subjects_with_an_open_dead_letter_are_found_by_what_they_are_now,
    where_the_first_open_dead_letter_of_a_subject_is_in_each_partition,
    what_was_given_up_is_known_by_its_place_and_forgotten_when_the_subscription_is_set_back_before_it,
);

/// Subjects and the events `1..=count` by turns about them, and two subscriptions.
async fn told(scene: &mut Scene, subjects: u64, count: u64) -> Vec<Place> {
    scene.adds_subjects(1..=subjects).await;
    scene.subscribes(&[subscription(1), subscription(2)]).await;
    let events: Vec<_> = (1..=count).map(|number| event(number, 1 + (number - 1) % subjects)).collect();
    scene.tells(&events).await
}

async fn gives_up(scene: &mut Scene, of: u64, letters: &[DeadLetter], now: i64) -> u64 {
    scene.commits(async |tx| tx.dead_letters_insert_in_tx(subscription_id(of), letters, now).await).await.unwrap()
}

async fn open(scene: &Scene, of: u64) -> u64 {
    scene.store.dead_letters_count(subscription_id(of)).await.unwrap()
}

async fn list(scene: &Scene, of: u64) -> Vec<DeadLetterRow> {
    scene.store.dead_letters_list(subscription_id(of), None, 99).await.unwrap()
}

fn row(letter: DeadLetter, at: i64) -> DeadLetterRow {
    DeadLetterRow { letter, at, asked_at: None, replayed_at: None }
}

/// Asks the first subscription for the replay of an event.
async fn asks(scene: &mut Scene, event: u64, now: i64) -> Option<DeadLetterRow> {
    let (of, event) = (subscription_id(1), event_id(event));
    scene.commits(async |tx| tx.dead_letter_replay_in_tx(of, event, now).await).await.unwrap()
}

async fn replayed(scene: &mut Scene, places: &[Place], now: i64) {
    let of = subscription_id(1);
    scene.commits(async |tx| tx.dead_letters_replayed_in_tx(of, places, now).await).await.unwrap();
}

async fn asked(scene: &Scene) -> Vec<Place> {
    let rows = scene.store.dead_letters_asked_list(subscription_id(1), 9).await.unwrap();
    rows.into_iter().map(|row| row.letter.place).collect()
}

async fn a_dead_letter_is_read_back_as_it_was_written_and_its_attempts_are_forgotten(scene: &mut Scene) {
    let places = told(scene, 1, 3).await;
    let causes = [
        DeadLetterCause::Unacknowledged,
        DeadLetterCause::Rejected(no_answer()),
        DeadLetterCause::RejectedForGood(no_answer()),
    ];
    let letter = |(number, (place, cause)): (u64, (&Place, DeadLetterCause))| DeadLetter {
        attempts: if number == 1 { 0 } else { 2_147_483_647 },
        cause,
        ..dead_letter(*place, number, 1)
    };
    let letters: Vec<DeadLetter> = (1..).zip(places.iter().zip(causes)).map(letter).collect();
    let attempts: Vec<_> = places.iter().copied().map(attempt).collect();
    let of = subscription_id(1);
    scene.commits(async |tx| tx.attempts_write_in_tx(of, &attempts).await).await.unwrap();
    assert_eq!(gives_up(scene, 1, &letters[1..], FAR_AHEAD).await, 2);
    assert_eq!(scene.store.attempts_list(of, 99).await.unwrap(), attempts[..1]);
    assert_eq!(gives_up(scene, 1, &letters[..1], LONG_AGO).await, 1);
    let expected: Vec<_> =
        letters.into_iter().zip([LONG_AGO, FAR_AHEAD, FAR_AHEAD]).map(|(of, at)| row(of, at)).collect();
    assert_eq!(list(scene, 1).await, expected);
    assert_eq!((open(scene, 1).await, open(scene, 2).await), (3, 0));
    assert_eq!(gives_up(scene, 1, &[dead_letter(place(0, 99), 99, 1)], NOW).await, 0, "it is not held");
    assert_eq!(gives_up(scene, 1, &[], NOW).await, 0);
}

async fn dead_letters_are_listed_page_by_page_in_the_order_in_which_they_were_given_up(scene: &mut Scene) {
    let places = told(scene, 2, 30).await;
    // Several at one time, and the later events earlier.
    let at = |place: &Place| NOW - i64::try_from(place.position.0 / 4).unwrap();
    let mut expected = Vec::new();
    for (number, place) in (1..).zip(&places) {
        let letter = dead_letter(*place, number, 1 + (number - 1) % 2);
        gives_up(scene, 1, std::slice::from_ref(&letter), at(place)).await;
        expected.push(row(letter, at(place)));
    }
    gives_up(scene, 2, &[dead_letter(places[0], 1, 1)], NOW).await;
    expected.sort_by_key(|row| (row.at, row.letter.place));
    let mut found: Vec<DeadLetterRow> = Vec::new();
    loop {
        let after = found.last().map(|row| (row.at, row.letter.place));
        let page = scene.store.dead_letters_list(subscription_id(1), after, 7).await.unwrap();
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, expected);
}

async fn a_replay_is_asked_for_once_at_a_time_and_done_when_the_event_was_acknowledged(scene: &mut Scene) {
    let places = told(scene, 1, 3).await;
    let letters = [1, 2].map(|number| dead_letter(places[usize::try_from(number).unwrap() - 1], number, 1));
    gives_up(scene, 1, &letters, NOW).await;
    gives_up(scene, 2, &letters[..1], NOW).await;
    assert_eq!(asks(scene, 3, NOW).await, None, "it is no dead letter");
    let expected = DeadLetterRow { asked_at: Some(FAR_AHEAD), ..row(letters[0].clone(), NOW) };
    assert_eq!(asks(scene, 1, FAR_AHEAD).await.as_ref(), Some(&expected));
    assert_eq!(asks(scene, 1, NOW).await, None, "it is on its way already");
    assert_eq!((asked(scene).await, open(scene, 1).await, open(scene, 2).await), (places[..1].to_vec(), 2, 1));
    // The second was not asked for: nothing is replayed that nobody asked for.
    replayed(scene, &places, NOW + 1).await;
    let expected = [DeadLetterRow { replayed_at: Some(NOW + 1), ..expected }, row(letters[1].clone(), NOW)];
    assert_eq!(list(scene, 1).await, expected, "it is still seen");
    assert_eq!((asked(scene).await, open(scene, 1).await, open(scene, 2).await), (vec![], 1, 1));
    replayed(scene, &places, NOW + 2).await;
    replayed(scene, &[], NOW + 2).await;
    assert_eq!(list(scene, 1).await, expected, "once");
    let again = DeadLetterRow { asked_at: Some(NOW + 3), ..row(letters[0].clone(), NOW) };
    assert_eq!(asks(scene, 1, NOW + 3).await, Some(again), "what was replayed may be asked for again");
    assert_eq!((asked(scene).await, asks(scene, 1, NOW + 4).await), (places[..1].to_vec(), None));
}

async fn a_replayed_dead_letter_is_open_again_when_it_is_given_up_again(scene: &mut Scene) {
    let places = told(scene, 1, 1).await;
    gives_up(scene, 1, &[dead_letter(places[0], 1, 1)], NOW).await;
    for is_acknowledged in [false, true] {
        assert!(asks(scene, 1, NOW).await.is_some());
        if is_acknowledged {
            replayed(scene, &places, NOW).await;
        }
        let cause = DeadLetterCause::Unacknowledged;
        let again = DeadLetter { attempts: 9, cause, ..dead_letter(places[0], 1, 1) };
        assert_eq!(gives_up(scene, 1, std::slice::from_ref(&again), NOW + 1).await, 1);
        assert_eq!(list(scene, 1).await, [row(again, NOW + 1)]);
        assert_eq!((asked(scene).await, open(scene, 1).await), (vec![], 1));
    }
}

async fn the_subjects_with_an_open_dead_letter_are_found_by_what_they_are_now(scene: &mut Scene) {
    let places = told(scene, 4, 8).await;
    // About 1, 2, 3 and once more about 1.
    let letters =
        [(0, 1), (1, 2), (2, 3), (4, 1)].map(|(nth, subject)| dead_letter(places[nth], 1 + nth as u64, subject));
    gives_up(scene, 1, &letters, NOW).await;
    let among = async |scene: &Scene, subscription: u64, roots: &[u64]| {
        let roots: Vec<[u8; 16]> = roots.iter().copied().map(id).collect();
        let found = scene.store.dead_letters_open_among(subscription_id(subscription), &roots).await.unwrap();
        found.into_iter().map(|(root, _first)| root).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(among(scene, 1, &[4, 2, 1, 9]).await, [id(1), id(2)]);
    assert!(among(scene, 2, &[1, 2, 3, 4]).await.is_empty() && among(scene, 1, &[]).await.is_empty());
    scene.commits(async |tx| tx.subject_merge_in_tx(id(4), id(2)).await).await.unwrap();
    assert_eq!(among(scene, 1, &[4, 2]).await, [id(4)]);
    let subjects: Vec<SubjectId> = list(scene, 1).await.into_iter().map(|row| row.letter.subject).collect();
    assert_eq!(subjects, [1, 4, 3, 1].map(|number| SubjectId(Uuid::from_bytes(id(number)))));
    assert_eq!(asks(scene, 2, NOW).await.unwrap().letter.subject, subjects[1]);
    asks(scene, 1, NOW).await;
    asks(scene, 5, NOW).await;
    assert_eq!(among(scene, 1, &[1, 3]).await, [id(1), id(3)], "to ask for a replay is not to have it");
    replayed(scene, &places[..1], NOW).await;
    assert_eq!(among(scene, 1, &[1, 3]).await, [id(1), id(3)], "the other one about the first is open");
    replayed(scene, &places[4..5], NOW).await;
    assert_eq!(among(scene, 1, &[1, 3]).await, [id(3)]);
}

async fn where_the_first_open_dead_letter_of_a_subject_is_in_each_partition(scene: &mut Scene) {
    let places = told(scene, 2, 8).await;
    let letters: Vec<DeadLetter> =
        [4, 2, 6, 1].map(|nth| dead_letter(places[nth], 1 + nth as u64, 1 + nth as u64 % 2)).into();
    gives_up(scene, 1, &letters, NOW).await;
    let first = async |scene: &Scene| {
        let found = scene.store.dead_letters_open_among(subscription_id(1), &[id(1), id(2)]).await.unwrap();
        found.into_iter().collect::<BTreeSet<_>>()
    };
    let expected = |all: &[(u64, usize)]| {
        let mut first = std::collections::BTreeMap::new();
        for (subject, nth) in all {
            let at = first.entry((id(*subject), places[*nth].partition)).or_insert(places[*nth]);
            *at = (*at).min(places[*nth]);
        }
        first.into_iter().map(|((root, _), place)| (root, place)).collect::<BTreeSet<_>>()
    };
    assert_eq!(first(scene).await, expected(&[(1, 2), (1, 4), (1, 6), (2, 1)]));
    asks(scene, 3, NOW).await;
    replayed(scene, &places[2..3], NOW).await;
    assert_eq!(first(scene).await, expected(&[(1, 4), (1, 6), (2, 1)]));
    scene.commits(async |tx| tx.subject_merge_in_tx(id(2), id(1)).await).await.unwrap();
    assert_eq!(first(scene).await, expected(&[(2, 1), (2, 4), (2, 6)]));
}

async fn what_was_given_up_is_known_by_its_place_and_forgotten_when_the_subscription_is_set_back_before_it(
    scene: &mut Scene,
) {
    let places = told(scene, 1, 4).await;
    let letters: Vec<DeadLetter> = (1..=3).zip(&places).map(|(number, place)| dead_letter(*place, number, 1)).collect();
    gives_up(scene, 1, &letters, NOW).await;
    gives_up(scene, 2, &letters, NOW).await;
    asks(scene, 1, NOW).await;
    asks(scene, 3, NOW).await;
    replayed(scene, &places[..1], NOW).await;
    let at = async |scene: &Scene, of: u64| {
        let mut found = scene.store.dead_letters_at(subscription_id(of), &places).await.unwrap();
        found.sort_unstable();
        found
    };
    assert_eq!(at(scene, 1).await, places[..3], "replayed or not");
    assert!(scene.store.dead_letters_at(subscription_id(1), &[]).await.unwrap().is_empty());
    let mut to = Cursor::BEGIN;
    to.raise_to(places[0]);
    let (of, version) = (subscription_id(1), 0);
    assert!(!scene.commits(async |tx| tx.subscription_rewind_in_tx(of, version + 1, &to).await).await.unwrap());
    assert_eq!(at(scene, 1).await, places[..3], "nothing was set back");
    assert!(scene.commits(async |tx| tx.subscription_rewind_in_tx(of, version, &to).await).await.unwrap());
    assert_eq!((at(scene, 1).await, at(scene, 2).await), (places[..1].to_vec(), places[..3].to_vec()));
    assert_eq!((asked(scene).await, open(scene, 1).await, open(scene, 2).await), (vec![], 0, 3));
}
