//! Acts other than exchanges: each is one transaction that changes something and says so in the ledger.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use unefois_core::{Caller, Registry};
use unefois_store::{EventRow, NewEvent, Reach, Transaction};

use super::{Answers, Asks};
use crate::{
    entry::{Draft, Placed},
    failure::Failure,
};

/// One act. It performs in a transaction of the recorder, together with its entries, and is settled after the commit.
pub(crate) trait Act: Send {
    /// Who performs it, when it is not the hub itself. A certificate that was revoked while the act waited performs none.
    fn caller(&self) -> Option<&Caller> {
        None
    }

    /// How much of the ledger must stand still meanwhile: all of it for what may remove authority.
    fn reach(&self) -> Reach {
        Reach::Own
    }

    /// Whether it shares its transaction.
    fn company(&self) -> Company {
        Company::Alone
    }

    /// What it asks of the store first, together with those that share its transaction.
    fn asks(&self) -> Option<Asks> {
        None
    }

    /// What the store answered, when it asked: before it performs, each time.
    fn answered(&mut self, _answers: Answers) {}

    /// The pseudonyms that nobody else may make known meanwhile. They are locked for all acts of a transaction at once,
    /// before any of them changes anything: who locks some while it holds others could wait for one who waits for it.
    fn pseudonyms(&self) -> Vec<[u8; 32]> {
        Vec::new()
    }

    /// Changes what it changes. `place` is where the first of its entries will stand. It is called again, from the
    /// beginning, when another node came in between and nothing was done.
    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>>;

    /// The events that it made when it performed. They are appended behind all that the transaction changes: until its
    /// commit nobody else can tell anything in their partitions.
    fn events(&mut self) -> Vec<NewEvent> {
        Vec::new()
    }

    /// Called with its events, or none, once they have their places, before the commit: what an earlier try was given is
    /// void.
    fn appended(&mut self, _events: Vec<EventRow>) {}

    /// The registry that it put in force, once it is committed. It is seen together with the raised epoch: a decision
    /// under the new epoch and the old registry would not be made again.
    fn registry(&self) -> Option<Arc<Registry>> {
        None
    }

    /// Called after the commit and before [`Act::settle`]: what must follow outside the database before anything else
    /// is recorded. When it fails this node stops; the next start must be able to finish it.
    fn committed(&mut self, _now: Timestamp) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    /// Called once, after the commit and before anything else is recorded; or with the failure. A committed act makes
    /// its change seen here, then answers its caller.
    fn settle(self: Box<Self>, outcome: Result<Vec<Placed>, Failure>);
}

impl std::fmt::Debug for dyn Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Act").field("company", &self.company()).finish_non_exhaustive()
    }
}

/// Whether an act may share its transaction, and so its commit, with others. What shares has no effect on authority, and sees
/// what those before it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Company {
    /// It has a transaction of its own.
    Alone,
    /// Others may be before and behind it.
    Joins,
    /// Others may be before it: it is so long that none shall wait behind it.
    Closes,
}

/// Where and when an act is performed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The slot of the shard.
    pub(crate) slot: u32,
    /// The index that its first entry will have.
    pub(crate) index: u64,
    /// The instant of its entries.
    pub(crate) now: Timestamp,
}

/// What an act did.
#[derive(Debug)]
pub(crate) struct Performed {
    /// The entries that say so.
    pub(crate) entries: Vec<Draft>,
    /// Whether somebody may do less than before.
    pub(crate) effect: Effect,
}

/// What an act does to authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Everybody may do what they could do before.
    Keeps,
    /// Somebody may do less: the epoch is raised. The act's reach is every shard.
    Removes,
}
