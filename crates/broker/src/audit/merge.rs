//! Merging what the shards hold of one search, newest first.

use std::{cmp::Reverse, vec};

use unefois_core::Reason;
use unefois_ledger::decode_leaf;

use super::{FoundEntry, PagePlace};
use crate::{failure::Failure, hub::Hub};

/// What one shard holds of a search, newest first.
pub(super) struct Matches {
    origin: String,
    place: PagePlace,
    /// Whether there may be more than these.
    is_all: bool,
    indexes: vec::IntoIter<u64>,
    /// The newest of those that were not taken yet.
    next: Option<FoundEntry>,
}

impl Matches {
    /// The newest matches of a shard below its place: all of them, or the `wanted` that a page needs at most.
    pub(super) fn new(origin: String, place: PagePlace, indexes: Vec<u64>, wanted: usize) -> Self {
        Self { origin, place, is_all: indexes.len() < wanted, indexes: indexes.into_iter(), next: None }
    }

    /// Reads the entry that comes next. Only those that a page may show are read.
    async fn load(&mut self, hub: &Hub) -> Result<(), Failure> {
        let Some(index) = self.indexes.next() else { return Ok(()) };
        let entry = hub.store.entry_fetch(self.place.slot, index).await?;
        let entry = entry.ok_or_else(|| Failure::new(Reason::Internal))?;
        let (_, public) = decode_leaf(&entry.leaf).map_err(Failure::internal)?;
        self.next = Some(FoundEntry { index, origin: self.origin.clone(), leaf: entry.leaf, public });
        Ok(())
    }

    /// Takes the entry that comes next.
    fn take(&mut self) -> Option<FoundEntry> {
        let taken = self.next.take()?;
        self.place.before = taken.index;
        Some(taken)
    }

    /// Where the next page begins in this shard; `None` when it has nothing more.
    fn rest(&self) -> Option<PagePlace> {
        let is_exhausted = self.next.is_none() && (self.is_all || self.place.before == 0);
        (!is_exhausted).then_some(self.place)
    }
}

/// The newest entries of all shards, at most `wanted`, and where the next page begins.
///
/// Within a shard the order is that of its tree, whatever the clocks of the nodes that wrote it said: a page goes on at a
/// position, so that no entry is shown twice or left out.
pub(super) async fn newest(
    hub: &Hub,
    mut shards: Vec<Matches>,
    wanted: usize,
) -> Result<(Vec<FoundEntry>, Vec<PagePlace>), Failure> {
    for shard in &mut shards {
        shard.load(hub).await?;
    }
    let mut found = Vec::new();
    while found.len() < wanted {
        let newest = shards.iter_mut().max_by(|one, other| age(one.next.as_ref()).cmp(&age(other.next.as_ref())));
        let Some(shard) = newest else { break };
        let Some(entry) = shard.take() else { break };
        found.push(entry);
        shard.load(hub).await?;
    }
    Ok((found, shards.iter().filter_map(Matches::rest).collect()))
}

/// What the entries of different shards are ordered by; nothing is older than all.
fn age(entry: Option<&FoundEntry>) -> Option<(i64, Reverse<&str>)> {
    entry.map(|entry| (entry.public.recorded_at_micros, Reverse(entry.origin.as_str())))
}
