//! Events arrive on a desk, from the log or from the dead letters.

use jiff::Timestamp;

use super::{
    desk::Desk,
    item::{Item, Origin},
};
use crate::{
    cursor::Place,
    event::{EventId, SubjectId},
};

/// What the log holds at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The place.
    pub place: Place,
    /// What is to become of the event there.
    pub fate: Fate,
}

/// What is to become of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is of no interest: the cursor moves over it. Places between two arrivals of a partition are passed with the
    /// second.
    Pass,
    /// It is to be told.
    Tell {
        /// Its identifier.
        event: EventId,
        /// Whom it is about.
        subject: SubjectId,
        /// Whether an earlier event of the subject is missing.
        gap: Gap,
        /// Since when it is of interest, where that is after its publication. The cursor may have passed it before: that it
        /// was told since is known by a row of attempts only.
        since: Option<Timestamp>,
    },
}

/// Whether an event that comes before another of the same subject is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// None is.
    None,
    /// One is a dead letter, and was not replayed.
    MissingBefore,
}

/// The desk holds as many events as it may: those after what it has [`seen`](Desk::seen) are to arrive again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the desk is full")]
pub struct Full;

impl Desk {
    /// Something arrives from the log, each partition in the order of its positions. What it has seen already is left out,
    /// and so is a dead letter that is told again as such.
    ///
    /// # Errors
    /// It is full.
    pub fn arrive(&mut self, arrival: Arrival) -> Result<(), Full> {
        let Arrival { place, fate } = arrival;
        if self.seen.includes(place) {
            return Ok(());
        }
        if let Fate::Tell { event, subject, gap, since } = fate
            // A receiver may have acknowledged it that had it from an earlier desk.
            && !self.floor.includes(place)
            // Told twice in one turn it would be one too many: whoever asked for its replay gets it.
            && !self.is_replaying(event)
        {
            if self.room() == 0 {
                return Err(Full);
            }
            let mut item = Item::new(event, place, subject, gap, Origin::Log);
            item.since = since;
            item.attempts = u32::from(since.is_none() && self.told_earlier.includes(place));
            let attempted = self.expected.remove(&place);
            if let Some(attempted) = attempted.filter(|row| since.is_none_or(|since| row.last_at >= since)) {
                item.attempted(attempted);
            }
            self.items.push(item);
        }
        self.expected.remove(&place);
        self.seen.raise_to(place);
        Ok(())
    }

    /// A dead letter is to be told again, as if for the first time. The cursor does not wait for it. One that it has, or
    /// that it settled and nobody wrote yet, is left out.
    ///
    /// # Errors
    /// It is full.
    pub fn replay(&mut self, event: EventId, place: Place, subject: SubjectId) -> Result<(), Full> {
        // Until the end of a replay is written, it is asked for still.
        if self.items.iter().any(|item| item.event == event) || self.replayed.contains(&place) {
            return Ok(());
        }
        if self.room() == 0 {
            return Err(Full);
        }
        self.items.push(Item::new(event, place, subject, Gap::None, Origin::Replay));
        Ok(())
    }

    fn is_replaying(&self, event: EventId) -> bool {
        self.items.iter().any(|item| item.event == event && item.origin == Origin::Replay)
    }
}
