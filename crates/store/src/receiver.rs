//! Who receives: one at a time, as long as its node says so.

use std::time::Duration;

use unefois_core::SubscriptionId;

use crate::{backend::on, error::Error, open::Store};

/// One who receives: a subscription and the token of the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Receiver {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// A random number of this receiver.
    pub token: [u8; 16],
}

/// What became of the wish to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiverTaken {
    /// It is this receiver's now. Where several nodes are, the version of the subscription is raised: what another
    /// has decided is not told any more.
    Taken,
    /// Another one's, for so long unless it says so again.
    InUse {
        /// How long.
        left: Duration,
    },
    /// There is no such subscription any more.
    Gone,
}

impl Store {
    /// Makes this receiver the only one of its subscription, for `lease`. By the clock of PostgreSQL; on SQLite it is
    /// known to this process only, and ends with it.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn receiver_take(&self, receiver: Receiver, lease: Duration) -> Result<ReceiverTaken, Error> {
        on!(&self.0, it => it.receiver_take(receiver, lease).await)
    }

    /// Says again that these receive, for `lease` from now. Gives whether each still does, in their order: one whose
    /// lease ran out does, unless another took it.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn receivers_renew(&self, receivers: &[Receiver], lease: Duration) -> Result<Vec<bool>, Error> {
        on!(&self.0, it => it.receivers_renew(receivers, lease).await)
    }

    /// The versions of these subscriptions, in their order; `None` for one that is not live.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn subscription_versions_fetch(&self, ids: &[SubscriptionId]) -> Result<Vec<Option<u64>>, Error> {
        on!(&self.0, it => it.subscription_versions_fetch(ids).await)
    }

    /// Ends the lease of a receiver; one that has lost it ends nothing.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn receiver_release(&self, receiver: Receiver) -> Result<(), Error> {
        on!(&self.0, it => it.receiver_release(receiver).await)
    }
}
