//! Events that were given up: seen until they are replayed, and known by what their subject is now.

use unefois_store::{DeadLetterRow, EventPlace, NewDeadLetter};

use crate::{
    rows::{FAR_AHEAD, LONG_AGO, NOW, TEXTS, attempt, dead_letter, event, id, subscription},
    scene::Scene,
};

on_both!(
    a_dead_letter_is_read_back_as_it_was_written_and_its_attempts_are_forgotten,
    dead_letters_are_listed_page_by_page_in_the_order_in_which_they_were_given_up,
    a_dead_letter_is_replayed_once_and_open_again_when_it_is_given_up_again,
    the_subjects_with_an_open_dead_letter_are_found_by_what_they_are_now,
);

/// Subjects and the events `1..=count` by turns about them, and two subscriptions.
async fn told(scene: &mut Scene, subjects: u64, count: u64) -> Vec<EventPlace> {
    scene.adds_subjects(1..=subjects).await;
    scene.subscribes(&[subscription(1), subscription(2)]).await;
    let events: Vec<_> = (1..=count).map(|number| event(number, 1 + (number - 1) % subjects)).collect();
    scene.tells(&events).await
}

async fn gives_up(scene: &mut Scene, letters: &[NewDeadLetter]) -> u64 {
    scene.commits(async |tx| tx.dead_letters_insert_in_tx(letters).await).await.unwrap()
}

async fn open(scene: &Scene, subscription: u64) -> u64 {
    scene.store.dead_letters_count(id(subscription)).await.unwrap()
}

async fn a_dead_letter_is_read_back_as_it_was_written_and_its_attempts_are_forgotten(scene: &mut Scene) {
    let places = told(scene, 1, 12).await;
    let letters: Vec<NewDeadLetter> = places
        .iter()
        .zip(TEXTS)
        .map(|(place, text)| NewDeadLetter {
            attempts: 2_147_483_647,
            reason: text.to_owned(),
            at: if text.is_empty() { LONG_AGO } else { FAR_AHEAD },
            ..dead_letter(1, *place)
        })
        .collect();
    let attempts: Vec<_> = places.iter().map(|place| attempt(1, *place)).collect();
    scene.commits(async |tx| tx.attempts_write_in_tx(&attempts).await).await.unwrap();
    assert_eq!(gives_up(scene, &letters[1..]).await, 11);
    assert_eq!(scene.store.attempts_list(id(1), 99).await.unwrap(), attempts[..1]);
    assert_eq!(gives_up(scene, &letters[..1]).await, 1);
    let found = scene.store.dead_letters_list(id(1), None, 99).await.unwrap();
    for ((number, letter), found) in (1..).zip(letters).zip(&found) {
        let expected = DeadLetterRow { letter, event: id(number), subject: id(1), replayed_at: None };
        assert_eq!(*found, expected);
    }
    assert_eq!((found.len(), open(scene, 1).await, open(scene, 2).await), (12, 12, 0));
    let nowhere = EventPlace { partition: 0, position: 99 };
    assert_eq!(gives_up(scene, &[dead_letter(1, nowhere)]).await, 0);
    assert_eq!(gives_up(scene, &[]).await, 0);
}

async fn dead_letters_are_listed_page_by_page_in_the_order_in_which_they_were_given_up(scene: &mut Scene) {
    let places = told(scene, 2, 30).await;
    // Several at one time, and the later events earlier.
    let at = |place: &EventPlace| NOW - i64::try_from(place.position / 4).unwrap();
    let mut letters: Vec<NewDeadLetter> =
        places.iter().map(|place| NewDeadLetter { at: at(place), ..dead_letter(1, *place) }).collect();
    gives_up(scene, &letters).await;
    gives_up(scene, &[dead_letter(2, places[0])]).await;
    letters.sort_by_key(|letter| (letter.at, letter.place));
    let mut found: Vec<NewDeadLetter> = Vec::new();
    loop {
        let after = found.last().map(|letter| (letter.at, letter.place));
        let page = scene.store.dead_letters_list(id(1), after, 7).await.unwrap();
        if page.is_empty() {
            break;
        }
        found.extend(page.into_iter().map(|row| row.letter));
    }
    assert_eq!(found, letters);
}

async fn a_dead_letter_is_replayed_once_and_open_again_when_it_is_given_up_again(scene: &mut Scene) {
    let places = told(scene, 1, 2).await;
    gives_up(scene, &[dead_letter(1, places[0]), dead_letter(2, places[0])]).await;
    let replays = async |scene: &mut Scene, number, now| {
        scene.commits(async |tx| tx.dead_letter_replay_in_tx(id(1), id(number), now).await).await.unwrap()
    };
    assert_eq!(replays(scene, 2, NOW).await, None, "it is no dead letter");
    let replayed = replays(scene, 1, FAR_AHEAD).await.unwrap();
    let expected =
        DeadLetterRow { letter: dead_letter(1, places[0]), event: id(1), subject: id(1), replayed_at: Some(FAR_AHEAD) };
    assert_eq!(replayed, expected);
    assert_eq!(scene.store.dead_letters_list(id(1), None, 9).await.unwrap(), [expected], "it is still seen");
    assert_eq!((open(scene, 1).await, open(scene, 2).await), (0, 1));
    assert_eq!(replays(scene, 1, NOW).await, None, "it is on its way already");
    let again = NewDeadLetter { attempts: 9, reason: "refused".to_owned(), at: NOW + 1, ..dead_letter(1, places[0]) };
    assert_eq!(gives_up(scene, std::slice::from_ref(&again)).await, 1);
    let found = scene.store.dead_letters_list(id(1), None, 9).await.unwrap();
    assert_eq!(found, [DeadLetterRow { letter: again, event: id(1), subject: id(1), replayed_at: None }]);
    assert!(replays(scene, 1, NOW).await.is_some());
}

async fn the_subjects_with_an_open_dead_letter_are_found_by_what_they_are_now(scene: &mut Scene) {
    let places = told(scene, 4, 8).await;
    // About 1, 2, 3 and once more about 1.
    gives_up(scene, &[0, 1, 2, 4].map(|nth| dead_letter(1, places[nth]))).await;
    let among = async |scene: &Scene, subscription: u64, roots: &[u64]| {
        let roots: Vec<[u8; 16]> = roots.iter().copied().map(id).collect();
        let mut found = scene.store.dead_letters_open_among(id(subscription), &roots).await.unwrap();
        found.sort_unstable();
        found
    };
    assert_eq!(among(scene, 1, &[4, 2, 1, 9]).await, [id(1), id(2)]);
    assert!(among(scene, 2, &[1, 2, 3, 4]).await.is_empty() && among(scene, 1, &[]).await.is_empty());
    scene.commits(async |tx| tx.subject_merge_in_tx(id(4), id(2)).await).await.unwrap();
    assert_eq!(among(scene, 1, &[4, 2]).await, [id(4)]);
    scene.commits(async |tx| tx.dead_letter_replay_in_tx(id(1), id(1), NOW).await).await.unwrap();
    assert_eq!(among(scene, 1, &[1, 3]).await, [id(1), id(3)], "the other one about the first is open");
    scene.commits(async |tx| tx.dead_letter_replay_in_tx(id(1), id(5), NOW).await).await.unwrap();
    assert_eq!(among(scene, 1, &[1, 3]).await, [id(3)]);
}
