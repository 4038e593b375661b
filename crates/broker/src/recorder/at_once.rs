//! The usual way of a batch: nothing was removed, claimed or used up meanwhile, and it is recorded in one trip.
//!
//! It is decided and sealed under what the node holds in memory; the store records it on the condition that this is how
//! things are. Where it is not, nothing is done, and the batch goes the long way: a transaction that finds out what moved.

use unefois_store::Batch;

use super::{
    LedgerShard,
    batch::{Pending, Recorded},
    claim::claims_asked,
    fence::due,
    seal::{entry_rows, seal, tile_rows},
    shard::instant,
};
use crate::{entry::Draft, failure::Failure};

/// What became of a batch.
pub(super) enum AtOnce {
    Recorded(Vec<Recorded>),
    /// Nothing: something stands in its way.
    Not(Vec<Pending>),
}

impl LedgerShard {
    /// Records a batch at once, or not at all. Whether a batch whose answer was lost is recorded, is known when this
    /// returns.
    pub(super) async fn try_at_once(&mut self, mut batch: Vec<Pending>) -> Result<AtOnce, Failure> {
        let in_force = self.authority.load();
        let is_current = |pending: &Pending| pending.release.is_none() || pending.epoch == in_force.epoch;
        if in_force.epoch != self.row.authority_epoch || self.quotas_are_stale || !batch.iter().all(is_current) {
            return Ok(AtOnce::Not(batch));
        }
        let now = instant(&mut self.newest, &self.clock);
        let claims = claims_asked(&batch, &self.row, now);
        // Of two under one identifier the second is a repeat.
        let is_claimed_twice = claims.len() < batch.iter().filter(|pending| pending.claim().is_some()).count();
        self.quotas.turn(now);
        if is_claimed_twice || !self.quotas.take_all(&batch) {
            return Ok(AtOnce::Not(batch));
        }
        let mut drafts: Vec<&mut Draft> = batch.iter_mut().map(|pending| pending.draft.as_mut()).collect();
        let sealed = seal(&self.tree, &self.key, &self.row, now, &mut drafts);
        let drafts: Vec<&Draft> = batch.iter().map(|pending| pending.draft.as_ref()).collect();
        let day = self.quotas.day();
        let stored = Batch {
            held: &self.row,
            entries: &entry_rows(&sealed, &drafts, &self.keys),
            tiles: &tile_rows(&sealed),
            checkpoint: &sealed.checkpoint,
            claims: &claims,
            spent: &self.quotas.spent(&day),
        };
        let timed = self.metrics.commit.start_timer();
        let recorded = self.writer.batch_record(&stored).await;
        let due = due(self.row.clone(), &sealed);
        let is_recorded = match recorded {
            Ok(is_recorded) => is_recorded,
            Err(error) if error.is_storage_failure() => return Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "whether a batch was recorded is not known; asking");
                self.is_there(&due).await?
            }
        };
        if !is_recorded {
            timed.stop_and_discard();
            self.quotas.give_all_back(&batch);
            return Ok(AtOnce::Not(batch));
        }
        timed.observe_duration();
        self.row = due;
        self.quotas.committed();
        let ids = batch.iter().map(|pending| pending.draft.id).collect();
        self.feed(&sealed, batch.iter_mut().map(|pending| pending.draft.as_mut()).collect());
        let placed = self.advance(sealed, ids).await?;
        let answer = |(Pending { draft, .. }, placed)| Recorded::Placed { draft, placed, changed: None };
        Ok(AtOnce::Recorded(batch.into_iter().zip(placed).map(answer).collect()))
    }
}
