//! The fence: the first write of every batch, and what the row says of a commit whose answer was lost.

use std::time::Duration;

use unefois_core::Reason;
use unefois_store::{Fence, Reach, Shard, Transaction};

use super::{LedgerShard, quota::Quotas, seal::Sealed};
use crate::{catch_up::CatchUp, failure::Failure};

/// The longest pause between two questions for the outcome of a commit.
const OUTCOME_PAUSE_MAX: Duration = Duration::from_millis(500);

/// The first write of every batch. A moved epoch stays locked: this node catches up, and gives back what it has drawn of
/// quotas that may be smaller now.
pub(super) async fn fence(
    tx: &mut Transaction<'_>,
    row: &mut Shard,
    reach: Reach,
    catch_up: &CatchUp,
    quotas: &mut Quotas,
) -> Result<(), Failure> {
    match tx.shard_fence_in_tx(row, reach).await? {
        Fence::Held => Ok(()),
        Fence::EpochMoved { authority_epoch } => {
            row.authority_epoch = authority_epoch;
            catch_up.in_tx(tx, authority_epoch).await?;
            quotas.return_all(tx).await
        }
        Fence::LeaseLost => Err(Failure::new(Reason::LeaseLost)),
    }
}

impl LedgerShard {
    /// The shard row after a commit that was answered so. When the answer is an error, the outcome is unknown: the row
    /// tells, once nothing that was sent before can change it any more. Until it can be asked, nothing else is recorded.
    pub(super) async fn outcome(
        &mut self,
        committed: Result<(), unefois_store::Error>,
        before: Shard,
        sealed: &Sealed,
    ) -> Result<Shard, Failure> {
        let due = due(before, sealed);
        let Err(error) = committed else { return Ok(due) };
        if error.is_storage_failure() {
            return Err(error.into());
        }
        // Without entries the row says nothing: whoever asked is told that the outcome is unknown, and asks again.
        if self.is_there(&due).await? && !sealed.leaves.is_empty() { Ok(due) } else { Err(error.into()) }
    }

    /// Whether the shard row is the one that a batch leads to whose answer was lost. When this returns, nothing that was
    /// sent before can change it any more. Another node may have raised its epoch since: the fence finds that out.
    pub(super) async fn is_there(&mut self, due: &Shard) -> Result<bool, Failure> {
        let mut pause = Duration::from_millis(20);
        loop {
            match self.writer.shard_settle(due).await {
                Ok(found) => return Ok(found.is_some_and(|found| is_as_due(&found, due))),
                Err(unknown) if unknown.is_storage_failure() => return Err(unknown.into()),
                Err(unknown) => tracing::warn!(%unknown, "whether a batch was recorded is not known yet; asking again"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(OUTCOME_PAUSE_MAX);
        }
    }
}

/// The shard row that a batch leads to.
pub(super) fn due(before: Shard, sealed: &Sealed) -> Shard {
    Shard { size: sealed.appended.head().size, checkpoint: sealed.checkpoint.clone(), ..before }
}

fn is_as_due(found: &Shard, due: &Shard) -> bool {
    let Shard { slot, origin, size, lease_token, authority_epoch: _, checkpoint } = due;
    (&found.slot, &found.origin, &found.size, &found.lease_token, &found.checkpoint)
        == (slot, origin, size, lease_token, checkpoint)
}
