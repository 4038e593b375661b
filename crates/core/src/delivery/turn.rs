//! A turn: what is to be written in one transaction, and told once it is.

use jiff::Timestamp;

use super::{arrive::Gap, desk::Attempted};
use crate::{
    code::ImpersonalCode,
    cursor::{Cursor, Place},
    event::{EventId, SubjectId},
};

/// The number of a telling: each event told to a subscription, first or again, draws the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Telling(pub u64);

/// The cursor that a told event carries, by which the receiver acknowledges it and all that was told before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ToldCursor {
    /// Everything up to it was told to this receiver, passed, or settled.
    pub through: Cursor,
    /// The telling.
    pub telling: Telling,
}

/// One event to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tell {
    /// The event.
    pub event: EventId,
    /// Where it stands.
    pub place: Place,
    /// Whom it is about.
    pub subject: SubjectId,
    /// The cursor that it carries.
    pub cursor: ToldCursor,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// Whether the attempt counts.
    pub tally: Tally,
    /// Whether an earlier event of the subject is missing.
    pub gap: Gap,
    /// Since when it is of interest, where that is after its publication.
    pub since: Option<Timestamp>,
}

/// Whether a telling counts as an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// It is the first.
    First,
    /// It is one more, and is written down: see [`Turn::attempts`].
    Counted,
    /// It is told again because something else is, or because the receiver is another one; its number stays.
    Repeated,
}

/// An event that nobody will be told any more, unless somebody replays it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The event.
    pub event: EventId,
    /// Where it stands.
    pub place: Place,
    /// Whom it is about.
    pub subject: SubjectId,
    /// How many attempts were made.
    pub attempts: u32,
    /// Why.
    pub cause: DeadLetterCause,
}

/// Why an event became a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeadLetterCause {
    /// It was told as often as the terms say, and never acknowledged.
    Unacknowledged,
    /// It was told as often as the terms say, and rejected at last.
    Rejected(ImpersonalCode),
    /// It was rejected for good.
    RejectedForGood(ImpersonalCode),
}

/// What is to be done next: written in one transaction, then told in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// What is told, after it is written.
    pub tell: Vec<Tell>,
    /// What becomes a dead letter.
    pub dead: Vec<DeadLetter>,
    /// What is written of attempts, one of a place: each replaces what was written of its place. What lies up to
    /// `acknowledged` need not be kept.
    pub attempts: Vec<Attempted>,
    /// The dead letters whose replay was acknowledged, or refused for their subject.
    pub replayed: Vec<Place>,
    /// Everything up to it is settled.
    pub acknowledged: Cursor,
    /// Everything up to it was told, or passed.
    pub delivered: Cursor,
    /// The last telling.
    pub telling: Telling,
    /// The last telling before something was rejected.
    pub void_through: Telling,
}

impl Turn {
    /// Whether it says only how far the cursors are: that can be said later.
    #[must_use]
    pub fn only_passes(&self) -> bool {
        self.tell.is_empty() && self.dead.is_empty() && self.attempts.is_empty() && self.replayed.is_empty()
    }
}
