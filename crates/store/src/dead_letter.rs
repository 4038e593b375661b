//! What went wrong with deliveries: attempts that are counted, and events that were given up.

use crate::{
    EventPlace,
    backend::{at_once, on},
    error::Error,
    open::Store,
    writer::Transaction,
};

/// An event that a subscription was told more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// The subscription.
    pub subscription: [u8; 16],
    /// The event.
    pub place: EventPlace,
    /// How often it was told.
    pub attempts: u32,
    /// When it was told last, in microseconds since 1970.
    pub last_at: i64,
    /// Why it was told again.
    pub reason: String,
}

/// An event that is given up, until somebody replays it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeadLetter {
    /// The subscription.
    pub subscription: [u8; 16],
    /// The event.
    pub place: EventPlace,
    /// How often it was told.
    pub attempts: u32,
    /// Why it was not taken.
    pub reason: String,
    /// When it was given up, in microseconds since 1970.
    pub at: i64,
}

/// An event that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterRow {
    /// What was written.
    pub letter: NewDeadLetter,
    /// The identifier of the event.
    pub event: [u8; 16],
    /// The subject that the event is about.
    pub subject: [u8; 16],
    /// When somebody replayed it, in microseconds since 1970.
    pub replayed_at: Option<i64>,
}

/// Where a page of dead letters ends: when the last was given up, and where its event is.
pub type DeadLetterMark = (i64, EventPlace);

impl Store {
    /// The attempts of a subscription, in the order of places; at most `count_max`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn attempts_list(&self, subscription: [u8; 16], count_max: u32) -> Result<Vec<AttemptRow>, Error> {
        on!(&self.0, it => it.attempts_list(subscription, count_max).await)
    }

    /// The dead letters of a subscription in the order in which they were given up, from after `after` on; at most
    /// `count_max`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dead_letters_list(
        &self,
        subscription: [u8; 16],
        after: Option<DeadLetterMark>,
        count_max: u32,
    ) -> Result<Vec<DeadLetterRow>, Error> {
        on!(&self.0, it => it.dead_letters_list(subscription, after, count_max).await)
    }

    /// How many dead letters of a subscription are not replayed.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dead_letters_count(&self, subscription: [u8; 16]) -> Result<u64, Error> {
        on!(&self.0, it => it.dead_letters_count(subscription).await)
    }

    /// Of these subjects, after merging, those of whom a dead letter of the subscription is not replayed.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dead_letters_open_among(
        &self,
        subscription: [u8; 16],
        roots: &[[u8; 16]],
    ) -> Result<Vec<[u8; 16]>, Error> {
        on!(&self.0, it => it.dead_letters_open_among(subscription, roots).await)
    }
}

impl Transaction<'_> {
    /// Writes how often events were told, over what was written before; each at most once among these.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn attempts_write_in_tx(&mut self, attempts: &[AttemptRow]) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.attempts_write_in_tx(attempts))
    }

    /// Gives events up, each at most once among these, and forgets their attempts. One that was replayed and is given
    /// up again is open again; one that is not held any more, because it was erased, is left out. Gives how many.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn dead_letters_insert_in_tx(&mut self, letters: &[NewDeadLetter]) -> Result<u64, Error> {
        at_once!(&mut self.0, it => it.dead_letters_insert_in_tx(letters))
    }

    /// Marks a dead letter as replayed, and gives it as it is then; `None` when there is none that is open.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn dead_letter_replay_in_tx(
        &mut self,
        subscription: [u8; 16],
        event: [u8; 16],
        now: i64,
    ) -> Result<Option<DeadLetterRow>, Error> {
        at_once!(&mut self.0, it => it.dead_letter_replay_in_tx(subscription, event, now))
    }
}
