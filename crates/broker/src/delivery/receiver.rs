//! A receiver's loop: reads, tells, and hears what the receiver says, until one of the two ends it.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use futures::FutureExt;
use jiff::Timestamp;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};
use unefois_core::{EventId, Reason, Rejection, ToldCursor, Turn, Window};
use unefois_store::Receiver;

use super::{
    Told,
    connected::Attended,
    heads::Seen,
    interest::Interests,
    read::Read,
    session::{Session, in_use},
    turn::Outcome,
};
use crate::{failure::Failure, metrics::CountedReceiver};

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
    pub(super) attended: Attended,
    pub(super) said: mpsc::Receiver<Box<Said>>,
    pub(super) told: mpsc::Sender<Told>,
    pub(super) seen: watch::Receiver<Seen>,
    /// Why nothing is told, as the receiver knows it.
    pub(super) held: Option<Reason>,
    /// Whether it is tried again to tell something, although something held it.
    pub(super) tries: bool,
    pub(super) counted: CountedReceiver,
    /// Whether something was settled by the receiver and is not written yet.
    pub(super) has_settled: bool,
    /// How long after the last time what was passed or settled is written; none, where there is nothing.
    pub(super) writes_after: Option<Duration>,
    /// The last events that were refused after they had been told: the receiver cannot know, and may reject them.
    pub(super) erased: VecDeque<EventId>,
    pub(super) written_at: Instant,
    /// When it was looked at the subscription last.
    pub(super) looked_at: Instant,
}

/// How a loop goes on.
enum Next {
    Again,
    /// The receiver is gone.
    Gone,
}

impl Loop {
    /// Tells until the receiver is gone, the subscription is not its own any more, or the hub stops.
    ///
    /// Most receivers wait most of the time: what is not waiting is in boxes, so that it takes no room meanwhile.
    pub(super) async fn run(mut self: Box<Self>, over: oneshot::Sender<Failure>) {
        let ended = self.goes_on().await;
        // Where this cannot be written it is told again.
        let ended = ended.and(Box::pin(self.leaves()).await);
        // Before its last words: nobody waits for the lease because this receiver does not read them.
        if let Err(error) = Box::pin(self.session.hub.store.receiver_release(self.lease)).await {
            tracing::debug!(%error, "the lease of a receiver ends by itself");
        }
        if let Err(failure) = ended {
            // The receiver may be gone.
            let _gone = over.send(failure);
        }
    }

    async fn goes_on(&mut self) -> Result<(), Failure> {
        loop {
            let next = Box::pin(self.acts()).await?;
            if matches!(next, Next::Gone) || matches!(self.waits().await?, Next::Gone) {
                return Ok(());
            }
        }
    }

    /// Tells what there is on the desk and in the log.
    async fn acts(&mut self) -> Result<Next, Failure> {
        let next = self.tells().await?;
        if matches!(next, Next::Again) && self.held.is_none() { self.reads().await } else { Ok(next) }
    }

    /// Writes what the receiver said last.
    async fn leaves(&mut self) -> Result<(), Failure> {
        let now = self.session.hub.clock.now();
        if let Some(turn) = self.session.desk.turn_without_telling(now) {
            self.session.write(turn).await?;
        }
        Ok(())
    }

    /// Reads and tells until nothing more can be told.
    async fn reads(&mut self) -> Result<Next, Failure> {
        loop {
            let seen = *self.seen.borrow_and_update();
            if seen.is_stopping {
                return Err(Failure::stopping());
            }
            if seen.heads <= self.session.desk.seen() {
                return Ok(Next::Again);
            }
            let hub = self.session.hub.clone();
            let in_force = hub.authority.load();
            let interests = Interests::of(&self.session.subscription, &in_force.registry, &hub.catalog);
            // Nothing is told under an agreement that nobody knows.
            let Some(interests) = interests else { return Ok(Next::Again) };
            let read = self.session.read(&interests, &seen.heads).await?;
            if matches!(self.tells().await?, Next::Gone) {
                return Ok(Next::Gone);
            }
            // What filled the desk may have been settled by being refused.
            if read == Read::Everything || self.held.is_some() || self.session.desk.room() == 0 {
                return Ok(Next::Again);
            }
            self.keeps().await?;
        }
    }

    /// Writes and tells turn by turn, as many as there are now.
    async fn tells(&mut self) -> Result<Next, Failure> {
        loop {
            // Whatever was acknowledged meanwhile is not told again.
            while let Ok(said) = self.said.try_recv() {
                self.hears(*said).await?;
            }
            let may_tell = self.tries || self.held.is_none();
            let Some(turn) = self.turn(may_tell) else {
                return if may_tell { self.holds(None).await } else { Ok(Next::Again) };
            };
            match self.session.write(turn).await? {
                Outcome::Written { at, told, refused } => {
                    self.written(at, &refused);
                    if may_tell && matches!(self.holds(None).await?, Next::Gone) {
                        return Ok(Next::Gone);
                    }
                    if matches!(self.hands_over(told).await?, Next::Gone) {
                        return Ok(Next::Gone);
                    }
                }
                Outcome::Holds(reason) => {
                    self.session.desk.abandoned();
                    let next = self.holds(Some(reason)).await?;
                    // What the receiver said is held too: it is tried again when it is looked at the subscription.
                    if matches!(next, Next::Gone) || !may_tell {
                        return Ok(next);
                    }
                }
                Outcome::Moved => return Err(self.session.why_over().await),
            }
        }
    }

    /// The next turn: while nothing may be told, of what the receiver said only.
    fn turn(&mut self, may_tell: bool) -> Option<Turn> {
        let Session { desk, hub, .. } = &mut self.session;
        let now = hub.clock.now();
        let turn = if may_tell { desk.turn(now) } else { desk.turn_without_telling(now) };
        self.writes_after = None;
        let Some(turn) = turn else {
            // What was settled was settled before.
            self.has_settled = false;
            return None;
        };
        let wait = if self.has_settled { hub.limits.delivery_settle_every } else { hub.limits.delivery_pass_every };
        if turn.only_passes() && self.written_at.elapsed() < wait {
            desk.abandoned();
            self.writes_after = Some(wait);
            return None;
        }
        Some(turn)
    }

    fn written(&mut self, at: Timestamp, refused: &HashSet<EventId>) {
        self.session.version += 1;
        self.attended.wrote(self.session.version);
        self.session.desk.written(at, refused);
        self.erased.extend(refused);
        let surplus = self.erased.len().saturating_sub(self.session.hub.limits.delivery_desk_max);
        self.erased.drain(..surplus);
        self.has_settled = false;
        self.written_at = Instant::now();
    }

    async fn hands_over(&mut self, told: super::turn::ToldEvents) -> Result<Next, Failure> {
        for (prepared, minimised) in told {
            let Some(delivery) = self.session.delivery(prepared, minimised)? else { continue };
            if matches!(self.says(Told::Delivery(Box::new(delivery))).await?, Next::Gone) {
                return Ok(Next::Gone);
            }
        }
        Ok(Next::Again)
    }

    /// Says why nothing is told, or that it goes on, where the receiver does not know it. What holds it is tried again when
    /// it is looked at the subscription.
    async fn holds(&mut self, reason: Option<Reason>) -> Result<Next, Failure> {
        self.tries = false;
        if self.held == reason {
            return Ok(Next::Again);
        }
        self.held = reason;
        self.counted.holds(reason);
        self.says(Told::Holding(reason)).await
    }

    /// Waits for room in the channel, and hears meanwhile. A receiver that takes nothing for so long that it would be told
    /// again is given up.
    async fn says(&mut self, saying: Told) -> Result<Next, Failure> {
        let patience = Duration::try_from(self.session.subscription.asked.terms.redelivery_after);
        let given_up = tokio::time::sleep(patience.map_err(Failure::internal)?);
        tokio::pin!(given_up);
        let told = self.told.clone();
        loop {
            tokio::select! {
                room = told.reserve() => {
                    let Ok(room) = room else { return Ok(Next::Gone) };
                    room.send(saying);
                    return Ok(Next::Again);
                }
                said = self.said.recv() => {
                    let Some(said) = said else { return Ok(Next::Gone) };
                    self.hears(*said).await?;
                }
                () = self.attended.called() => self.looks().await?,
                () = &mut given_up => return Err(Failure::new(Reason::ReceiverStalled)),
            }
        }
    }

    /// Looks at the subscription, where it is time to.
    async fn keeps(&mut self) -> Result<(), Failure> {
        let is_called = self.attended.called().now_or_never().is_some();
        if is_called || self.looks_in().is_some_and(|left| left.is_zero()) { self.looks().await } else { Ok(()) }
    }

    /// When it looks at the subscription by itself: where something holds it, which may have changed without a new version
    /// of it, or where a replay may have been asked for.
    fn looks_in(&self) -> Option<Duration> {
        let looks = self.held.is_some() || self.session.has_dead_letters;
        looks.then(|| self.session.hub.limits.delivery_look_every.saturating_sub(self.looked_at.elapsed()))
    }

    /// Waits for something to do.
    async fn waits(&mut self) -> Result<Next, Failure> {
        let now = self.session.hub.clock.now();
        let due = self.session.desk.wakes_at().filter(|_| self.held.is_none()).map(|at| at.duration_since(now));
        let due = due.map(|left| Duration::try_from(left).unwrap_or_default());
        let to_write = self.writes_after.map(|wait| wait.saturating_sub(self.written_at.elapsed()));
        let due = due.into_iter().chain(to_write).chain(self.looks_in()).min();
        tokio::select! {
            said = self.said.recv() => {
                let Some(said) = said else { return Ok(Next::Gone) };
                self.hears(*said).await?;
            }
            _ = self.seen.changed() => {}
            () = tokio::time::sleep(due.unwrap_or_default()), if due.is_some() => Box::pin(self.keeps()).await?,
            () = self.told.closed() => return Ok(Next::Gone),
            () = self.attended.called() => Box::pin(self.looks()).await?,
        }
        if self.seen.borrow().is_stopping { Err(Failure::stopping()) } else { Ok(Next::Again) }
    }

    /// Whether the subscription was paused, deleted, set back or taken over meanwhile, or a replay was asked for. What held it is tried again.
    async fn looks(&mut self) -> Result<(), Failure> {
        (self.tries, self.looked_at) = (true, Instant::now());
        if self.attended.is_lost() {
            return Err(self.session.why_over().await);
        }
        let found = self.session.hub.receivable(&self.session.caller, self.session.subscription.id).await?;
        if found.cursor.version != self.session.version {
            return Err(in_use(&self.session.hub));
        }
        if self.session.has_dead_letters { self.session.read_replays().await } else { Ok(()) }
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
                let was_told = rejected.is_ok() || self.erased.contains(&event);
                if !was_told && Box::pin(self.session.hub.store.events_fetch(&[event])).await?.is_empty() {
                    return Err(Failure::new(Reason::EventNotTold));
                }
            }
        }
        Ok(())
    }
}
