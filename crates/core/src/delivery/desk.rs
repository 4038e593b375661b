//! The desk of one subscription and one receiver: what it knows, and how it is opened.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    item::{Hand, Item},
    terms::{DeskLimits, DeskTerms, Window},
    turn::Telling,
};
use crate::{
    code::ImpersonalCode,
    cursor::{Cursor, Place},
    event::{EventId, SubjectId},
};

/// What is durable of a subscription. A receiver that is gone leaves nothing else behind it: the next one's desk is opened
/// from this. To replay from an earlier cursor, both cursors are set to it, `void_through` to `telling`, and no attempts are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Everything up to it is settled.
    pub acknowledged: Cursor,
    /// Everything up to it was told at least once, or passed.
    pub delivered: Cursor,
    /// The last telling.
    pub telling: Telling,
    /// The last telling before something was rejected, or before the subscription was set back: a cursor up to it means
    /// nothing to the next receiver's desk.
    pub void_through: Telling,
    /// What was written of events after `acknowledged`, one of a place.
    pub attempts: Vec<Attempted>,
}

/// What is kept of an event that was told more than once, or rejected, or told where the cursor does not show that it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    /// Where it stands.
    pub place: Place,
    /// How many attempts counted; 0 where it was told once, and nobody was to blame yet.
    pub attempts: u32,
    /// When the last one was; where only the first counted, when it was told again after that.
    pub last_at: Timestamp,
    /// Why it was rejected last, if it ever was.
    pub rejected: Option<ImpersonalCode>,
}

/// The desk of one subscription and one receiver. It is pure: whoever holds it reads, writes, sends and looks at the clock.
///
/// Whatever a turn says must be written before more is read from the log, so that a gap is seen by what arrives later.
#[derive(Debug)]
pub struct Desk {
    pub(super) terms: DeskTerms,
    pub(super) limits: DeskLimits,
    pub(super) window: Option<Window>,
    /// How far the log was read.
    pub(super) seen: Cursor,
    /// What tellings to earlier receivers were acknowledged to this one.
    pub(super) floor: Cursor,
    /// What was told to earlier receivers.
    pub(super) told_earlier: Cursor,
    /// The last telling to an earlier receiver.
    pub(super) opened_at: Telling,
    /// The last number that was drawn for a telling, written or not: none is drawn twice.
    pub(super) drawn: Telling,
    /// See [`Saved::void_through`].
    pub(super) void_through: Telling,
    /// What is written.
    pub(super) written: Written,
    pub(super) under_way: Option<UnderWay>,
    /// What was written of events that have not arrived yet.
    pub(super) expected: BTreeMap<Place, Attempted>,
    /// What is still to be written: rejections, and replays that were acknowledged or refused.
    pub(super) rejections: Vec<EventId>,
    pub(super) replayed: Vec<Place>,
    /// In the order of their arrival.
    pub(super) items: Vec<Item>,
}

/// The turn under way: what will be written with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnderWay {
    pub(super) written: Written,
    /// How many of the rejections and replays it holds.
    pub(super) rejections: usize,
    pub(super) replayed: usize,
}

/// The durable cursors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) acknowledged: Cursor,
    pub(super) delivered: Cursor,
    pub(super) telling: Telling,
    pub(super) void_through: Telling,
}

impl Desk {
    /// The desk for a receiver that has just come. Nothing is told before it has set a window.
    #[must_use]
    pub fn open(saved: Saved, terms: DeskTerms, limits: DeskLimits) -> Self {
        let Saved { acknowledged, delivered, telling, void_through, attempts } = saved;
        Self {
            terms,
            limits,
            window: None,
            seen: acknowledged,
            floor: acknowledged,
            told_earlier: delivered,
            opened_at: telling,
            drawn: telling,
            void_through,
            written: Written { acknowledged, delivered, telling, void_through },
            under_way: None,
            expected: attempts.into_iter().map(|attempted| (attempted.place, attempted)).collect(),
            rejections: Vec::new(),
            replayed: Vec::new(),
            items: Vec::new(),
        }
    }

    /// The receiver wants at most so many events in its hand.
    pub fn set_window(&mut self, window: Window) {
        self.window = Some(window);
    }

    /// The last telling to an earlier receiver.
    #[must_use]
    pub fn opened_at(&self) -> Telling {
        self.opened_at
    }

    /// How far the log was read: from here on events are to arrive.
    #[must_use]
    pub fn seen(&self) -> Cursor {
        self.seen
    }

    /// How many more events to tell it takes.
    #[must_use]
    pub fn room(&self) -> usize {
        self.limits.events_max.saturating_sub(self.items.len())
    }

    /// How many events the receiver has in its hand.
    #[must_use]
    pub fn in_hand(&self) -> usize {
        self.items.iter().filter(|item| item.is_held()).count()
    }

    /// The subjects that are held back because an event of theirs waits after its rejection.
    pub fn held_subjects(&self) -> impl Iterator<Item = SubjectId> {
        self.items.iter().filter(|item| matches!(item.hand, Hand::Waiting(_))).map(|item| item.subject)
    }

    /// The first event that was told and is not settled.
    #[must_use]
    pub fn oldest_unacknowledged(&self) -> Option<Place> {
        self.items.iter().find(|item| item.attempts > 0).map(|item| item.place)
    }

    /// When time alone makes something due; `None` when nothing will.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Timestamp> {
        let due = |item: &Item| match item.hand {
            Hand::Due => None,
            Hand::Held(at) => at.checked_add(self.terms.redelivery_after).ok(),
            Hand::Waiting(until) => Some(until),
        };
        self.items.iter().filter_map(due).min()
    }

    /// Everything up to it is settled, or will be once the turn under way is written.
    pub(super) fn acknowledged(&self) -> Cursor {
        let mut cursor = self.seen.join(&self.floor);
        for item in self.items.iter().filter(|item| item.holds_cursor()) {
            cursor.lower_before(item.place);
        }
        cursor
    }
}
