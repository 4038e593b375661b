//! The receivers that are connected here, looked after together: one trip for all of them says that they still receive,
//! and one finds those whose subscription was changed.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Interval, MissedTickBehavior},
};
use unefois_core::{Cursor, SubscriptionId};
use unefois_store::{Error, Receiver, Store};

/// How many receivers a trip is about.
const PAGE: usize = 256;

type ByLease = HashMap<Receiver, Arc<Watched>>;

/// Those who are connected. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connected(Arc<Mutex<ByLease>>);

/// One of them, in the hands of its loop. It is looked after until this is dropped.
#[derive(Debug)]
pub(super) struct Attended {
    lease: Receiver,
    watched: Arc<Watched>,
    connected: Connected,
}

/// What its loop and those who look after it know of each other.
#[derive(Debug)]
struct Watched {
    /// The version of the subscription that its loop wrote last.
    version: AtomicU64,
    /// Whether it receives no more.
    is_lost: AtomicBool,
    called: Notify,
}

impl Connected {
    fn by_lease(&self) -> MutexGuard<'_, ByLease> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks after one who has just taken the lease, on that version of the subscription.
    pub(super) fn attend(&self, lease: Receiver, version: u64) -> Attended {
        let watched = Arc::new(Watched {
            version: AtomicU64::new(version),
            is_lost: AtomicBool::new(false),
            called: Notify::new(),
        });
        self.by_lease().insert(lease, Arc::clone(&watched));
        Attended { lease, watched, connected: self.clone() }
    }

    fn all(&self) -> Vec<(Receiver, Arc<Watched>)> {
        self.by_lease().iter().map(|(lease, watched)| (*lease, Arc::clone(watched))).collect()
    }

    /// Looks at them every so often, and renews their leases long before they run out. It does not end.
    pub(crate) async fn run(self, store: Store, look_every: Duration, lease: Duration) {
        let (mut look, mut renewal) = (ticks(look_every), ticks(lease / 3));
        let mut forgotten = None;
        loop {
            let done = tokio::select! {
                biased;
                _ = renewal.tick() => renew(&store, &self.all(), lease).await,
                _ = look.tick() => self::look(&store, &self.all(), &mut forgotten).await,
            };
            if let Err(error) = done {
                tracing::warn!(%error, "receivers are not looked after together; each looks for itself");
                self.all().iter().for_each(|(_, watched)| watched.called.notify_one());
            }
        }
    }
}

impl Attended {
    /// Its loop wrote that version.
    pub(super) fn wrote(&self, version: u64) {
        self.watched.version.store(version, Ordering::Release);
    }

    /// Returns when it should look at its subscription.
    pub(super) async fn called(&self) {
        self.watched.called.notified().await;
    }

    /// Whether it receives no more.
    pub(super) fn is_lost(&self) -> bool {
        self.watched.is_lost.load(Ordering::Acquire)
    }
}

impl Drop for Attended {
    fn drop(&mut self) {
        self.connected.by_lease().remove(&self.lease);
    }
}

async fn renew(store: &Store, all: &[(Receiver, Arc<Watched>)], lease: Duration) -> Result<(), Error> {
    for page in all.chunks(PAGE) {
        let leases: Vec<Receiver> = page.iter().map(|(lease, _)| *lease).collect();
        let renewed = store.receivers_renew(&leases, lease).await?;
        for ((_, watched), _) in page.iter().zip(renewed).filter(|(_, is_renewed)| !is_renewed) {
            watched.is_lost.store(true, Ordering::Release);
            watched.called.notify_one();
        }
    }
    Ok(())
}

/// Calls those whose subscription is of a version that they did not write; all, where events were forgotten since.
async fn look(store: &Store, all: &[(Receiver, Arc<Watched>)], forgotten: &mut Option<Cursor>) -> Result<(), Error> {
    if all.is_empty() {
        return Ok(());
    }
    let now = Some(store.events_forgotten_fetch().await?);
    let concerns_all = *forgotten != now;
    *forgotten = now;
    for page in all.chunks(PAGE) {
        let ids: Vec<SubscriptionId> = page.iter().map(|(lease, _)| lease.subscription).collect();
        let versions = store.subscription_versions_fetch(&ids).await?;
        for ((_, watched), found) in page.iter().zip(versions) {
            // One that is older was read before its loop wrote the next.
            let is_known = found.is_some_and(|version| version <= watched.version.load(Ordering::Acquire));
            if concerns_all || !is_known {
                watched.called.notify_one();
            }
        }
    }
    Ok(())
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = tokio::time::interval(every.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
