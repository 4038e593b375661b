//! The index follower: builds the search indexes behind the exchanges, in slices between their batches.

mod feed;

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use unefois_ledger::{PublicPart, decode_leaf};
use unefois_store::{ErasureNumber, IndexRow, IndexSource, Store, SubjectMark, Transaction};
use unefois_vault::Pseudonyms;

pub(crate) use feed::{Fed, Feed};

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
    since: Since,
}

/// What the follower knew before it took entries from the feed: an erasure that came later makes a slice of them stale.
#[derive(Debug, Clone, Copy)]
struct Since {
    /// The newest erasure.
    erasures: ErasureNumber,
    /// How many entries were stored after that was read: what the feed has of these may be about who was erased.
    size: u64,
}

impl Follower {
    /// A follower of the shard in that slot, which the recorder feeds.
    pub(crate) async fn new(
        store: Store,
        pseudonyms: Pseudonyms,
        recorder: Recorder,
        slot: u32,
        limits: &Limits,
    ) -> Result<Self, Failure> {
        let since = Since::now(&store, slot).await?;
        let (slice_max, every) = (limits.index_slice_max, limits.index_every);
        Ok(Self { store, pseudonyms, recorder, slot, slice_max, every, since })
    }

    /// Follows the shard until the recorder ends.
    pub(crate) async fn run(mut self) -> Result<(), Failure> {
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
            let sources = match self.sources(next).await {
                Ok(found) => found,
                // It harms nobody but those who search, until the tail is too long.
                Err(error) => {
                    tracing::warn!(%error, "the entries to index were not read; again");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let Some(last) = sources.last() else {
                tracing::warn!(next, size, "entries to index are not in the store yet; again");
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let after = last.index + 1;
            let is_full = sources.len() >= self.slice_max as usize;
            let (done, answer) = oneshot::channel();
            let slice = Slice::new(sources, &self.pseudonyms, self.slot, self.since.erasures, done);
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
                Ok(Ok(SliceOutcome::Stale)) => {
                    // Where this fails the next slice is stale as well, and it is tried again.
                    self.since = Since::now(&self.store, self.slot).await.unwrap_or(self.since);
                }
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

    /// The entries of the next slice: as they were fed, or from the store where the feed has none.
    async fn sources(&self, next: u64) -> Result<Vec<Fed>, Failure> {
        let gap = if next < self.since.size {
            self.since.size - next
        } else {
            match self.recorder.feed().take(next, self.slice_max as usize) {
                Ok(fed) => return Ok(fed),
                Err(first) => first.map_or(u64::MAX, |first| first - next),
            }
        };
        let count_max = self.slice_max.min(u32::try_from(gap).unwrap_or(u32::MAX));
        let sources = self.store.index_sources_list(self.slot, next, count_max).await?;
        let read = |source: IndexSource| {
            let (_, public) = decode_leaf(&source.leaf).map_err(Failure::internal)?;
            Ok(Fed { index: source.index, public, subject: source.subject })
        };
        sources.into_iter().map(read).collect()
    }
}

impl Since {
    /// The size is the stored one: what the recorder holds in memory comes a moment behind a commit, and an erasure of
    /// another node fits in between.
    async fn now(store: &Store, slot: u32) -> Result<Self, Failure> {
        let erasures = store.erasure_newest_fetch().await?;
        let size = store.shard_fetch(slot).await?.map_or(0, |shard| shard.size);
        Ok(Self { erasures, size })
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
        sources: Vec<Fed>,
        pseudonyms: &Pseudonyms,
        slot: u32,
        erasures: ErasureNumber,
        done: oneshot::Sender<Result<SliceOutcome, Failure>>,
    ) -> Self {
        let next = sources.last().map_or(0, |last| last.index + 1);
        let mark = |Fed { index, subject, .. }: &Fed| {
            subject.map(|subject| SubjectMark { search: pseudonyms.search(subject), index: *index })
        };
        let mut marks: Vec<SubjectMark> = sources.iter().filter_map(mark).collect();
        // In the order of their key: sorted rows cost a fraction of random ones.
        marks.sort_unstable_by_key(|mark| (mark.search, mark.index));
        let rows = sources.into_iter().map(|fed| index_row(fed.index, fed.public)).collect();
        Self { slot, rows, marks, next, erasures, outcome: SliceOutcome::Written, done: Some(done) }
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
