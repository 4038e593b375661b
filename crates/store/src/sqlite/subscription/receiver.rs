//! Who receives. There is one process: it remembers, and when it ends they end with it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use unefois_core::SubscriptionId;

use super::super::{Readers, ask::Ask};
use crate::{
    Receiver, ReceiverTaken,
    error::{Doing, Error, unsigned},
};

/// The token of the receiver of each subscription that has one, and until when.
type Held = HashMap<SubscriptionId, ([u8; 16], Instant)>;

/// Who receives. Behind a lock because every stream asks; never held while anything else is.
#[derive(Debug, Default)]
pub(crate) struct Receivers(Mutex<Held>);

impl Receivers {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_received(&self, subscription: SubscriptionId) -> bool {
        self.held().get(&subscription).is_some_and(|(_, until)| *until > Instant::now())
    }

    fn take(&self, Receiver { subscription, token }: Receiver, lease: Duration) -> ReceiverTaken {
        let (mut held, now) = (self.held(), Instant::now());
        match held.get(&subscription) {
            Some((other, until)) if *other != token && *until > now => {
                ReceiverTaken::InUse { left: until.saturating_duration_since(now) }
            }
            _ => {
                held.insert(subscription, (token, now + lease));
                ReceiverTaken::Taken
            }
        }
    }

    fn renew(&self, Receiver { subscription, token }: Receiver, lease: Duration) -> bool {
        let mut held = self.held();
        let found = held.get_mut(&subscription).filter(|(holder, _)| *holder == token);
        found.map(|(_, until)| *until = Instant::now() + lease).is_some()
    }

    fn release(&self, Receiver { subscription, token }: Receiver) {
        let mut held = self.held();
        if held.get(&subscription).is_some_and(|(holder, _)| *holder == token) {
            held.remove(&subscription);
        }
    }
}

impl Readers {
    pub(crate) async fn subscription_versions_fetch(&self, ids: &[SubscriptionId]) -> Result<Vec<Option<u64>>, Error> {
        let ids = ids.to_vec();
        let versions: Vec<Option<i64>> = self
            .ask(move |connection| {
                let sql = "SELECT version FROM subscription_cursor WHERE subscription = ?";
                let version = |id: SubscriptionId| connection.row(sql, [id.0.as_bytes()], |row| row.get(0));
                ids.into_iter().map(version).collect::<rusqlite::Result<_>>().doing("find subscriptions")
            })
            .await?;
        versions.into_iter().map(|version| version.map(|it| unsigned(it, "version")).transpose()).collect()
    }

    pub(crate) async fn receiver_take(&self, receiver: Receiver, lease: Duration) -> Result<ReceiverTaken, Error> {
        let is_live = self.subscription_versions_fetch(&[receiver.subscription]).await? != [None];
        Ok(if is_live { self.receivers().take(receiver, lease) } else { ReceiverTaken::Gone })
    }

    pub(crate) async fn receivers_renew(&self, receivers: &[Receiver], lease: Duration) -> Result<Vec<bool>, Error> {
        let ids: Vec<SubscriptionId> = receivers.iter().map(|receiver| receiver.subscription).collect();
        let versions = self.subscription_versions_fetch(&ids).await?;
        let renew = |(receiver, version): (&Receiver, Option<u64>)| {
            version.is_some() && self.receivers().renew(*receiver, lease)
        };
        Ok(receivers.iter().zip(versions).map(renew).collect())
    }

    pub(crate) async fn receiver_release(&self, receiver: Receiver) -> Result<(), Error> {
        self.receivers().release(receiver);
        Ok(())
    }
}
