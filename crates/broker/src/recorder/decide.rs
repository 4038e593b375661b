//! Deciding again, entry by entry, what was decided under an older authority or has no quota left.

use jiff::Timestamp;
use unefois_core::QuotaState;
use unefois_store::{RequestClaim, Transaction};

use super::{
    batch::{ChangedAnswer, Pending, Redecided},
    quota::Quotas,
};
use crate::{authority::InForce, entry::Draft, failure::Failure};

/// An entry that will be recorded.
pub(super) struct Decided {
    pub(super) draft: Box<Draft>,
    pub(super) claim: Option<RequestClaim>,
    pub(super) changed: Option<ChangedAnswer>,
}

/// What a batch is decided with.
pub(super) struct Deciding<'a, 'tx> {
    pub(super) tx: &'a mut Transaction<'tx>,
    pub(super) in_force: &'a InForce,
    pub(super) quotas: &'a mut Quotas,
    pub(super) now: Timestamp,
}

impl Deciding<'_, '_> {
    /// Decides again what was decided under an older authority, or what has no quota left.
    pub(super) async fn settle(&mut self, pending: Pending) -> Result<Decided, Failure> {
        let Pending { draft, epoch, release } = pending;
        let Some(terms) = release else { return Ok(Decided { draft, claim: None, changed: None }) };
        let within_quota = match &terms.quota {
            Some((agreement, _limit)) => self.quotas.take(agreement),
            None => true,
        };
        if epoch == self.in_force.epoch && within_quota {
            return Ok(Decided { draft, claim: terms.claim, changed: None });
        }
        let quota = if within_quota { QuotaState::Left } else { QuotaState::Exhausted };
        match terms.redecide.redecide(self.tx, self.in_force, quota, self.now).await? {
            Redecided::Stands => Ok(Decided { draft, claim: terms.claim, changed: None }),
            Redecided::Changed { draft, answer } => {
                let claim = match &answer {
                    ChangedAnswer::Released { .. } => terms.claim,
                    ChangedAnswer::Refused(_) => {
                        if let (true, Some((agreement, _))) = (within_quota, &terms.quota) {
                            self.quotas.give_back(agreement);
                        }
                        None
                    }
                };
                Ok(Decided { draft, claim, changed: Some(answer) })
            }
        }
    }
}
