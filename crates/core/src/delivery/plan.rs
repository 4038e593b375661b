//! Planning a turn: which events are told, told again, or given up.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::{
    arrive::Gap,
    desk::{Attempted, Desk, UnderWay, Written},
    item::{Hand, Item, Origin, Planned},
    terms::DeskTerms,
    turn::{DeadLetter, DeadLetterCause, Tally, Tell, Telling, ToldCursor, Turn},
};
use crate::{
    cursor::{Cursor, Partition, Place, Position},
    event::{EventId, SubjectId},
};

impl Desk {
    /// What is to be done at `now`; `None` when there is nothing, or when a turn is under way: one is
    /// [`written`](Desk::written) or [`abandoned`](Desk::abandoned) before the next.
    pub fn turn(&mut self, now: Timestamp) -> Option<Turn> {
        self.turn_of(now, self.limits.turn_events_max)
    }

    /// What the receiver said and is not written yet, while nothing may be told; otherwise as [`turn`](Desk::turn).
    pub fn turn_without_telling(&mut self, now: Timestamp) -> Option<Turn> {
        self.turn_of(now, 0)
    }

    fn turn_of(&mut self, now: Timestamp, events_max: usize) -> Option<Turn> {
        if self.under_way.is_some() {
            return None;
        }
        let mut plan = Plan { left: events_max, ..Plan::of(self, now) };
        for item in &mut self.items {
            plan.visit(item);
        }
        let Plan { tell, dead, telling, head, .. } = plan;
        self.drawn = telling;
        let acknowledged = self.acknowledged();
        let through = tell.last().map_or(acknowledged, |last| last.cursor.through.join(&acknowledged));
        let delivered = self.written.delivered.join(&through);
        let counted = self.items.iter().filter_map(|item| told_row(item, head, &delivered, now));
        let rejected = self.rejections.iter().filter_map(|event| self.items.iter().find(|item| item.event == *event));
        let rows = rejected.filter_map(|item| rejected_row(item, now)).chain(counted);
        // One of a place, and the last: what was rejected may be told again in the same turn.
        let attempts: BTreeMap<Place, Attempted> = rows.map(|row| (row.place, row)).collect();
        let attempts = attempts.into_values().collect();
        let (void_through, replayed) = (self.void_through, self.replayed.clone());
        let turn = Turn { tell, dead, attempts, replayed, acknowledged, delivered, telling, void_through };
        // Rejections of what was settled since are nothing to write.
        let nothing = turn.tell.is_empty()
            && turn.dead.is_empty()
            && turn.attempts.is_empty()
            && turn.replayed.is_empty()
            && acknowledged == self.written.acknowledged
            && void_through == self.written.void_through;
        if nothing {
            return None;
        }
        self.under_way = Some(UnderWay {
            written: Written { acknowledged, delivered, telling, void_through },
            rejections: self.rejections.len(),
            replayed: self.replayed.len(),
        });
        Some(turn)
    }
}

/// What is written of an event that waits after a rejection.
fn rejected_row(item: &Item, now: Timestamp) -> Option<Attempted> {
    let of_the_log = item.origin == Origin::Log && item.rejected.is_some();
    of_the_log.then(|| item.to_attempted(item.attempts, item.counted_at.unwrap_or(now)))
}

/// What is written of an event that is told, where the cursor is not enough to know it. A replay's attempts are not kept:
/// the cursor passed its place long ago.
fn told_row(item: &Item, head: Option<EventId>, delivered: &Cursor, now: Timestamp) -> Option<Attempted> {
    match item.planned {
        Some(Planned::Tell { .. }) if item.origin == Origin::Replay => None,
        Some(Planned::Tell { attempt, tally: Tally::Counted, .. }) => Some(item.to_attempted(attempt, now)),
        // Its time starts now, and goes on with the next receiver: of an event that kills whoever takes it no telling
        // would ever count otherwise.
        Some(Planned::Tell { attempt, tally: Tally::Repeated, .. })
            if item.counted_at.is_none() && head == Some(item.event) =>
        {
            Some(item.to_attempted(attempt, now))
        }
        // After a crash it would be told as if for the first time once more.
        Some(Planned::Tell { tally: Tally::First, .. }) if item.since.is_some() || !delivered.includes(item.place) => {
            Some(item.to_attempted(0, now))
        }
        _ => None,
    }
}

/// A turn in the making. Events are visited in the order of the log.
struct Plan {
    now: Timestamp,
    terms: DeskTerms,
    /// How many more events may be in the receiver's hand.
    room: usize,
    /// How many more events this turn may hold.
    left: usize,
    /// The first event that was told and does not wait: the only one to blame when nobody acknowledges anything.
    head: Option<EventId>,
    /// Subjects of which nothing more is told in this turn.
    blocked: HashSet<SubjectId>,
    /// Subjects of which an event was given up in this turn.
    bereft: HashSet<SubjectId>,
    /// The last telling of an earlier event of each subject.
    told: HashMap<SubjectId, Telling>,
    /// How far the log was read.
    seen: Cursor,
    /// The places that this receiver was not told of since it last rejected something there, and is to be.
    untold: BTreeSet<Place>,
    telling: Telling,
    tell: Vec<Tell>,
    dead: Vec<DeadLetter>,
}

impl Plan {
    fn of(desk: &Desk, now: Timestamp) -> Self {
        let untold = desk.items.iter().filter(|item| item.origin == Origin::Log && item.acknowledged_from.is_none());
        let waits = |item: &Item| matches!(item.hand, Hand::Waiting(until) if until > now);
        let head = desk.items.iter().find(|item| item.attempts > 0 && item.doom.is_none() && !waits(item));
        let window = desk.window.map_or(0, super::Window::events);
        Self {
            now,
            terms: desk.terms,
            room: window.saturating_sub(desk.in_hand()),
            left: desk.limits.turn_events_max,
            head: head.map(|item| item.event),
            blocked: HashSet::new(),
            bereft: HashSet::new(),
            told: HashMap::new(),
            seen: desk.seen,
            untold: untold.map(|item| item.place).collect(),
            telling: desk.drawn,
            tell: Vec::new(),
            dead: Vec::new(),
        }
    }

    fn visit(&mut self, item: &mut Item) {
        if let Some(cause) = item.doom.clone() {
            return self.give_up(item, cause);
        }
        if self.blocked.contains(&item.subject) {
            return;
        }
        match item.hand {
            Hand::Waiting(until) if until > self.now => self.block(item),
            Hand::Held(at) if !self.is_overdue(at) && !self.is_behind(item) => {
                self.told.extend(item.last_telling.map(|telling| (item.subject, telling)));
            }
            Hand::Held(_) => self.tell_or_give_up(item),
            Hand::Due | Hand::Waiting(_) if self.room == 0 => self.block(item),
            Hand::Due | Hand::Waiting(_) => self.tell_or_give_up(item),
        }
    }

    /// Whether an earlier event of its subject was told after it.
    fn is_behind(&self, item: &Item) -> bool {
        self.told.get(&item.subject).is_some_and(|earlier| Some(*earlier) > item.last_telling)
    }

    fn is_overdue(&self, since: Timestamp) -> bool {
        since.checked_add(self.terms.redelivery_after).is_ok_and(|due| due <= self.now)
    }

    fn tell_or_give_up(&mut self, item: &mut Item) {
        let tally = self.tally(item);
        if tally == Tally::Counted && item.attempts >= self.terms.attempts_max {
            let cause = item.rejected.clone().map_or(DeadLetterCause::Unacknowledged, DeadLetterCause::Rejected);
            return self.give_up(item, cause);
        }
        if self.left == 0 {
            return self.block(item);
        }
        self.left -= 1;
        if !item.is_held() {
            self.room -= 1;
        }
        self.tell(item, tally);
    }

    /// An attempt counts where the event was rejected, or stood first for long enough. What is not known to have stood
    /// first for any time was told to a receiver that is gone.
    fn tally(&self, item: &Item) -> Tally {
        if item.attempts == 0 {
            return Tally::First;
        }
        let stood_first = self.head == Some(item.event) && item.counted_at.is_some_and(|at| self.is_overdue(at));
        let was_rejected = matches!(item.hand, Hand::Waiting(_));
        if was_rejected || stood_first { Tally::Counted } else { Tally::Repeated }
    }

    fn tell(&mut self, item: &mut Item, tally: Tally) {
        let attempt = match tally {
            Tally::First | Tally::Counted => item.attempts + 1,
            Tally::Repeated => item.attempts,
        };
        self.telling = Telling(self.telling.0 + 1);
        self.told.insert(item.subject, self.telling);
        self.untold.remove(&item.place);
        item.planned = Some(Planned::Tell { telling: self.telling, attempt, tally, overtaken: false });
        let gap = if self.bereft.contains(&item.subject) { Gap::MissingBefore } else { item.gap };
        let cursor = ToldCursor { through: self.through(), telling: self.telling };
        let (event, place, subject, since) = (item.event, item.place, item.subject, item.since);
        self.tell.push(Tell { event, place, subject, cursor, attempt, tally, gap, since });
    }

    fn give_up(&mut self, item: &mut Item, cause: DeadLetterCause) {
        if self.left == 0 {
            return self.block(item);
        }
        self.left -= 1;
        self.bereft.insert(item.subject);
        self.untold.remove(&item.place);
        item.planned = Some(Planned::Die);
        let (event, place, subject, attempts) = (item.event, item.place, item.subject, item.attempts);
        self.dead.push(DeadLetter { event, place, subject, attempts, cause });
    }

    fn block(&mut self, item: &Item) {
        self.blocked.insert(item.subject);
    }

    /// How far this receiver was told: never past an event that it was not.
    fn through(&self) -> Cursor {
        let mut through = self.seen;
        for partition in Partition::all() {
            let first = Place { partition, position: Position(0) };
            let next = self.untold.range(first..).next().filter(|place| place.partition == partition);
            if let Some(place) = next {
                through.lower_before(*place);
            }
        }
        through
    }
}
