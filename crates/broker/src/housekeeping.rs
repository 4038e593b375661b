//! Housekeeping: forgets what need not be remembered any more, in bounded slices between the batches, and makes room for
//! what is to come.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use unefois_store::{EventsForgotten, Transaction};

use crate::{
    clock::Clock,
    entry::Placed,
    failure::Failure,
    limits::Limits,
    recorder::{Act, Effect, Performed, Place, Recorder},
};

/// How long what is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    request_ids: Duration,
    events: Duration,
    /// How much one slice forgets.
    slice_max: u32,
}

/// What is forgotten in slices.
#[derive(Debug, Clone, Copy)]
enum Old {
    RequestIds,
    Events,
}

/// Whether housekeeping goes on.
enum Outcome {
    Done,
    RecorderEnded,
}

impl Old {
    fn words(self) -> &'static str {
        match self {
            Self::RequestIds => "request identifiers",
            Self::Events => "events",
        }
    }
}

impl Kept {
    pub(crate) fn of(limits: &Limits) -> Self {
        let Limits { request_id_kept, events_kept, forget_slice_max, .. } = limits;
        Self { request_ids: *request_id_kept, events: *events_kept, slice_max: *forget_slice_max }
    }

    fn of_old(self, old: Old) -> Duration {
        match old {
            Old::RequestIds => self.request_ids,
            Old::Events => self.events,
        }
    }
}

/// Forgets what is older than it is `kept`, every so often, until the recorder ends.
pub(crate) async fn run(recorder: Recorder, clock: Clock, kept: Kept, every: Duration) {
    let mut turn = tokio::time::interval(every);
    loop {
        turn.tick().await;
        if recorder.act_when_there_is_room(Box::new(MakeRoom)).await.is_err() {
            return;
        }
        for old in [Old::RequestIds, Old::Events] {
            if matches!(forget(&recorder, clock, kept, old).await, Outcome::RecorderEnded) {
                return;
            }
        }
    }
}

/// Forgets slice by slice.
async fn forget(recorder: &Recorder, clock: Clock, kept: Kept, old: Old) -> Outcome {
    let kept_micros = i64::try_from(kept.of_old(old).as_micros()).unwrap_or(i64::MAX);
    let before = clock.now().as_microsecond().saturating_sub(kept_micros);
    loop {
        let (done, answer) = oneshot::channel();
        let act = Forget { old, before, count_max: kept.slice_max, forgotten: 0, done: Some(done) };
        if recorder.act_when_there_is_room(Box::new(act)).await.is_err() {
            return Outcome::RecorderEnded;
        }
        match answer.await {
            Ok(Ok(forgotten)) if forgotten == u64::from(kept.slice_max) => {}
            Ok(Ok(_)) => return Outcome::Done,
            Ok(Err(failure)) => {
                let (reason, what) = (failure.reason.code(), old.words());
                tracing::warn!(reason, "old {what} were not forgotten; later");
                return Outcome::Done;
            }
            Err(_recorder_ended) => return Outcome::RecorderEnded,
        }
    }
}

/// Makes what the index needs for the months to come.
struct MakeRoom;

impl Act for MakeRoom {
    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        _place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(async move {
            tx.index_months_make_in_tx().await?;
            Ok(Performed { entries: Vec::new(), effect: Effect::Keeps })
        })
    }

    fn settle(self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        if let Err(failure) = outcome {
            tracing::warn!(reason = failure.reason.code(), "the index has no room for the next months yet; later");
        }
    }
}

struct Forget {
    old: Old,
    before: i64,
    count_max: u32,
    forgotten: u64,
    done: Option<oneshot::Sender<Result<u64, Failure>>>,
}

impl Act for Forget {
    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(async move {
            let (before, count_max) = (self.before, self.count_max);
            self.forgotten = match self.old {
                Old::RequestIds => tx.request_claims_forget_in_tx(before, count_max).await?,
                Old::Events => {
                    let now = place.now.as_microsecond();
                    tx.events_forget_in_tx(EventsForgotten { before, now, count_max }).await?
                }
            };
            Ok(Performed { entries: Vec::new(), effect: Effect::Keeps })
        })
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        if let Some(done) = self.done.take() {
            let _gone = done.send(outcome.map(|_placed| self.forgotten));
        }
    }
}
