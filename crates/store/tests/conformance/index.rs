//! The search indexes: a search finds what the same filters find in memory.

use std::collections::BTreeMap;

use unefois_store::{IndexRow, Search, SubjectMark};

use crate::{
    chance::Chance,
    rows::{FAR_AHEAD, LARGEST, LONG_AGO, NOW, TEXTS, digest, entry, entry_about, id, index_row, trace_key},
    scene::Scene,
};

on_both!(
    a_search_finds_what_the_same_filters_find_in_memory,
    a_count_is_what_the_same_filters_count_in_memory,
    the_position_moves_with_the_rows_and_each_shard_has_its_own,
    an_entry_is_indexed_once,
    what_is_rolled_back_is_not_indexed,
    the_follower_reads_entries_in_order_with_the_subjects_they_are_about,
    the_next_months_are_made_as_often_as_they_are_asked_for,
);

on_several_nodes!(
    months_are_made_though_entries_of_them_are_indexed_already,
    rows_of_any_time_are_kept_in_the_month_that_they_are_of,
);

const ROWS: u64 = 500;
const SEARCHES: u64 = 300;

/// Days from before 1970 to far ahead, most of them near.
fn time(chance: &mut Chance) -> i64 {
    let near = NOW + i64::try_from(chance.below(20)).unwrap() - 10;
    chance.maybe(10, |chance| *chance.one_of(&[LONG_AGO, LONG_AGO + 1, -1, 0, 1, FAR_AHEAD])).unwrap_or(near)
}

fn number(chance: &mut Chance) -> i32 {
    i32::try_from(chance.below(3)).unwrap()
}

fn text(chance: &mut Chance) -> String {
    (*chance.one_of(&TEXTS)).to_owned()
}

/// One row, and the subjects it is about: none, one, or two.
fn random_row(index: u64, chance: &mut Chance) -> (IndexRow, Vec<[u8; 32]>) {
    let agency = |chance: &mut Chance| (*chance.one_of(&["cnaf", "CNAF", "dgfip", "é"])).to_owned();
    let row = IndexRow {
        index,
        recorded_at: time(chance),
        kind: number(chance),
        outcome: number(chance),
        reason: text(chance),
        consumer: agency(chance),
        provider: agency(chance),
        local_body: text(chance),
        dataset: agency(chance),
        purpose: number(chance),
    };
    let first = chance.below(6);
    let about = [first, 6].into_iter().take(usize::try_from(chance.below(3)).unwrap()).map(digest).collect();
    (row, about)
}

fn random_search(chance: &mut Chance) -> Search {
    let agency = |chance: &mut Chance| (*chance.one_of(&["cnaf", "CNAF", "dgfip", "é", ""])).to_owned();
    Search {
        recorded_from: chance.maybe(4, time),
        recorded_before: chance.maybe(4, time),
        kind: chance.maybe(6, number),
        outcome: chance.maybe(6, number),
        purpose: chance.maybe(6, |chance| *chance.one_of(&[0, 1, 2, i32::MAX, i32::MIN])),
        reason: chance.maybe(8, text),
        consumer: chance.maybe(6, agency),
        provider: chance.maybe(6, agency),
        local_body: chance.maybe(8, text),
        dataset: chance.maybe(6, agency),
        subject: chance.maybe(4, |chance| (0..chance.below(4)).map(|_| digest(chance.below(8))).collect()),
    }
}

/// What is indexed, in memory.
struct Indexed(Vec<(IndexRow, Vec<[u8; 32]>)>);

impl Indexed {
    /// Random rows, indexed in slices, and others in the next shard.
    async fn random(scene: &mut Scene, chance: &mut Chance) -> Self {
        let all: Vec<_> = (0..ROWS).map(|index| random_row(index, chance)).collect();
        for slice in all.chunks(77) {
            indexes(scene, 1, slice).await;
        }
        let others: Vec<_> = (0..50).map(|index| random_row(index, chance)).collect();
        indexes(scene, 2, &others).await;
        Self(all)
    }

    fn matching(&self, search: &Search, before: u64) -> impl Iterator<Item = &IndexRow> {
        let is_about = move |row: &IndexRow, about: &[[u8; 32]]| match about {
            [] => search.matches(row, None),
            _ => about.iter().any(|subject| search.matches(row, Some(subject))),
        };
        self.0.iter().filter(move |(row, about)| row.index < before && is_about(row, about)).map(|(row, _)| row)
    }
}

async fn indexes(scene: &mut Scene, slot: u32, all: &[(IndexRow, Vec<[u8; 32]>)]) {
    let rows: Vec<IndexRow> = all.iter().map(|(row, _)| row.clone()).collect();
    let mark = |index: u64| move |search: &[u8; 32]| SubjectMark { search: *search, index };
    let marks: Vec<SubjectMark> = all.iter().flat_map(|(row, about)| about.iter().map(mark(row.index))).collect();
    let next = rows.last().unwrap().index + 1;
    scene.commits(async |tx| tx.index_insert_in_tx(slot, &rows, &marks, next).await).await.unwrap();
}

async fn a_search_finds_what_the_same_filters_find_in_memory(scene: &mut Scene) {
    let mut chance = Chance(1);
    let indexed = Indexed::random(scene, &mut chance).await;
    let mut found_any = 0;
    for _ in 0..SEARCHES {
        let search = random_search(&mut chance);
        let before = *chance.one_of(&[0, 1, 250, ROWS, ROWS + 1, LARGEST]);
        let count_max = *chance.one_of(&[0, 1, 20, 1_000, u32::MAX]);
        let mut expected: Vec<u64> = indexed.matching(&search, before).map(|row| row.index).collect();
        expected.reverse();
        expected.truncate(count_max as usize);
        let found = scene.store.index_search(1, &search, before, count_max).await.unwrap();
        assert_eq!(found, expected, "{search:?} {before} {count_max}");
        found_any += u64::from(!found.is_empty());
    }
    assert!(found_any > SEARCHES / 5, "too few searches find anything: {found_any}");
    let all: Vec<u64> = (0..ROWS).rev().collect();
    assert_eq!(scene.store.index_search(1, &Search::default(), LARGEST, 1_000).await.unwrap(), all);
    assert!(scene.store.index_search(3, &Search::default(), LARGEST, 1_000).await.unwrap().is_empty());
}

async fn a_count_is_what_the_same_filters_count_in_memory(scene: &mut Scene) {
    let mut chance = Chance(2);
    let indexed = Indexed::random(scene, &mut chance).await;
    for round in 0..SEARCHES {
        let search = if round == 0 { Search::default() } else { random_search(&mut chance) };
        let before = *chance.one_of(&[250, ROWS, LARGEST]);
        let mut expected: BTreeMap<(i32, String), u64> = BTreeMap::new();
        for row in indexed.matching(&search, before) {
            *expected.entry((row.outcome, row.reason.clone())).or_default() += 1;
        }
        let expected: Vec<_> =
            expected.into_iter().map(|((outcome, reason), count)| (outcome, reason, count)).collect();
        let found = scene.store.index_count(1, &search, before).await.unwrap();
        assert_eq!(found, expected, "{search:?} {before}");
        assert!(round > 0 || found.len() == 3 * TEXTS.len(), "every outcome with every reason");
    }
}

async fn the_position_moves_with_the_rows_and_each_shard_has_its_own(scene: &mut Scene) {
    assert_eq!(scene.store.index_position_fetch(0).await.unwrap(), 0);
    for (slot, next) in [(0, 5), (1, 7), (0, 6), (0, LARGEST)] {
        scene.commits(async |tx| tx.index_insert_in_tx(slot, &[], &[], next).await).await.unwrap();
        assert_eq!(scene.store.index_position_fetch(slot).await.unwrap(), next);
    }
    assert_eq!(scene.store.index_position_fetch(1).await.unwrap(), 7);
}

async fn an_entry_is_indexed_once(scene: &mut Scene) {
    let marks = [SubjectMark { search: digest(1), index: 1 }];
    scene.commits(async |tx| tx.index_insert_in_tx(0, &[index_row(1)], &marks, 2).await).await.unwrap();
    let again = [index_row(2), index_row(1)];
    for (rows, marks) in [(&again[..], &[][..]), (&again[..1], &marks[..])] {
        let taken = scene.commits(async |tx| tx.index_insert_in_tx(0, rows, marks, 9).await).await.unwrap_err();
        assert!(scene.is_taken(&taken), "{taken:?}");
    }
    assert_eq!(scene.store.index_search(0, &Search::default(), LARGEST, 9).await.unwrap(), [1]);
    assert_eq!(scene.store.index_position_fetch(0).await.unwrap(), 2);
}

async fn what_is_rolled_back_is_not_indexed(scene: &mut Scene) {
    let mut tx = scene.writer.begin().await.unwrap();
    tx.index_insert_in_tx(0, &[index_row(0)], &[SubjectMark { search: digest(1), index: 0 }], 1).await.unwrap();
    drop(tx);
    assert_eq!(scene.store.index_position_fetch(0).await.unwrap(), 0);
    indexes(scene, 0, &[(index_row(0), vec![digest(1)])]).await;
    let about = Search { subject: Some(vec![digest(1)]), ..Search::default() };
    assert_eq!(scene.store.index_search(0, &about, 1, 9).await.unwrap(), [0]);
}

async fn the_follower_reads_entries_in_order_with_the_subjects_they_are_about(scene: &mut Scene) {
    scene.adds_subjects(1..=2).await;
    let unknown = unefois_store::EntryRow { personal: Some((trace_key(9), vec![1])), ..entry(3) };
    let entries = [entry_about(2, 2), entry(0), entry_about(1, 1), unknown];
    scene
        .commits(async |tx| {
            tx.subject_merge_in_tx(id(1), id(2)).await?;
            tx.entries_insert_in_tx(0, &entries).await?;
            tx.entries_insert_in_tx(1, &[entry_about(0, 1)]).await
        })
        .await
        .unwrap();
    let read = async |slot, from, count_max| {
        let sources = scene.store.index_sources_list(slot, from, count_max).await.unwrap();
        assert!(sources.iter().all(|source| source.leaf == entry(source.index).leaf));
        sources.into_iter().map(|source| (source.index, source.subject)).collect::<Vec<_>>()
    };
    let all = [(0, None), (1, Some(id(1))), (2, Some(id(2))), (3, None)];
    assert_eq!(read(0, 0, 9).await, all);
    assert_eq!(read(0, 1, 2).await, all[1..3]);
    assert_eq!(read(1, 0, u32::MAX).await, [(0, Some(id(1)))]);
    assert!(read(0, 4, 9).await.is_empty() && read(0, LARGEST, 9).await.is_empty() && read(0, 0, 0).await.is_empty());
}

async fn the_next_months_are_made_as_often_as_they_are_asked_for(scene: &mut Scene) {
    for _ in 0..3 {
        scene.commits(async |tx| tx.index_months_make_in_tx().await).await.unwrap();
    }
    indexes(scene, 0, &[(index_row(0), vec![])]).await;
    assert_eq!(scene.store.index_search(0, &Search::default(), 1, 9).await.unwrap(), [0]);
}

/// This month by the server's clock, as it names the part of the table that holds it.
fn this_month(scene: &Scene) -> (String, i64) {
    let month = scene.runs_sql("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')");
    let now = scene.runs_sql("SELECT (extract(epoch FROM now()) * 1000000)::bigint");
    (format!("entry_index_{month}"), now.parse().unwrap())
}

/// Where housekeeping stood still for months, entries of months that were not made are indexed before it goes on.
async fn months_are_made_though_entries_of_them_are_indexed_already(scene: &mut Scene) {
    let (month, now) = this_month(scene);
    scene.runs_sql(&format!("DROP TABLE {month}"));
    let [of_now, long_ago] =
        [(0, now), (1, LONG_AGO)].map(|(index, recorded_at)| IndexRow { recorded_at, ..index_row(index) });
    indexes(scene, 0, &[(of_now.clone(), vec![digest(1)]), (long_ago, vec![])]).await;
    assert_eq!(scene.runs_sql("SELECT count(*) FROM entry_index_other"), "2");
    scene.commits(async |tx| tx.index_months_make_in_tx().await).await.unwrap();
    assert_eq!(scene.runs_sql(&format!("SELECT idx FROM {month}")), "0");
    assert_eq!(scene.runs_sql("SELECT idx FROM entry_index_other"), "1", "no month is made for that");
    let about = Search { subject: Some(vec![digest(1)]), recorded_from: Some(now), ..Search::default() };
    assert_eq!(scene.store.index_search(0, &about, LARGEST, 9).await.unwrap(), [0]);
    let again = scene.commits(async |tx| tx.index_insert_in_tx(0, &[of_now], &[], 1).await).await.unwrap_err();
    assert!(again.is_conflict(), "{again:?}");
    scene.commits(async |tx| tx.index_months_make_in_tx().await).await.unwrap();
}

async fn rows_of_any_time_are_kept_in_the_month_that_they_are_of(scene: &mut Scene) {
    let (month, now) = this_month(scene);
    let times = [now, LONG_AGO, FAR_AHEAD, 0];
    let rows: Vec<_> =
        (0..).zip(times).map(|(index, recorded_at)| (IndexRow { recorded_at, ..index_row(index) }, vec![])).collect();
    indexes(scene, 0, &rows).await;
    assert_eq!(scene.runs_sql(&format!("SELECT idx FROM {month}")), "0");
    assert_eq!(scene.runs_sql("SELECT count(*) FROM entry_index_other"), "3");
    for (index, at) in (0..).zip(times) {
        let that_instant = Search { recorded_from: Some(at), recorded_before: Some(at + 1), ..Search::default() };
        assert_eq!(scene.store.index_search(0, &that_instant, LARGEST, 9).await.unwrap(), [index]);
    }
}
