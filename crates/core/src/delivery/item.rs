//! One event on a desk, from its arrival until it is settled.

use jiff::Timestamp;

use super::{
    arrive::Gap,
    desk::Attempted,
    turn::{DeadLetterCause, Tally, Telling},
};
use crate::{
    code::ImpersonalCode,
    cursor::Place,
    event::{EventId, SubjectId},
};

/// An event that is not settled.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) event: EventId,
    pub(super) place: Place,
    pub(super) subject: SubjectId,
    pub(super) origin: Origin,
    pub(super) gap: Gap,
    /// See [`Fate::Tell`](super::Fate::Tell).
    pub(super) since: Option<Timestamp>,
    /// Which attempt its last telling was; 0 before the first.
    pub(super) attempts: u32,
    /// Since when it may stand first without being to blame: since the last attempt that counted, or since it was first
    /// told again where that is not known.
    pub(super) counted_at: Option<Timestamp>,
    pub(super) hand: Hand,
    /// Its last telling to this receiver.
    pub(super) last_telling: Option<Telling>,
    /// The first telling to this receiver that an acknowledgement may be for: since its last rejection, if there was one.
    pub(super) acknowledged_from: Option<Telling>,
    /// Why it was rejected last, if it ever was.
    pub(super) rejected: Option<ImpersonalCode>,
    /// Why it is to become a dead letter.
    pub(super) doom: Option<DeadLetterCause>,
    /// What the turn under way does with it.
    pub(super) planned: Option<Planned>,
}

/// Where an event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// From the log: the cursor stays before it.
    Log,
    /// From the dead letters: the cursor passed it long ago.
    Replay,
}

/// Whether the receiver has an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hand {
    /// It is to be told, or told again, as soon as may be.
    Due,
    /// It was told then.
    Held(Timestamp),
    /// It was rejected, and waits until then.
    Waiting(Timestamp),
}

/// What a turn does with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Planned {
    /// It is told.
    Tell {
        telling: Telling,
        attempt: u32,
        tally: Tally,
        /// The same, or an earlier event of its subject, was rejected while the turn was under way.
        overtaken: bool,
    },
    /// It becomes a dead letter.
    Die,
}

impl Item {
    /// An event that has just arrived.
    pub(super) fn new(event: EventId, place: Place, subject: SubjectId, gap: Gap, origin: Origin) -> Self {
        Self {
            event,
            place,
            subject,
            origin,
            gap,
            since: None,
            attempts: 0,
            counted_at: None,
            hand: Hand::Due,
            last_telling: None,
            acknowledged_from: None,
            rejected: None,
            doom: None,
            planned: None,
        }
    }

    /// Takes over what was written of its attempts.
    pub(super) fn attempted(&mut self, attempted: Attempted) {
        let Attempted { place: _, attempts, last_at, rejected } = attempted;
        self.attempts = attempts.max(1);
        self.counted_at = (attempts > 0).then_some(last_at);
        self.rejected = rejected;
    }

    /// What is to be written of its attempts.
    pub(super) fn to_attempted(&self, attempts: u32, at: Timestamp) -> Attempted {
        Attempted { place: self.place, attempts, last_at: at, rejected: self.rejected.clone() }
    }

    /// It, or an earlier event of its subject, was rejected: no telling so far counts as received.
    pub(super) fn take_back(&mut self) {
        self.acknowledged_from = None;
        if let Some(Planned::Tell { overtaken, .. }) = &mut self.planned {
            *overtaken = true;
        }
    }

    /// It is to become a dead letter in the next turn, and is in nobody's hand.
    pub(super) fn doom_for(&mut self, cause: DeadLetterCause) {
        self.doom = Some(cause);
        self.hand = Hand::Due;
    }

    pub(super) fn is_held(&self) -> bool {
        matches!(self.hand, Hand::Held(_))
    }

    /// Whether it keeps the durable cursor before it.
    pub(super) fn holds_cursor(&self) -> bool {
        self.origin == Origin::Log && self.planned != Some(Planned::Die)
    }
}
