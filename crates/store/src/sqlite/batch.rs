//! A batch of exchanges that nothing stands in the way of.

use super::Writer;
use crate::{Batch, error::Error};

impl Writer {
    pub(crate) fn batch_record(&mut self, batch: &Batch<'_>) -> Result<bool, Error> {
        let Batch { held, entries, tiles, checkpoint, claims, spent } = batch;
        let mut tx = self.begin()?;
        if !tx.shard_replace_in_tx(held, batch.size(), checkpoint)? || !tx.request_claims_insert_in_tx(claims)? {
            return tx.rollback().map(|()| false);
        }
        tx.entries_insert_in_tx(held.slot, entries)?;
        tx.tiles_insert_in_tx(held.slot, tiles)?;
        for share in *spent {
            tx.quota_spent_in_tx(held.slot, share)?;
        }
        tx.commit().map(|()| true)
    }
}
