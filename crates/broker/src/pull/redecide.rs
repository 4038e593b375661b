//! Deciding again, inside the recorder's transaction, what was decided under an older authority.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use unefois_core::{Decision, Grant, QuotaState, Reason, Refusal};
use unefois_ledger::EntryKind;
use unefois_store::Transaction;
use uuid::Uuid;

use super::{fetch::Fetched, identify::Exchange};
use crate::{
    authority::InForce,
    failure::Failure,
    recorder::{ChangedAnswer, Redecide, Redecided},
};

/// What is decided again.
pub(super) struct Redecision {
    exchange: Arc<Exchange>,
    subject: Subject,
}

enum Subject {
    /// A first release: it may shrink to what is granted now.
    Release(Arc<Fetched>),
    /// A repeat: every field of the first answer must still be granted.
    Repeat { first: Uuid, released: Vec<String>, payload_key: [u8; 16] },
}

impl Redecision {
    pub(super) fn of_release(exchange: Arc<Exchange>, fetched: Arc<Fetched>) -> Self {
        Self { exchange, subject: Subject::Release(fetched) }
    }

    pub(super) fn of_repeat(
        exchange: Arc<Exchange>,
        first: Uuid,
        released: Vec<String>,
        payload_key: [u8; 16],
    ) -> Self {
        Self { exchange, subject: Subject::Repeat { first, released, payload_key } }
    }

    /// Whether the subject, or what was fetched about it, was erased since.
    fn is_erased(&self) -> bool {
        let payload_key = match &self.subject {
            Subject::Release(fetched) => fetched.payload_key,
            Subject::Repeat { payload_key, .. } => Some(*payload_key),
        };
        let mut keys = payload_key.into_iter().chain([self.exchange.subject.trace_key]);
        keys.any(|key| self.exchange.hub.keys.is_destroyed(&key))
    }

    fn refused(&self, refusal: Refusal) -> Redecided {
        let (kind, repeats) = match &self.subject {
            Subject::Release(_) => (EntryKind::Exchange, None),
            Subject::Repeat { first, .. } => (EntryKind::Repeat, Some(*first)),
        };
        let draft = Box::new(self.exchange.refused(&refusal, kind, repeats));
        Redecided::Changed { draft, answer: ChangedAnswer::Refused(refusal) }
    }

    fn granted(&self, grant: &Grant) -> Result<Redecided, Failure> {
        match &self.subject {
            Subject::Release(fetched) => {
                let data = self.exchange.minimise(grant, fetched)?;
                let draft = Box::new(self.exchange.released(grant, EntryKind::Exchange, None, &fetched.payload(&data)));
                let withheld = grant.withheld.iter().map(ToString::to_string).collect();
                Ok(Redecided::Changed { draft, answer: ChangedAnswer::Released { data, withheld } })
            }
            Subject::Repeat { released, .. } => match super::repeat::still_granted(grant, released) {
                Ok(()) => Ok(Redecided::Stands),
                Err(refusal) => Ok(self.refused(refusal)),
            },
        }
    }
}

impl Redecide for Redecision {
    fn redecide<'a>(
        &'a self,
        tx: &'a mut Transaction<'_>,
        in_force: &'a InForce,
        quota: QuotaState,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Redecided, Failure>> {
        Box::pin(async move {
            if self.is_erased() {
                return Ok(self.refused(Refusal::of(Reason::RecordErased)));
            }
            let exchange = &self.exchange;
            let consents = if exchange.asks_for_consent(&in_force.registry) {
                // The subject may have been merged since: its consents are those of all its members.
                let known = tx.subjects_list_in_tx(&exchange.subject.pseudonyms).await?;
                let root = known.first().map_or(exchange.subject.root, |(_, subject)| subject.root);
                tx.consents_list_in_tx(&[root], exchange.hub.limits.consents_list_max).await?.concat()
            } else {
                Vec::new()
            };
            match exchange.decide(&in_force.registry, &consents, quota, now) {
                Decision::Grant(grant) => self.granted(&grant),
                Decision::Refusal(refusal) => Ok(self.refused(refusal)),
            }
        })
    }
}
