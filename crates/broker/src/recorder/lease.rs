//! The lease on the shard: renewed while nothing is recorded, and given back at the end.

use std::time::Duration;

use unefois_store::Reach;

use super::{LedgerShard, fence::fence};
use crate::failure::Failure;

impl LedgerShard {
    /// Gives back what the shard has of quotas and its lease, and closes the writer.
    pub(crate) async fn close(mut self) -> Result<(), Failure> {
        let mut tx = self.writer.begin().await?;
        if fence(&mut tx, &mut self.row, Reach::Own, &self.catch_up, &mut self.quotas).await.is_ok() {
            self.quotas.return_all(&mut tx).await?;
            tx.commit().await?;
            self.writer.shard_release(&self.row).await?;
        } else {
            tx.rollback().await?;
        }
        Ok(self.writer.close().await?)
    }

    /// How often the lease must be renewed while nothing is recorded; `None` where it needs not be.
    pub(crate) fn renew_every(&self) -> Option<Duration> {
        self.writer.lease().map(|lease| lease / 3)
    }

    /// Renews the lease. An `Err` means that this node must stop.
    pub(crate) async fn renew(&mut self) -> Result<(), Failure> {
        match self.try_renew().await {
            Ok(()) => Ok(()),
            Err(failure) => {
                let failure = self.after_failure(failure)?;
                tracing::warn!(reason = failure.reason.code(), "the lease on the shard was not renewed; again");
                Ok(())
            }
        }
    }

    async fn try_renew(&mut self) -> Result<(), Failure> {
        let mut tx = self.writer.begin().await?;
        fence(&mut tx, &mut self.row, Reach::Own, &self.catch_up, &mut self.quotas).await?;
        Ok(tx.commit().await?)
    }
}
