//! Acts other than exchanges: each is one transaction that changes something and says so in the ledger.

use futures::future::BoxFuture;
use jiff::Timestamp;
use unefois_store::Transaction;

use crate::{
    authority::Authority,
    entry::{Draft, Placed},
    failure::Failure,
};

/// One act. It performs in a transaction of the recorder, together with its entries, and is settled after the commit.
pub(crate) trait Act: Send {
    /// Changes what it changes. `place` is where the first of its entries will stand.
    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>>;

    /// Called after the commit and before [`Act::settle`]: what must follow outside the database before anything else
    /// is recorded. When it fails this node stops; the next start must be able to finish it.
    fn committed(&mut self, _now: Timestamp) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    /// Called once, after the commit and before anything else is recorded; or with the failure. A committed act makes
    /// its change seen here, then answers its caller.
    fn settle(self: Box<Self>, outcome: Result<Vec<Placed>, Failure>, authority: &Authority, epoch: u64);
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
    /// Somebody may do less: the epoch is raised.
    Removes,
}
