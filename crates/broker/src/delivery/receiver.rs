//! A receiver's loop: reads, tells, and hears what the receiver says, until one of the two ends it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, Interval, MissedTickBehavior},
};
use unefois_core::{EventId, Reason, Rejection, ToldCursor, Turn, Window};
use unefois_store::Receiver;

use super::{
    Told,
    heads::Seen,
    interest::Interests,
    read::Read,
    session::{Session, in_use},
    turn::Outcome,
};
use crate::failure::Failure;

/// What a receiver says.
#[derive(Debug)]
pub(super) enum Said {
    Window(Window),
    Acknowledge(ToldCursor),
    Reject(EventId, Rejection),
}

/// One receiver, as long as it is connected.
pub(super) struct Loop {
    pub(super) session: Session,
    pub(super) lease: Receiver,
    pub(super) said: mpsc::Receiver<Said>,
    pub(super) told: mpsc::Sender<Result<Told, Failure>>,
    pub(super) seen: watch::Receiver<Seen>,
    /// Why nothing is told, as the receiver knows it.
    pub(super) held: Option<Reason>,
    /// Whether something was settled by the receiver and is not written yet.
    pub(super) has_settled: bool,
    pub(super) written_at: Instant,
}

/// How a loop goes on.
enum Next {
    Again,
    /// The receiver is gone.
    Gone,
}

impl Loop {
    /// Tells until the receiver is gone, the subscription is not its own any more, or the hub stops.
    pub(super) async fn run(mut self) {
        let (store, lease) = (self.session.hub.store.clone(), self.lease);
        if let Err(failure) = self.goes_on().await {
            // The receiver may be gone.
            let _gone = self.told.send(Err(failure)).await;
        }
        if let Err(error) = store.receiver_release(lease).await {
            tracing::debug!(%error, "the lease of a receiver ends by itself");
        }
    }

    async fn goes_on(&mut self) -> Result<(), Failure> {
        let lease_for = self.session.hub.limits.receiver_lease;
        let mut renewal = ticks(lease_for / 3);
        let mut look = ticks(self.session.hub.limits.delivery_look_every);
        loop {
            let mut next = self.tells(&mut renewal).await?;
            if matches!(next, Next::Again) && self.held.is_none() {
                next = self.reads(&mut renewal).await?;
            }
            if matches!(next, Next::Gone) {
                return Ok(());
            }
            if matches!(self.waits(&mut renewal, &mut look).await?, Next::Gone) {
                return Ok(());
            }
        }
    }

    /// Reads and tells until nothing more can be told.
    async fn reads(&mut self, renewal: &mut Interval) -> Result<Next, Failure> {
        loop {
            let seen = *self.seen.borrow_and_update();
            if seen.is_stopping {
                return Err(Failure::stopping());
            }
            let hub = self.session.hub.clone();
            let in_force = hub.authority.load();
            let interests = Interests::of(&self.session.subscription, &in_force.registry, &hub.catalog);
            // Nothing is told under an agreement that nobody knows.
            let Some(interests) = interests else { return Ok(Next::Again) };
            let read = self.session.read(&interests, &seen.heads).await?;
            if matches!(self.tells(renewal).await?, Next::Gone) {
                return Ok(Next::Gone);
            }
            // What filled the desk may have been settled by being refused.
            if read == Read::Everything || self.held.is_some() || self.session.desk.room() == 0 {
                return Ok(Next::Again);
            }
        }
    }

    /// Writes and tells turn by turn, as many as there are now.
    async fn tells(&mut self, renewal: &mut Interval) -> Result<Next, Failure> {
        loop {
            let now = self.session.hub.clock.now();
            let Some(turn) = self.session.desk.turn(now) else { return Ok(Next::Again) };
            if !self.has_settled && only_passes(&turn) && self.written_at.elapsed() < self.pass_every() {
                self.session.desk.abandoned();
                return Ok(Next::Again);
            }
            match self.session.write(turn).await? {
                Outcome::Written { at, told, refused } => {
                    self.written(at, &refused);
                    if matches!(self.hands_over(told, renewal).await?, Next::Gone) {
                        return Ok(Next::Gone);
                    }
                }
                Outcome::Holds(reason) => {
                    self.session.desk.abandoned();
                    return self.holds(Some(reason), renewal).await;
                }
                Outcome::Moved => return Err(self.session.why_over().await),
            }
        }
    }

    fn written(&mut self, at: Timestamp, refused: &std::collections::HashSet<EventId>) {
        self.session.version += 1;
        self.session.desk.written(at, refused);
        self.has_settled = false;
        self.written_at = Instant::now();
    }

    async fn hands_over(&mut self, told: super::turn::ToldEvents, renewal: &mut Interval) -> Result<Next, Failure> {
        if !told.is_empty() && matches!(self.holds(None, renewal).await?, Next::Gone) {
            return Ok(Next::Gone);
        }
        for (prepared, minimised) in told {
            let Some(delivery) = self.session.delivery(prepared, minimised)? else { continue };
            if matches!(self.says(Told::Delivery(Box::new(delivery)), renewal).await?, Next::Gone) {
                return Ok(Next::Gone);
            }
        }
        Ok(Next::Again)
    }

    /// Says why nothing is told, or that it goes on, where the receiver does not know it.
    async fn holds(&mut self, reason: Option<Reason>, renewal: &mut Interval) -> Result<Next, Failure> {
        if self.held == reason {
            return Ok(Next::Again);
        }
        self.held = reason;
        self.says(Told::Holding(reason), renewal).await
    }

    /// Waits for room in the channel; meanwhile the lease is renewed.
    async fn says(&mut self, told: Told, renewal: &mut Interval) -> Result<Next, Failure> {
        loop {
            tokio::select! {
                room = self.told.reserve() => {
                    let Ok(room) = room else { return Ok(Next::Gone) };
                    room.send(Ok(told));
                    return Ok(Next::Again);
                }
                _ = renewal.tick() => renewed(&self.session, self.lease).await?,
            }
        }
    }

    /// Waits for something to do.
    async fn waits(&mut self, renewal: &mut Interval, look: &mut Interval) -> Result<Next, Failure> {
        let now = self.session.hub.clock.now();
        let due = self.session.desk.wakes_at().map(|at| at.duration_since(now));
        let due = due.and_then(|left| Duration::try_from(left).ok()).unwrap_or_else(|| self.pass_every());
        tokio::select! {
            said = self.said.recv() => {
                let Some(said) = said else { return Ok(Next::Gone) };
                self.hears(said).await?;
                while let Ok(said) = self.said.try_recv() {
                    self.hears(said).await?;
                }
            }
            _ = self.seen.changed() => {}
            () = tokio::time::sleep(due) => {}
            () = self.told.closed() => return Ok(Next::Gone),
            _ = renewal.tick() => renewed(&self.session, self.lease).await?,
            _ = look.tick() => self.looks().await?,
        }
        if self.seen.borrow().is_stopping { Err(Failure::stopping()) } else { Ok(Next::Again) }
    }

    /// Whether the subscription was paused, deleted, set back or taken over meanwhile. What held it is tried again.
    async fn looks(&mut self) -> Result<(), Failure> {
        let found = self.session.hub.receivable(&self.session.caller, self.session.subscription.id).await?;
        if found.cursor.version == self.session.version { Ok(()) } else { Err(in_use(&self.session.hub)) }
    }

    async fn hears(&mut self, said: Said) -> Result<(), Failure> {
        let now = self.session.hub.clock.now();
        match said {
            Said::Window(window) => self.session.desk.set_window(window),
            Said::Acknowledge(up_to) => {
                self.session.desk.acknowledge(&up_to).map_err(Failure::new)?;
                self.has_settled = true;
            }
            Said::Reject(event, rejection) => {
                let rejected = self.session.desk.reject(event, rejection, now);
                // One that is settled meanwhile is left as it is.
                if rejected.is_err() && self.session.hub.store.events_fetch(&[event]).await?.is_empty() {
                    return Err(Failure::new(Reason::EventNotTold));
                }
            }
        }
        Ok(())
    }

    fn pass_every(&self) -> Duration {
        self.session.hub.limits.delivery_pass_every
    }
}

/// Whether a turn says only that what concerns nobody was passed: that is written now and then.
fn only_passes(turn: &Turn) -> bool {
    turn.tell.is_empty() && turn.dead.is_empty() && turn.attempts.is_empty() && turn.replayed.is_empty()
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = tokio::time::interval(every.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn renewed(session: &Session, lease: Receiver) -> Result<(), Failure> {
    let renewed = session.hub.store.receivers_renew(&[lease], session.hub.limits.receiver_lease).await?;
    if renewed == [true] { Ok(()) } else { Err(session.why_over().await) }
}
