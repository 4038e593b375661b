//! A batch of exchanges as it is recorded when nothing stands in its way: in one trip, or not at all.

use crate::{EntryRow, QuotaSpent, RequestClaim, Shard, TileRow, backend::at_once, error::Error, writer::Writer};

/// A batch that is decided and sealed: its first entry follows the last one of the shard as it is held.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The shard row under which it was decided.
    pub held: &'a Shard,
    /// The entries, in their order.
    pub entries: &'a [EntryRow],
    /// The tiles that they fill.
    pub tiles: &'a [TileRow],
    /// The signed checkpoint of the size that it leads to.
    pub checkpoint: &'a str,
    /// The request identifiers that it claims, each once and in their order, with their places.
    pub claims: &'a [RequestClaim],
    /// What the shard has spent of the quotas that it counts against.
    pub spent: &'a [QuotaSpent<'a>],
}

impl Batch<'_> {
    /// How many entries the shard has after it.
    pub(crate) fn size(&self) -> u64 {
        self.held.size + self.entries.len() as u64
    }
}

impl Writer {
    /// Records a batch as a transaction does that begins with the fence, and commits it: the shard row is as held, and
    /// what the batch claims is free, or nothing is done and it gives `false`. Why, a transaction finds out.
    ///
    /// # Errors
    /// The storage failed, or the server cannot be reached. The outcome is *unknown*: [`Writer::shard_settle`] tells.
    pub async fn batch_record(&mut self, batch: &Batch<'_>) -> Result<bool, Error> {
        at_once!(&mut self.0, it => it.batch_record(batch))
    }
}
