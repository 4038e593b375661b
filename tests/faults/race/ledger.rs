//! The ledger as an auditor has it: the export of every shard, which must verify.

use unefois_ledger::{EntryKind, Hash, Outcome, decode_leaf, leaf_hash, shard_slot};
use unefois_testkit::House;

use crate::promises::leaves_of_shards;

/// An entry, as far as the race is judged by it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: Vec<u8>,
    pub(super) epoch: u64,
    pub(super) leaf: Hash,
    pub(super) reason: String,
    pub(super) release: Option<Release>,
}

/// What a release rests on, as far as the ledger names it.
#[derive(Debug)]
pub(super) struct Release {
    pub(super) agreement: String,
    pub(super) system: String,
}

/// The entries of every shard, by slot.
pub(super) async fn verified(node: &House) -> Vec<Vec<Entry>> {
    let mut shards = Vec::new();
    for (origin, leaves) in leaves_of_shards(node).await {
        let slot = usize::try_from(shard_slot(&origin).unwrap()).unwrap();
        assert_eq!(slot, shards.len(), "every shard has entries");
        shards.push(leaves.iter().map(|leaf| entry(leaf)).collect());
    }
    shards
}

fn entry(leaf: &[u8]) -> Entry {
    let (_, public) = decode_leaf(leaf).unwrap();
    let is_release = public.outcome() == Outcome::Released;
    assert!(!is_release || public.kind() == EntryKind::Exchange, "nobody repeats a request");
    let release = Release { agreement: public.agreement, system: public.caller_system };
    Entry {
        id: public.entry_id,
        epoch: public.authority_epoch,
        leaf: leaf_hash(leaf),
        reason: public.reason,
        release: is_release.then_some(release),
    }
}
