//! What the promises demand, judged from what was told, handled and written: slow, and knowing nothing of the desk.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use unefois_core::{Cursor, DeadLetter, DeadLetterCause, EventId, Gap, Tally, Tell, Telling, Turn};

use crate::{
    client::Client,
    hub::{Hub, LIMITS, TERMS},
    log::{Log, Published},
};

/// What happened so far.
#[derive(Default)]
pub struct Rules {
    /// What the receiver has in its hand, with the first telling by which it may acknowledge it.
    in_hand: BTreeMap<EventId, Telling>,
    /// What was acknowledged since the turn under way was planned: it is told in vain.
    settled_meanwhile: HashSet<EventId>,
    /// The last telling of each event over this connection.
    told_here: BTreeMap<EventId, Telling>,
    /// How often each event was told since it was last replayed.
    times_told: BTreeMap<EventId, u32>,
    /// What was replayed: told as if for the first time to each receiver.
    replayed: HashSet<EventId>,
    /// What was rejected, or follows what was, and was not told since; with the last telling that was on its way then.
    rejected: BTreeMap<EventId, Telling>,
    rejected_for_good: HashSet<EventId>,
    /// The largest window that was set while it may still count.
    window_max: usize,
    window: usize,
    came_up: BTreeMap<&'static str, u64>,
}

impl Rules {
    pub fn connected(&mut self, window: usize) {
        self.settled_meanwhile.clear();
        // What was rejected and not written is forgotten.
        self.rejected_for_good.clear();
        self.in_hand.clear();
        self.told_here.clear();
        (self.window, self.window_max) = (window, window);
    }

    /// Nothing after that telling was ever sent.
    pub fn nothing_sent_after(&mut self, telling: Telling) {
        for sent in self.rejected.values_mut() {
            *sent = (*sent).min(telling);
        }
    }

    /// What was told under a larger window stays in the receiver's hand.
    pub fn window_set(&mut self, window: usize) {
        self.window = window;
        self.window_max = self.window_max.max(window);
    }

    pub fn window_max(&self) -> usize {
        self.window_max
    }

    pub fn replayed(&mut self, event: EventId) {
        self.times_told.remove(&event);
        self.replayed.insert(event);
        self.rejected_for_good.remove(&event);
    }

    /// A turn tells all that it may: only a full window, a full turn, or an earlier event of the same subject that is not
    /// in the receiver's hand keeps an event back.
    pub fn planned(&mut self, turn: Option<&Turn>, hub: &Hub, log: &Log, client: &Client) {
        // A replay has no place in the order of the log, from which what is in hand could be told.
        if !hub.replayed.is_empty() {
            return;
        }
        let none = Vec::new();
        let (told, dead) = turn.map_or((&none, 0), |turn| (&turn.tell, turn.dead.len()));
        let told: BTreeSet<EventId> = told.iter().map(|tell| tell.event).collect();
        let new = told.iter().filter(|event| !self.in_hand.contains_key(*event)).count();
        assert!(new == 0 || self.in_hand.len() + new <= self.window, "more than the window is told");
        self.settled_meanwhile.clear();
        assert!(told.len() + dead <= LIMITS.turn_events_max, "a turn is too long");
        let full = told.len() + dead >= LIMITS.turn_events_max;
        for later in self.in_hand.keys().filter(|event| !full && !told.contains(*event)) {
            let again = log.before(log.event(*later)).any(|before| told.contains(&before.event));
            assert!(!again, "{later:?} is not told again after what it follows");
        }
        if self.in_hand.len() + new >= self.window || told.len() + dead >= LIMITS.turn_events_max {
            return;
        }
        for event in log.events().filter(|event| hub.desk.seen().includes(event.place)) {
            let is_new = !self.told_here.contains_key(&event.event) && !hub.acknowledged.includes(event.place);
            let alone = !log.before(event).any(|before| !hub.acknowledged.includes(before.place));
            let settled = self.is_settled(event, hub, client);
            let dies = turn.is_some_and(|turn| turn.dead.iter().any(|dead| dead.event == event.event));
            let acknowledged = turn.is_some_and(|turn| turn.acknowledged.includes(event.place));
            if is_new && alone && !settled && !dies && !acknowledged {
                assert!(told.contains(&event.event), "{event:?} is kept back for nothing");
                *self.came_up.entry("told at once").or_default() += 1;
            }
        }
    }

    /// A telling was written: it counts, although a crash may keep it from the receiver.
    pub fn written(&mut self, tell: &Tell) {
        let times = self.times_told.entry(tell.event).or_default();
        let is_replayed = self.replayed.contains(&tell.event);
        assert!(is_replayed || (*times == 0) == (tell.tally == Tally::First), "{tell:?} after {times} tellings");
        *times += 1;
        assert!(tell.attempt >= 1 && tell.attempt <= TERMS.attempts_max && tell.attempt <= *times, "{tell:?}");
    }

    pub fn told(&mut self, tell: &Tell, hub: &Hub, log: &Log, client: &Client) {
        let event = log.event(tell.event);
        let replays = hub.replayed.contains(&tell.event);
        // In the order of the subject: what stands before it is in hand, settled, or was told more recently than not at all.
        for before in log.before(event).filter(|_| !replays) {
            let in_order = self.told_here.get(&before.event).is_some_and(|telling| *telling < tell.cursor.telling)
                || self.is_settled(before, hub, client);
            assert!(in_order, "{:?} was told before {:?}", event.event, before.event);
        }
        let missing = log.before(event).filter(|before| !hub.replayed.contains(&before.event));
        let missing = missing.filter(|before| hub.dead.contains_key(&before.event)).count() > 0;
        if missing && !replays {
            assert_eq!(tell.gap, Gap::MissingBefore, "{tell:?}");
            *self.came_up.entry("missing before").or_default() += 1;
        }
        // It, or an event before it, was rejected after the turn was planned: it will be told once more.
        let overtaken = self.rejected.get(&tell.event).is_some_and(|sent| tell.cursor.telling <= *sent);
        if !overtaken {
            self.rejected.remove(&tell.event);
        }
        self.told_here.insert(tell.event, tell.cursor.telling);
        if !overtaken && !self.settled_meanwhile.contains(&tell.event) {
            self.in_hand.entry(tell.event).or_insert(tell.cursor.telling);
        }
        self.through_is_told(tell, hub, log, client);
    }

    /// The cursor of a telling never passes an event that was not told over this connection and is not settled.
    fn through_is_told(&self, tell: &Tell, hub: &Hub, log: &Log, client: &Client) {
        for event in log.events().filter(|event| tell.cursor.through.includes(event.place)) {
            let told = self.told_here.get(&event.event).is_some_and(|telling| *telling <= tell.cursor.telling);
            let taken_back = self.rejected.contains_key(&event.event) && hub.replayed.is_empty();
            assert!(
                // What was rejected after the turn was planned makes its cursors void.
                (told && (!taken_back || tell.cursor.telling <= client.void_through))
                    || self.is_settled(event, hub, client),
                "the cursor of {tell:?} passes {event:?}"
            );
        }
    }

    fn is_settled(&self, event: Published, hub: &Hub, client: &Client) -> bool {
        hub.dead.contains_key(&event.event)
            || hub.replayed.contains(&event.event)
            || hub.refused.contains(&event.event)
            || client.acknowledged.contains(&event.event)
    }

    /// A receiver that handles what it is told in order processes the events of a subject in order.
    pub fn processed(&mut self, event: Published, hub: &Hub, log: &Log, client: &Client) {
        for before in log.before(event).filter(|_| !hub.replayed.contains(&event.event)) {
            let processed = client.processed.contains(&before.event) || self.is_settled(before, hub, client);
            assert!(processed, "{:?} was processed before {:?}", event.event, before.event);
        }
    }

    pub fn rejected(&mut self, event: Published, for_good: bool, sent: Telling, log: &Log) {
        if for_good {
            self.rejected_for_good.insert(event.event);
        }
        // Whatever follows it is taken back with it.
        for other in log.events().filter(|other| other.subject == event.subject && other.place >= event.place) {
            self.rejected.insert(other.event, sent);
            self.in_hand.remove(&other.event);
        }
        *self.came_up.entry("rejected").or_default() += 1;
    }

    pub fn acknowledged(&mut self, up_to: Telling) {
        let settled = self.in_hand.extract_if(.., |_, first| *first <= up_to);
        self.settled_meanwhile.extend(settled.map(|(event, _)| event));
    }

    /// A cursor of an earlier connection counted.
    pub fn acknowledged_through(&mut self, through: &Cursor, log: &Log) {
        let settled = log.events().filter(|event| through.includes(event.place)).map(|event| event.event);
        for event in settled {
            self.in_hand.remove(&event);
            self.settled_meanwhile.insert(event);
        }
    }

    pub fn refused(&mut self, event: EventId) {
        self.in_hand.remove(&event);
    }

    pub fn died(&mut self, dead: &DeadLetter) {
        let told = self.times_told.get(&dead.event).copied().unwrap_or_default();
        let for_good = self.rejected_for_good.contains(&dead.event);
        assert_eq!(for_good, matches!(dead.cause, DeadLetterCause::RejectedForGood(_)), "{dead:?}");
        assert!(for_good || dead.attempts == TERMS.attempts_max, "{dead:?}");
        assert!(dead.attempts <= told, "{dead:?} was told {told} times");
        self.in_hand.remove(&dead.event);
    }

    /// The durable cursor passes no event that the receiver has not processed and acknowledged, unless it is dead or
    /// refused.
    pub fn cursor_stands(&self, hub: &Hub, log: &Log, client: &Client) {
        for event in log.events().filter(|event| hub.acknowledged.includes(event.place)) {
            assert!(self.is_settled(event, hub, client), "the cursor passed {event:?}");
        }
    }

    /// In the end each event was processed, refused, or lies with the dead letters where a person can see it.
    pub fn at_rest(&self, hub: &Hub, log: &Log, client: &Client) {
        for event in log.events() {
            let ended = client.processed.contains(&event.event)
                || hub.refused.contains(&event.event)
                || hub.dead.contains_key(&event.event);
            assert!(ended, "{event:?} was skipped");
        }
    }

    pub fn came_up(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.came_up.iter().map(|(what, times)| (*what, *times))
    }
}
