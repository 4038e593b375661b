//! Events: a page is the beginning of every partition, and nothing is lost between two pages.

use unefois_core::{Cursor, EventKind, PARTITIONS, Partition, Position, SubjectKind};
use unefois_store::{EventAppended, EventLag, EventRow, EventsAsked, NewEvent, Store};

use crate::{
    chance::Chance,
    rows::{FAR_AHEAD, LARGEST, LONG_AGO, NOW, TEXTS, event, event_id, fields, id, in_partition, place},
    scene::Scene,
};

on_both!(
    an_event_is_read_back_as_it_was_written,
    positions_count_from_one_in_each_partition_and_what_is_rolled_back_leaves_no_gap,
    an_event_needs_a_subject_and_an_identifier_of_its_own,
    an_event_is_never_recorded_before_the_one_that_it_follows,
    pages_of_any_size_are_the_beginning_of_every_partition_and_leave_nothing_out,
    a_replay_from_a_time_begins_before_the_first_event_of_that_time,
    the_events_of_a_merged_subject_name_what_it_is_now,
    five_thousand_events_are_appended_at_once,
);

fn everything() -> Cursor {
    Cursor::of([LARGEST; PARTITIONS])
}

fn asked(after: Cursor, up_to: Cursor) -> EventsAsked {
    EventsAsked { datasets: vec!["declared-turnover".to_owned()], provider: "dgfip".to_owned(), after, up_to }
}

async fn all(store: &Store) -> Vec<EventRow> {
    store.events_list(&asked(Cursor::BEGIN, everything()), 10_000).await.unwrap()
}

async fn adds_subjects_in_each_partition(scene: &mut Scene) {
    for partition in 0..16 {
        scene.adds_subjects(in_partition(partition, 1)..=in_partition(partition, 2)).await;
    }
}

async fn an_event_is_read_back_as_it_was_written(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    for (number, text) in (1..).zip(TEXTS) {
        let written = NewEvent {
            dataset: text.to_owned(),
            provider: text.to_owned(),
            revision: LARGEST - number,
            kind: EventKind::ALL[usize::try_from(number % 4).unwrap()],
            changed: if number == 1 { fields(&[]) } else { fields(&[1, 2, 62, 63]) },
            traceparent: (number != 1).then(|| text.to_owned()),
            record: id(77),
            about: if number == 1 { SubjectKind::NaturalPerson } else { SubjectKind::Company },
            ..event(number, 1)
        };
        let at = [LONG_AGO, NOW, FAR_AHEAD][usize::try_from(number.min(3) - 1).unwrap()];
        let places = scene.tells_at(std::slice::from_ref(&written), at).await;
        let expected = EventRow { place: places[0], recorded_at: at, event: written };
        assert_eq!(places, [place(0, number)]);
        let ids = [event_id(number), event_id(99)];
        assert_eq!(scene.store.events_fetch(&ids).await.unwrap(), std::slice::from_ref(&expected));
        let datasets = vec![text.to_owned(), text.to_owned(), "another".to_owned()];
        let of = EventsAsked { datasets, provider: text.to_owned(), ..asked(Cursor::BEGIN, everything()) };
        assert_eq!(scene.store.events_list(&of, 9).await.unwrap(), [expected], "once, though it is asked for twice");
        let other_provider = EventsAsked { provider: "another".to_owned(), ..of };
        assert!(scene.store.events_list(&other_provider, 9).await.unwrap().is_empty());
    }
    assert!(scene.store.events_fetch(&[]).await.unwrap().is_empty());
    assert!(scene.tells(&[]).await.is_empty());
}

async fn positions_count_from_one_in_each_partition_and_what_is_rolled_back_leaves_no_gap(scene: &mut Scene) {
    adds_subjects_in_each_partition(scene).await;
    assert_eq!(scene.store.event_heads_fetch().await.unwrap(), Cursor::BEGIN);
    let of = |number, partition| event(number, in_partition(partition, 1));
    let places = scene.tells(&[of(1, 15), of(2, 3), of(3, 15), of(4, 0)]).await;
    assert_eq!(places, [place(15, 1), place(3, 1), place(15, 2), place(0, 1)]);
    let mut tx = scene.writer.begin().await.unwrap();
    let drawn = tx.events_append_in_tx(&[of(5, 3), of(6, 15)], NOW).await.unwrap();
    let at = |place| EventAppended { place, recorded_at: NOW };
    assert_eq!(drawn, [at(place(3, 2)), at(place(15, 3))]);
    let heads = scene.store.event_heads_fetch().await.unwrap().positions();
    assert_eq!((heads[0], heads[3], heads[15]), (1, 1, 2), "nobody sees a head before its commit");
    assert_eq!(all(&scene.store).await.len(), 4);
    tx.rollback().await.unwrap();
    assert_eq!(scene.tells(&[of(7, 15), of(8, 3), of(9, 7)]).await, [place(15, 3), place(3, 2), place(7, 1)]);
    let mut expected = [0; PARTITIONS];
    (expected[0], expected[3], expected[7], expected[15]) = (1, 2, 1, 3);
    assert_eq!(scene.store.event_heads_fetch().await.unwrap(), Cursor::of(expected));
}

async fn an_event_needs_a_subject_and_an_identifier_of_its_own(scene: &mut Scene) {
    scene.adds_subjects(1..=1).await;
    scene.tells(&[event(1, 1)]).await;
    let taken = scene.commits(async |tx| tx.events_append_in_tx(&[event(2, 1), event(1, 1)], NOW).await);
    let taken = taken.await.unwrap_err();
    assert!(scene.is_taken(&taken), "{taken:?}");
    let nobody = scene.commits(async |tx| tx.events_append_in_tx(&[event(3, 9)], NOW).await).await.unwrap_err();
    assert!(!nobody.is_conflict() && !nobody.is_storage_failure(), "{nobody:?}");
    assert_eq!((all(&scene.store).await.len(), scene.store.event_heads_fetch().await.unwrap().positions()[0]), (1, 1));
}

async fn an_event_is_never_recorded_before_the_one_that_it_follows(scene: &mut Scene) {
    adds_subjects_in_each_partition(scene).await;
    let of = |number, partition| event(number, in_partition(partition, 1));
    scene.tells_at(&[of(1, 1)], NOW + 50).await;
    // The clock of another node, or of this one after it was set back.
    scene.tells_at(&[of(2, 1), of(3, 2)], NOW).await;
    scene.tells_at(&[of(4, 1)], NOW + 60).await;
    let found: Vec<(usize, u64, i64)> = all(&scene.store)
        .await
        .iter()
        .map(|row| (row.place.partition.number(), row.place.position.0, row.recorded_at - NOW))
        .collect();
    assert_eq!(found, [(2, 1, 0), (1, 1, 50), (1, 2, 50), (1, 3, 60)]);
}

/// Events of two datasets and two providers in all partitions, at times that go back and forth.
async fn tells_many(scene: &mut Scene, chance: &mut Chance) -> Vec<EventRow> {
    adds_subjects_in_each_partition(scene).await;
    let mut told = Vec::new();
    for batch in 0..60 {
        let events: Vec<NewEvent> = (0..=chance.below(9))
            .map(|nth| NewEvent {
                dataset: (*chance.one_of(&["declared-turnover", "company-turnover"])).to_owned(),
                provider: (*chance.one_of(&["dgfip", "dgfip", "urssaf"])).to_owned(),
                ..event(batch * 100 + nth, in_partition(u8::try_from(chance.below(16)).unwrap(), 1 + nth % 2))
            })
            .collect();
        let now = NOW + i64::try_from(chance.below(40)).unwrap();
        let places = scene.tells_at(&events, now).await;
        for event in &events {
            told.append(&mut scene.store.events_fetch(&[event.id]).await.unwrap());
        }
        assert!(told.iter().rev().take(places.len()).rev().map(|row| row.place).eq(places));
    }
    told
}

fn matches(asked: &EventsAsked, row: &EventRow) -> bool {
    asked.datasets.contains(&row.event.dataset)
        && asked.provider == row.event.provider
        && asked.up_to.includes(row.place)
        && !asked.after.includes(row.place)
}

async fn pages_of_any_size_are_the_beginning_of_every_partition_and_leave_nothing_out(scene: &mut Scene) {
    let mut chance = Chance(11);
    let told = tells_many(scene, &mut chance).await;
    for round in 0..12 {
        let datasets = [&["declared-turnover"][..], &["company-turnover", "declared-turnover"]][round % 2];
        let mut asked = EventsAsked {
            datasets: datasets.iter().map(|dataset| (*dataset).to_owned()).collect(),
            ..asked(Cursor::BEGIN, everything())
        };
        if round > 3 {
            asked.after = Cursor::of(std::array::from_fn(|_| chance.below(12)));
            asked.up_to = Cursor::of(std::array::from_fn(|_| chance.below(30)));
        }
        let mut expected: Vec<&EventRow> = told.iter().filter(|row| matches(&asked, row)).collect();
        expected.sort_by_key(|row| (row.recorded_at, row.place));
        let oldest = expected.iter().map(|row| row.recorded_at).min();
        for count_max in [1, 2, 7, 1_000] {
            let lag = scene.store.events_lag_fetch(&asked, count_max).await.unwrap();
            let events = (expected.len() as u64).min(u64::from(count_max));
            assert_eq!(lag, EventLag { events, oldest });
            let found = pages(scene, asked.clone(), count_max).await;
            assert!(found.iter().eq(expected.iter().copied()), "round {round}, {count_max} a page");
        }
    }
    assert!(scene.store.events_list(&asked(Cursor::BEGIN, everything()), 0).await.unwrap().is_empty());
    let none = EventsAsked { datasets: Vec::new(), ..asked(Cursor::BEGIN, everything()) };
    assert!(scene.store.events_list(&none, 9).await.unwrap().is_empty());
}

/// All that is asked for, page by page: each goes on after the last event of every partition.
async fn pages(scene: &Scene, mut asked: EventsAsked, count_max: u32) -> Vec<EventRow> {
    let mut found = Vec::new();
    loop {
        let page = scene.store.events_list(&asked, count_max).await.unwrap();
        for EventRow { place, .. } in &page {
            assert!(!asked.after.includes(*place), "positions rise within a partition");
            asked.after.raise_to(*place);
        }
        let is_last = page.len() < count_max as usize;
        found.extend(page);
        if is_last {
            return found;
        }
    }
}

async fn a_replay_from_a_time_begins_before_the_first_event_of_that_time(scene: &mut Scene) {
    let told = tells_many(scene, &mut Chance(12)).await;
    let heads = scene.store.event_heads_fetch().await.unwrap();
    for time in (NOW - 1..NOW + 42).chain([LONG_AGO, FAR_AHEAD]) {
        let found = scene.store.event_positions_before_fetch(time).await.unwrap();
        for partition in Partition::all() {
            let before = told.iter().filter(|row| row.place.partition == partition && row.recorded_at < time);
            assert_eq!(found.at(partition), before.map(|row| row.place.position).max().unwrap_or(Position(0)));
        }
        assert!(time != FAR_AHEAD || found == heads);
    }
}

async fn the_events_of_a_merged_subject_name_what_it_is_now(scene: &mut Scene) {
    let (kept, merged) = (in_partition(3, 1), in_partition(9, 1));
    scene.adds_subjects(kept..=kept).await;
    scene.adds_subjects(merged..=merged).await;
    scene.tells(&[event(1, merged)]).await;
    scene.commits(async |tx| tx.subject_merge_in_tx(id(kept), id(merged)).await).await.unwrap();
    let later = scene.tells(&[NewEvent { root: id(kept), ..event(2, merged) }]).await;
    assert_eq!(later[0].partition.number(), 3, "with the others of what it is now");
    let found: Vec<_> =
        all(&scene.store).await.into_iter().map(|row| (row.place.partition.number(), row.event)).collect();
    let now = |number| NewEvent { root: id(kept), ..event(number, merged) };
    assert_eq!(found, [(3, now(2)), (9, now(1))]);
}

async fn five_thousand_events_are_appended_at_once(scene: &mut Scene) {
    adds_subjects_in_each_partition(scene).await;
    let of = |number: u64| event(number, in_partition(u8::try_from(number % 16).unwrap(), 1 + number % 2));
    let events: Vec<NewEvent> = (0..5_000).map(of).collect();
    let places = scene.tells(&events).await;
    for (number, found) in (0..).zip(places) {
        assert_eq!(found, place(number % 16, u64::try_from(number).unwrap() / 16 + 1));
    }
    assert_eq!(all(&scene.store).await.len(), 5_000);
}
