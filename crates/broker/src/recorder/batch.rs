//! One batch of exchanges: what is asked of the recorder, and what it answers.

use std::sync::Arc;

use futures::future::BoxFuture;
use unefois_store::{RequestClaim, Transaction};

use crate::{
    authority::InForce,
    entry::{Draft, Placed},
    failure::Failure,
};

/// An entry to be recorded, and the conditions under which it may be.
pub(crate) struct Pending {
    /// The entry, as it was decided.
    pub(crate) draft: Box<Draft>,
    /// The epoch under which it was decided.
    pub(crate) epoch: u64,
    /// What a release depends on; absent for a refusal or an entry that releases nothing.
    pub(crate) release: Option<ReleaseTerms>,
}

/// What a release depends on.
pub(crate) struct ReleaseTerms {
    /// The agreement and its daily quota, when it has one that this release counts against.
    pub(crate) quota: Option<(String, u64)>,
    /// The request identifier that it claims. The recorder fills in slot and index.
    pub(crate) claim: Option<RequestClaim>,
    /// How to decide again.
    pub(crate) redecide: Arc<dyn Redecide>,
}

/// Decides an exchange again, under the authority of now, inside the transaction that will record it.
pub(crate) trait Redecide: Send + Sync {
    /// Gives the same release, another one, or a refusal.
    fn redecide<'a>(
        &'a self,
        tx: &'a mut Transaction<'_>,
        in_force: &'a InForce,
        quota: unefois_core::QuotaState,
        now: jiff::Timestamp,
    ) -> BoxFuture<'a, Result<Redecided, Failure>>;
}

/// What deciding again came to.
pub(crate) enum Redecided {
    /// The release stands as it was drafted.
    Stands,
    /// The answer is another one: a draft in place of the first, and whether it still releases.
    Changed {
        /// The entry in its place.
        draft: Box<Draft>,
        /// Data still leaves, but less of it; or nothing leaves.
        answer: ChangedAnswer,
    },
}

/// What leaves after a decision changed.
#[derive(Debug, Clone)]
pub(crate) enum ChangedAnswer {
    /// Nothing: the refusal says why.
    Refused(unefois_core::Refusal),
    /// These bytes, under this grant.
    Released {
        /// The minimised record.
        data: Vec<u8>,
        /// The fields that were withheld.
        withheld: Vec<String>,
    },
}

/// What the recorder answers.
#[derive(Debug)]
pub(crate) enum Recorded {
    /// The entry is durable.
    Placed {
        /// The entry, as it was recorded.
        draft: Box<Draft>,
        /// Where it is, and what proves it.
        placed: Placed,
        /// Set when the authority of the moment led to another answer.
        changed: Option<ChangedAnswer>,
    },
    /// The request identifier was claimed before: nothing was recorded, and the repeat is to be decided.
    AlreadyClaimed,
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending").field("draft", &self.draft).finish_non_exhaustive()
    }
}
