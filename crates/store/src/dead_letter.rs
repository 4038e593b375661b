//! What went wrong with deliveries: attempts that are counted, and events that were given up.

use jiff::Timestamp;
use unefois_core::{Attempted, DeadLetter, DeadLetterCause, EventId, ImpersonalCode, Place, SubjectId, SubscriptionId};
use uuid::Uuid;

use crate::{
    backend::{at_once, on},
    cursor::place_of,
    error::Error,
    open::Store,
    writer::Transaction,
};

/// An event that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterRow {
    /// What was written; its subject as it is after merging.
    pub letter: DeadLetter,
    /// When it was given up, in microseconds since 1970.
    pub at: i64,
    /// When somebody asked for its replay, in microseconds since 1970.
    pub asked_at: Option<i64>,
    /// When its replay was acknowledged, in microseconds since 1970.
    pub replayed_at: Option<i64>,
}

/// Where a page of dead letters ends: when the last was given up, and where its event is.
pub type DeadLetterMark = (i64, Place);

/// A row of `delivery_attempt` as both backends hold it.
pub(crate) struct AttemptColumns {
    pub(crate) partition: i16,
    pub(crate) position: i64,
    pub(crate) attempts: i64,
    pub(crate) last_at: i64,
    pub(crate) rejected: Option<String>,
}

/// A row of `dead_letter` as both backends hold it.
pub(crate) struct DeadLetterColumns {
    pub(crate) partition: i16,
    pub(crate) position: i64,
    pub(crate) event: [u8; 16],
    pub(crate) root: [u8; 16],
    pub(crate) attempts: i64,
    pub(crate) cause: i16,
    pub(crate) rejected: Option<String>,
    pub(crate) at: i64,
    pub(crate) asked_at: Option<i64>,
    pub(crate) replayed_at: Option<i64>,
}

impl TryFrom<AttemptColumns> for Attempted {
    type Error = Error;

    fn try_from(row: AttemptColumns) -> Result<Self, Error> {
        let last_at = Timestamp::from_microsecond(row.last_at);
        Ok(Self {
            place: place_of(row.partition, row.position)?,
            attempts: count_of(row.attempts)?,
            last_at: last_at.map_err(|_out_of_range| Error::Malformed { what: "attempt" })?,
            rejected: row.rejected.as_deref().map(code_of).transpose()?,
        })
    }
}

impl TryFrom<DeadLetterColumns> for DeadLetterRow {
    type Error = Error;

    fn try_from(row: DeadLetterColumns) -> Result<Self, Error> {
        let letter = DeadLetter {
            event: EventId(Uuid::from_bytes(row.event)),
            place: place_of(row.partition, row.position)?,
            subject: SubjectId(Uuid::from_bytes(row.root)),
            attempts: count_of(row.attempts)?,
            cause: cause_of(row.cause, row.rejected.as_deref())?,
        };
        Ok(Self { letter, at: row.at, asked_at: row.asked_at, replayed_at: row.replayed_at })
    }
}

fn count_of(attempts: i64) -> Result<u32, Error> {
    u32::try_from(attempts).map_err(|_out_of_range| Error::Malformed { what: "number of attempts" })
}

fn code_of(text: &str) -> Result<ImpersonalCode, Error> {
    ImpersonalCode::parse(text).map_err(|_invalid| Error::Malformed { what: "reason of a rejection" })
}

fn cause_of(number: i16, rejected: Option<&str>) -> Result<DeadLetterCause, Error> {
    match (number, rejected) {
        (1, None) => Ok(DeadLetterCause::Unacknowledged),
        (2, Some(code)) => code_of(code).map(DeadLetterCause::Rejected),
        (3, Some(code)) => code_of(code).map(DeadLetterCause::RejectedForGood),
        _ => Err(Error::Malformed { what: "cause of a dead letter" }),
    }
}

/// The two columns of a cause.
pub(crate) fn cause_columns(cause: &DeadLetterCause) -> (i16, Option<&str>) {
    match cause {
        DeadLetterCause::Unacknowledged => (1, None),
        DeadLetterCause::Rejected(code) => (2, Some(code.as_str())),
        DeadLetterCause::RejectedForGood(code) => (3, Some(code.as_str())),
    }
}

impl Store {
    /// What is kept of the attempts of a subscription, in the order of places; at most `count_max`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn attempts_list(&self, subscription: SubscriptionId, count_max: u32) -> Result<Vec<Attempted>, Error> {
        on!(&self.0, it => it.attempts_list(subscription, count_max).await)
    }

    /// The dead letters of a subscription in the order in which they were given up, from after `after` on; at most
    /// `count_max`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dead_letters_list(
        &self,
        subscription: SubscriptionId,
        after: Option<DeadLetterMark>,
        count_max: u32,
    ) -> Result<Vec<DeadLetterRow>, Error> {
        on!(&self.0, it => it.dead_letters_list(subscription, after, count_max).await)
    }

    /// The dead letters whose replay was asked for and is not acknowledged yet, in the order of their places; at most
    /// `count_max`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dead_letters_asked_list(
        &self,
        subscription: SubscriptionId,
        count_max: u32,
    ) -> Result<Vec<DeadLetterRow>, Error> {
        on!(&self.0, it => it.dead_letters_asked_list(subscription, count_max).await)
    }

    /// How many dead letters of a subscription are not replayed.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dead_letters_count(&self, subscription: SubscriptionId) -> Result<u64, Error> {
        on!(&self.0, it => it.dead_letters_count(subscription).await)
    }

    /// Of these subjects, after merging, the first place in each partition of a dead letter of the subscription that is
    /// not replayed.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dead_letters_open_among(
        &self,
        subscription: SubscriptionId,
        roots: &[[u8; 16]],
    ) -> Result<Vec<([u8; 16], Place)>, Error> {
        on!(&self.0, it => it.dead_letters_open_among(subscription, roots).await)
    }

    /// Of these places, those of the dead letters of the subscription, replayed or not.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dead_letters_at(&self, subscription: SubscriptionId, places: &[Place]) -> Result<Vec<Place>, Error> {
        on!(&self.0, it => it.dead_letters_at(subscription, places).await)
    }
}

impl Transaction<'_> {
    /// Writes what is kept of the attempts of a subscription, over what was written before. Of several at one place the
    /// last counts.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn attempts_write_in_tx(
        &mut self,
        subscription: SubscriptionId,
        attempts: &[Attempted],
    ) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.attempts_write_in_tx(subscription, attempts))
    }

    /// Gives events of a subscription up, each at most once among these, and forgets their attempts. One that was
    /// replayed and is given up again is open again; one that is not held any more, because it was erased, is left out.
    /// Gives how many.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn dead_letters_insert_in_tx(
        &mut self,
        subscription: SubscriptionId,
        letters: &[DeadLetter],
        now: i64,
    ) -> Result<u64, Error> {
        at_once!(&mut self.0, it => it.dead_letters_insert_in_tx(subscription, letters, now))
    }

    /// Asks for the replay of a dead letter, again where it was replayed before, and gives it as it is then; `None` when
    /// there is none, or when its replay is under way.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn dead_letter_replay_in_tx(
        &mut self,
        subscription: SubscriptionId,
        event: EventId,
        now: i64,
    ) -> Result<Option<DeadLetterRow>, Error> {
        at_once!(&mut self.0, it => it.dead_letter_replay_in_tx(subscription, event, now))
    }

    /// Marks dead letters as replayed: their events were acknowledged.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn dead_letters_replayed_in_tx(
        &mut self,
        subscription: SubscriptionId,
        places: &[Place],
        now: i64,
    ) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.dead_letters_replayed_in_tx(subscription, places, now))
    }
}
