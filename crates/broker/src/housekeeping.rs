//! Housekeeping: forgets what need not be remembered any more, in bounded slices between the batches, and makes room for
//! what is to come.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use unefois_store::Transaction;

use crate::{
    clock::Clock,
    entry::Placed,
    failure::Failure,
    recorder::{Act, Effect, Performed, Place, Recorder},
};

/// How many request identifiers one slice forgets.
const SLICE: u32 = 1_000;

/// Forgets request identifiers that are older than `kept`, every so often, until the recorder ends.
pub(crate) async fn run(recorder: Recorder, clock: Clock, kept: Duration, every: Duration) {
    let kept_micros = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
    let mut turn = tokio::time::interval(every);
    loop {
        turn.tick().await;
        if recorder.act_when_there_is_room(Box::new(MakeRoom)).await.is_err() {
            return;
        }
        let before = clock.now().as_microsecond() - kept_micros;
        loop {
            let (done, answer) = oneshot::channel();
            let act = Forget { before, forgotten: 0, done: Some(done) };
            if recorder.act_when_there_is_room(Box::new(act)).await.is_err() {
                return;
            }
            match answer.await {
                Ok(Ok(forgotten)) if forgotten == u64::from(SLICE) => {}
                Ok(Ok(_)) => break,
                Ok(Err(failure)) => {
                    tracing::warn!(reason = failure.reason.code(), "request identifiers were not forgotten; later");
                    break;
                }
                Err(_recorder_ended) => return,
            }
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
    before: i64,
    forgotten: u64,
    done: Option<oneshot::Sender<Result<u64, Failure>>>,
}

impl Act for Forget {
    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        _place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(async move {
            self.forgotten = tx.request_claims_forget_in_tx(self.before, SLICE).await?;
            Ok(Performed { entries: Vec::new(), effect: Effect::Keeps })
        })
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        if let Some(done) = self.done.take() {
            let _gone = done.send(outcome.map(|_placed| self.forgotten));
        }
    }
}
