//! What is durable of a subscription in a world, and the desk of the receiver that is connected.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::{SignedDuration, Timestamp};
use unefois_core::{
    Arrival, Attempted, Cursor, Desk, DeskLimits, DeskTerms, EventId, Fate, Gap, Partition, Place, Position, Saved,
    Telling, Turn, Window,
};

use crate::log::Log;

pub const TERMS: DeskTerms = DeskTerms {
    redelivery_after: SignedDuration::from_secs(30),
    attempts_max: 3,
    backoff_first: SignedDuration::from_secs(5),
};
pub const LIMITS: DeskLimits = DeskLimits { events_max: 12, turn_events_max: 4 };

/// What is durable, and the desk.
pub struct Hub {
    pub desk: Desk,
    pub window: usize,
    pub acknowledged: Cursor,
    delivered: Cursor,
    pub telling: Telling,
    pub void_through: Telling,
    attempts: BTreeMap<Place, Attempted>,
    /// Dead letters, by event.
    pub dead: BTreeMap<EventId, Place>,
    /// Those that somebody wants to be told again, and that are not acknowledged yet.
    pub replaying: BTreeSet<EventId>,
    /// Every event that was ever replayed.
    pub replayed: BTreeSet<EventId>,
    /// What was not told because of its subject.
    pub refused: BTreeSet<EventId>,
}

impl Hub {
    pub fn new() -> Self {
        let saved = Saved {
            acknowledged: Cursor::BEGIN,
            delivered: Cursor::BEGIN,
            telling: Telling(0),
            void_through: Telling(0),
            attempts: Vec::new(),
        };
        Self {
            desk: Desk::open(saved, TERMS, LIMITS),
            window: 0,
            acknowledged: Cursor::BEGIN,
            delivered: Cursor::BEGIN,
            telling: Telling(0),
            void_through: Telling(0),
            attempts: BTreeMap::new(),
            dead: BTreeMap::new(),
            replaying: BTreeSet::new(),
            replayed: BTreeSet::new(),
            refused: BTreeSet::new(),
        }
    }

    /// A receiver comes, whatever became of the one before.
    pub fn connects(&mut self, window: u32, log: &Log) {
        let saved = Saved {
            acknowledged: self.acknowledged,
            delivered: self.delivered,
            telling: self.telling,
            void_through: self.void_through,
            attempts: self.attempts.values().cloned().collect(),
        };
        self.desk = Desk::open(saved, TERMS, LIMITS);
        self.sets_window(window);
        self.reads_replays(log);
    }

    pub fn sets_window(&mut self, window: u32) {
        let window = Window::of(window, 8).unwrap();
        self.window = window.events();
        self.desk.set_window(window);
    }

    /// The next place of a partition arrives, if something stands there and the desk has room.
    pub fn reads(&mut self, partition: Partition, log: &Log) {
        let place = Place { partition, position: Position(self.desk.seen().at(partition).0 + 1) };
        let Some(there) = log.at(place) else { return };
        let fate = there.filter(|event| !self.was_given_up(event.event)).map_or(Fate::Pass, |event| Fate::Tell {
            event: event.event,
            subject: event.subject,
            gap: if log.before(event).any(|before| self.is_missing(before.event)) {
                Gap::MissingBefore
            } else {
                Gap::None
            },
            since: None,
        });
        let full = self.desk.arrive(Arrival { place, fate }).is_err();
        assert_eq!(full, !self.desk.seen().includes(place), "what does not fit is not seen");
        assert!(!full || self.desk.room() == 0, "a desk is full when it has no room");
    }

    /// Whether it became a dead letter, replayed or not: then it is told as such, or not at all.
    fn was_given_up(&self, event: EventId) -> bool {
        self.dead.contains_key(&event) || self.replayed.contains(&event)
    }

    /// Whether it is a dead letter that nobody replays.
    pub fn is_missing(&self, event: EventId) -> bool {
        self.dead.contains_key(&event) && !self.replaying.contains(&event)
    }

    /// Somebody wants a dead letter to be told again.
    pub fn replays(&mut self, event: EventId, log: &Log) {
        self.replaying.insert(event);
        self.replayed.insert(event);
        self.hands_replay_over(event, log);
    }

    /// What is asked for is read again each time, as a store is.
    pub fn reads_replays(&mut self, log: &Log) {
        for event in self.replaying.clone() {
            self.hands_replay_over(event, log);
        }
    }

    fn hands_replay_over(&mut self, event: EventId, log: &Log) {
        let event = log.event(event);
        // Where the desk is full, it gets it later.
        let _full = self.desk.replay(event.event, event.place, event.subject);
    }

    /// Writes a turn as a store would.
    pub fn writes(&mut self, turn: &Turn, refused: &HashSet<EventId>, log: &Log) {
        assert!(self.acknowledged <= turn.acknowledged && self.delivered <= turn.delivered, "a cursor went back");
        assert!(self.telling <= turn.telling && turn.acknowledged <= turn.delivered);
        self.acknowledged = turn.acknowledged;
        self.delivered = turn.delivered;
        self.telling = turn.telling;
        self.void_through = turn.void_through;
        let places: BTreeSet<Place> = turn.attempts.iter().map(|attempted| attempted.place).collect();
        assert_eq!(places.len(), turn.attempts.len(), "one row of a place: {:?}", turn.attempts);
        for attempted in &turn.attempts {
            assert!(attempted.attempts <= TERMS.attempts_max, "{attempted:?}");
            self.attempts.insert(attempted.place, attempted.clone());
        }
        self.attempts.retain(|place, _| !turn.acknowledged.includes(*place));
        for dead in &turn.dead {
            self.dead.insert(dead.event, dead.place);
            self.attempts.remove(&dead.place);
            self.replaying.remove(&dead.event);
        }
        for place in &turn.replayed {
            let event = log.at(*place).unwrap().unwrap().event;
            if self.replaying.remove(&event) {
                self.dead.remove(&event);
            }
        }
        self.refused.extend(refused);
    }
}

/// The instant of that second.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}
