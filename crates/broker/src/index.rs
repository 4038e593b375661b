//! The index follower: builds the search indexes behind the exchanges, in slices between their batches.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use unefois_ledger::{PublicPart, decode_leaf};
use unefois_store::{ErasureNumber, IndexRow, IndexSource, Store, SubjectMark, Transaction};
use unefois_vault::Pseudonyms;

use crate::{
    entry::Placed,
    failure::Failure,
    limits::Limits,
    recorder::{Act, Effect, Performed, Place, Recorder},
};

/// How long the follower waits before it tries again what failed.
const PAUSE: Duration = Duration::from_millis(200);

/// What the follower works with.
#[derive(Debug)]
pub(crate) struct Follower {
    store: Store,
    pseudonyms: Pseudonyms,
    recorder: Recorder,
    slot: u32,
    slice_max: u32,
    /// How long entries gather before the next slice, unless they fill it.
    every: Duration,
}

impl Follower {
    /// A follower of the shard in that slot.
    pub(crate) fn new(store: Store, pseudonyms: Pseudonyms, recorder: Recorder, slot: u32, limits: &Limits) -> Self {
        Self { store, pseudonyms, recorder, slot, slice_max: limits.index_slice_max, every: limits.index_every }
    }

    /// Follows the shard until the recorder ends.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let mut head = self.recorder.follow();
        let mut next = self.store.index_position_fetch(self.slot).await?;
        loop {
            let size = head.borrow_and_update().size;
            if next >= size {
                if head.changed().await.is_err() {
                    return Ok(());
                }
                continue;
            }
            let (erasures, sources) = match self.sources(next).await {
                Ok(found) => found,
                // It harms nobody but those who search, until the tail is too long.
                Err(error) => {
                    tracing::warn!(%error, "the entries to index were not read; again");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let Some(last) = sources.last() else { continue };
            let after = last.index + 1;
            let is_full = sources.len() >= self.slice_max as usize;
            let (done, answer) = oneshot::channel();
            let slice = Slice::new(&sources, &self.pseudonyms, self.slot, after, erasures, done)?;
            if self.recorder.act_when_there_is_room(Box::new(slice)).await.is_err() {
                return Ok(());
            }
            match answer.await {
                Ok(Ok(SliceOutcome::Written)) => {
                    next = after;
                    self.recorder.indexed_to(next);
                    if !is_full {
                        // A slice is a commit of its own: one behind every batch would double the syncs. Searches see
                        // what is not indexed, too.
                        tokio::time::sleep(self.every).await;
                    }
                }
                Ok(Ok(SliceOutcome::Stale)) => {}
                Ok(Err(failure)) if failure.is_storage_failure() => return Err(failure),
                Ok(Err(failure)) => {
                    tracing::warn!(reason = failure.reason.code(), "a slice of the index may not be written; again");
                    tokio::time::sleep(PAUSE).await;
                    // Where its outcome is unknown, the position tells.
                    next = self.store.index_position_fetch(self.slot).await.unwrap_or(next);
                }
                Err(_recorder_ended) => return Ok(()),
            }
        }
    }

    /// The newest erasure, and the entries of the next slice.
    async fn sources(&self, next: u64) -> Result<(ErasureNumber, Vec<IndexSource>), unefois_store::Error> {
        // Before the entries: an erasure in between makes the slice stale.
        let erasures = self.store.erasure_newest_fetch().await?;
        Ok((erasures, self.store.index_sources_list(self.slot, next, self.slice_max).await?))
    }
}

/// What became of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SliceOutcome {
    Written,
    /// A subject was erased after the entries were read: its marks must not be written.
    Stale,
}

/// One slice: rows and marks ready to be written.
struct Slice {
    slot: u32,
    rows: Vec<IndexRow>,
    marks: Vec<SubjectMark>,
    next: u64,
    erasures: ErasureNumber,
    outcome: SliceOutcome,
    done: Option<oneshot::Sender<Result<SliceOutcome, Failure>>>,
}

impl Slice {
    fn new(
        sources: &[IndexSource],
        pseudonyms: &Pseudonyms,
        slot: u32,
        next: u64,
        erasures: ErasureNumber,
        done: oneshot::Sender<Result<SliceOutcome, Failure>>,
    ) -> Result<Self, Failure> {
        let mut rows = Vec::with_capacity(sources.len());
        let mut marks = Vec::new();
        for source in sources {
            let (_, public) = decode_leaf(&source.leaf).map_err(Failure::internal)?;
            rows.push(index_row(source.index, public));
            if let Some(subject) = source.subject {
                marks.push(SubjectMark { search: pseudonyms.search(subject), index: source.index });
            }
        }
        // In the order of their key: sorted rows cost a fraction of random ones.
        marks.sort_unstable_by_key(|mark| (mark.search, mark.index));
        Ok(Self { slot, rows, marks, next, erasures, outcome: SliceOutcome::Written, done: Some(done) })
    }
}

impl Act for Slice {
    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        _place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(async move {
            self.outcome = SliceOutcome::Written;
            if tx.erasure_newest_in_tx().await? != self.erasures {
                self.outcome = SliceOutcome::Stale;
                return Ok(Performed { entries: Vec::new(), effect: Effect::Keeps });
            }
            tx.index_insert_in_tx(self.slot, &self.rows, &self.marks, self.next).await?;
            Ok(Performed { entries: Vec::new(), effect: Effect::Keeps })
        })
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        if let Some(done) = self.done.take() {
            let _gone = done.send(outcome.map(|_placed| self.outcome));
        }
    }
}

/// What the index holds of an entry; the unindexed tail is searched by the same facts.
pub(crate) fn index_row(index: u64, public: PublicPart) -> IndexRow {
    IndexRow {
        index,
        recorded_at: public.recorded_at_micros,
        kind: public.kind,
        outcome: public.outcome,
        reason: public.reason,
        consumer: public.consumer,
        provider: public.provider,
        local_body: public.local_body,
        dataset: public.dataset,
        purpose: public.purpose,
    }
}
