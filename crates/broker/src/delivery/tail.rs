//! The tail of the log of events: what this node published last, so that those who are told of it do not each read it again.
//!
//! What is missing here is in the store. Nothing here is opened: a payload stays sealed, and a key that was destroyed
//! opens none. Subjects are as they were then: what they were merged into since is found where dossiers and consents are.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use unefois_core::{Cursor, PARTITIONS, Partition, Place, Position};
use unefois_store::{EventRow, HeldRevision};

/// What an event takes up beside its payload, about.
const EVENT_BYTES: usize = 1_024;

/// An event that this node published.
#[derive(Debug)]
pub(crate) struct Newest {
    /// The event.
    pub(crate) row: EventRow,
    /// The revision that it tells of, sealed.
    pub(crate) held: HeldRevision,
    /// The key that seals the traces of its subject.
    pub(crate) trace_key: [u8; 16],
}

impl Newest {
    fn bytes(&self) -> usize {
        self.held.sealed.len() + EVENT_BYTES
    }
}

/// The newest events, of each partition without a gap.
#[derive(Debug)]
pub(crate) struct Tail {
    runs: Mutex<Vec<Run>>,
    /// Of each partition.
    bytes_max: usize,
}

/// What is known of a partition: everything after one position, up to another.
#[derive(Debug, Default)]
struct Run {
    after: Position,
    events: VecDeque<Arc<Newest>>,
    bytes: usize,
}

impl Tail {
    /// An empty one, which holds about so many bytes at most.
    pub(crate) fn new(bytes_max: usize) -> Self {
        let runs = Partition::all().map(|_| Run::default()).collect();
        Self { runs: Mutex::new(runs), bytes_max: bytes_max / PARTITIONS }
    }

    /// Adds an event that is committed. What it does not follow, because another node published in between, is forgotten.
    pub(crate) fn push(&self, newest: Newest) {
        let place = newest.row.place;
        self.runs()[place.partition.number()].push(Arc::new(newest), self.bytes_max);
    }

    /// All events between two cursors, partition by partition; `None` when some of them are not here.
    pub(crate) fn between(&self, after: &Cursor, up_to: &Cursor) -> Option<Vec<Arc<Newest>>> {
        let runs = self.runs();
        let mut found = Vec::new();
        for partition in Partition::all().filter(|partition| after.at(*partition) < up_to.at(*partition)) {
            let run = &runs[partition.number()];
            let range = run.index(after.at(partition))?..run.index(up_to.at(partition))?;
            found.extend(run.events.range(range).cloned());
        }
        Some(found)
    }

    /// The event at that place, if it is here.
    pub(crate) fn at(&self, place: Place) -> Option<Arc<Newest>> {
        let runs = self.runs();
        let run = &runs[place.partition.number()];
        run.events.get(run.index(place.position.before())?).cloned()
    }

    fn runs(&self) -> MutexGuard<'_, Vec<Run>> {
        // Nothing panics while it is held; and a run is whole after every step.
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    /// How many of its events are up to that position; `None` where that is not known.
    fn index(&self, position: Position) -> Option<usize> {
        let index = usize::try_from(position.0.checked_sub(self.after.0)?).ok()?;
        (index <= self.events.len()).then_some(index)
    }

    fn last(&self) -> Position {
        Position(self.after.0 + self.events.len() as u64)
    }

    fn push(&mut self, newest: Arc<Newest>, bytes_max: usize) {
        let position = newest.row.place.position;
        if position <= self.last() {
            return;
        }
        if position.before() != self.last() {
            *self = Self { after: position.before(), ..Self::default() };
        }
        self.bytes += newest.bytes();
        self.events.push_back(newest);
        while self.bytes > bytes_max
            && let Some(oldest) = self.events.pop_front()
        {
            self.bytes -= oldest.bytes();
            self.after = oldest.row.place.position;
        }
    }
}

#[cfg(test)]
mod tests {
    use unefois_core::{EventId, EventKind, FieldNumbers, SubjectKind};
    use unefois_store::NewEvent;
    use uuid::Uuid;

    use super::*;

    const PAYLOAD_BYTES: usize = 1_000;

    fn place(partition: usize, position: u64) -> Place {
        Place { partition: Partition::all().nth(partition).unwrap(), position: Position(position) }
    }

    fn newest(place: Place) -> Newest {
        let event = NewEvent {
            id: EventId(Uuid::new_v4()),
            subject: [1; 16],
            root: [1; 16],
            about: SubjectKind::NaturalPerson,
            dataset: "declared-turnover".to_owned(),
            provider: "urssaf".to_owned(),
            record: [2; 16],
            revision: 1,
            kind: EventKind::Created,
            changed: FieldNumbers::default(),
            traceparent: None,
        };
        let held = HeldRevision {
            record: [2; 16],
            discriminator: [3; 32],
            number: 1,
            provider_recorded_at: 0,
            learned_at: 0,
            change: None,
            payload_key: [4; 16],
            sealed: vec![0; PAYLOAD_BYTES],
        };
        Newest { row: EventRow { place, recorded_at: 0, event }, held, trace_key: [5; 16] }
    }

    /// Positions between two of the same partition.
    fn between(tail: &Tail, partition: usize, after: u64, up_to: u64) -> Option<Vec<u64>> {
        let at = |position| {
            let mut cursor = Cursor::BEGIN;
            cursor.raise_to(place(partition, position));
            cursor
        };
        let found = tail.between(&at(after), &at(up_to))?;
        Some(found.iter().map(|newest| newest.row.place.position.0).collect())
    }

    fn holding(count: usize) -> Tail {
        Tail::new(count * (PAYLOAD_BYTES + EVENT_BYTES) * PARTITIONS)
    }

    #[test]
    fn what_was_published_is_found_between_any_two_of_its_positions() {
        let tail = holding(9);
        (7..=9).for_each(|position| tail.push(newest(place(3, position))));
        assert_eq!(between(&tail, 3, 6, 9), Some(vec![7, 8, 9]));
        assert_eq!(between(&tail, 3, 7, 8), Some(vec![8]));
        assert_eq!(between(&tail, 3, 9, 9), Some(vec![]));
        assert_eq!(tail.at(place(3, 8)).unwrap().row.place, place(3, 8));
    }

    #[test]
    fn what_lies_before_it_or_beyond_it_is_not_guessed() {
        let tail = holding(9);
        (7..=9).for_each(|position| tail.push(newest(place(3, position))));
        assert_eq!(between(&tail, 3, 5, 9), None, "the store has 6");
        assert_eq!(between(&tail, 3, 6, 10), None, "another node published 10");
        assert_eq!(between(&tail, 4, 0, 1), None);
        assert!([6, 10].iter().all(|position| tail.at(place(3, *position)).is_none()));
        assert!(tail.at(place(4, 1)).is_none());
    }

    #[test]
    fn a_gap_begins_it_anew_and_what_comes_late_is_left_out() {
        let tail = holding(9);
        [7, 9, 8, 10].iter().for_each(|position| tail.push(newest(place(3, *position))));
        assert_eq!(between(&tail, 3, 7, 9), None, "8 came after 9");
        assert_eq!(between(&tail, 3, 8, 10), Some(vec![9, 10]));
    }

    #[test]
    fn the_oldest_give_way_in_each_partition_by_itself() {
        let tail = holding(2);
        (1..=4).for_each(|position| tail.push(newest(place(3, position))));
        tail.push(newest(place(5, 1)));
        assert_eq!(between(&tail, 3, 1, 4), None);
        assert_eq!(between(&tail, 3, 2, 4), Some(vec![3, 4]));
        assert_eq!(between(&tail, 5, 0, 1), Some(vec![1]));
        let none = holding(0);
        none.push(newest(place(3, 1)));
        assert_eq!(between(&none, 3, 0, 1), None);
    }
}
