//! The judge: what the ledger shows that must not be.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Held, Ran, Removal, Support, ledger::Entry};

/// A place in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    slot: usize,
    index: u64,
}

/// Something that must not be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// The epoch of an entry is lower than that of the one before it.
    Fell { at: Place, epoch: u64, before: u64 },
    /// It was recorded after a removal was acknowledged, under an epoch before it.
    Older { at: Place, epoch: u64, removed_under: u64 },
    /// A release was recorded after what it rests on was taken away, and before it was given back.
    Resting { at: Place, on: Support },
    /// A removal has no entry, or not an epoch of its own.
    NotRaised { what: Support },
    /// A receipt names a place where another entry stands, or none.
    Misnamed { at: Place },
    /// A release of which nobody holds the receipt, or two do.
    NotHeldOnce { at: Place },
}

impl Support {
    pub(super) fn kind(&self) -> u8 {
        match self {
            Self::Consent(_) => 0,
            Self::Agreement(_) => 1,
            Self::Certificate(_) => 2,
        }
    }
}

impl Finding {
    pub(super) fn is_older(&self) -> bool {
        matches!(self, Self::Older { .. })
    }

    pub(super) fn is_resting(&self) -> bool {
        matches!(self, Self::Resting { .. })
    }
}

/// Everything that the ledger shows against a run.
pub(super) fn judged(shards: &[Vec<Entry>], ran: &Ran) -> Vec<Finding> {
    let mut findings = falling(shards);
    findings.extend(older(shards, &ran.removals));
    findings.extend(resting(&releases(shards, &ran.held), &ran.removals));
    findings.extend(not_held(shards, &ran.held));
    findings
}

fn falling(shards: &[Vec<Entry>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (slot, entries) in shards.iter().enumerate() {
        for (index, pair) in (1..).zip(entries.windows(2)) {
            let (before, epoch) = (pair[0].epoch, pair[1].epoch);
            if epoch < before {
                findings.push(Finding::Fell { at: Place { slot, index }, epoch, before });
            }
        }
    }
    findings
}

/// Every entry at or after the sizes of a removal must have its epoch or a later one.
fn older(shards: &[Vec<Entry>], removals: &[Removal]) -> Vec<Finding> {
    let epochs: HashMap<&[u8], u64> = shards.iter().flatten().map(|entry| (&entry.id[..], entry.epoch)).collect();
    let (mut findings, mut raised) = (Vec::new(), BTreeSet::new());
    let mut due: Vec<BTreeMap<u64, u64>> = vec![BTreeMap::new(); shards.len()];
    for Removal { what, entry, acknowledged, .. } in removals {
        let Some(epoch) = epochs.get(&entry[..]).copied().filter(|epoch| raised.insert(*epoch)) else {
            findings.push(Finding::NotRaised { what: what.clone() });
            continue;
        };
        for (due, size) in due.iter_mut().zip(acknowledged) {
            let of_size = due.entry(*size).or_default();
            *of_size = epoch.max(*of_size);
        }
    }
    for (slot, (entries, due)) in shards.iter().zip(&due).enumerate() {
        let mut removed_under = 0;
        for (index, entry) in (0..).zip(entries) {
            removed_under = due.get(&index).copied().unwrap_or_default().max(removed_under);
            if entry.epoch < removed_under {
                let at = Place { slot, index };
                findings.push(Finding::Older { at, epoch: entry.epoch, removed_under });
            }
        }
    }
    findings
}

/// Where releases are that rest on each support, by slot.
type Releases = BTreeMap<Support, Vec<Vec<u64>>>;

/// Agreement and system stand in the ledger. Whose consent it was does not: the ledger names nobody, and whoever asked
/// knows.
fn releases(shards: &[Vec<Entry>], held: &[Held]) -> Releases {
    let mut releases = Releases::new();
    let mut add = |support, slot: usize, index| {
        releases.entry(support).or_insert_with(|| vec![Vec::new(); shards.len()])[slot].push(index);
    };
    for (slot, entries) in shards.iter().enumerate() {
        for (index, entry) in (0..).zip(entries) {
            if let Some(release) = &entry.release {
                add(Support::Agreement(release.agreement.clone()), slot, index);
                add(Support::Certificate(release.system.clone()), slot, index);
            }
        }
    }
    for held in held.iter().filter(|held| held.consented) {
        add(Support::Consent(held.person), held.slot, held.index);
    }
    releases
}

fn resting(releases: &Releases, removals: &[Removal]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Removal { what, acknowledged, given_back, .. } in removals {
        let Some(releases) = releases.get(what) else { continue };
        for (slot, indices) in releases.iter().enumerate() {
            let until = given_back.as_ref().map_or(u64::MAX, |sizes| sizes[slot]);
            let removed = acknowledged[slot]..until;
            let found = indices.iter().filter(|index| removed.contains(index));
            findings
                .extend(found.map(|index| Finding::Resting { at: Place { slot, index: *index }, on: what.clone() }));
        }
    }
    findings
}

/// Every receipt names the entry that it was given for, and every release has one holder.
fn not_held(shards: &[Vec<Entry>], held: &[Held]) -> Vec<Finding> {
    let mut holders: BTreeMap<Place, u32> = BTreeMap::new();
    let mut findings = Vec::new();
    for Held { slot, index, leaf, .. } in held {
        let at = Place { slot: *slot, index: *index };
        *holders.entry(at).or_default() += 1;
        let found = shards.get(*slot).and_then(|entries| entries.get(usize::try_from(*index).unwrap()));
        if found.is_none_or(|entry| entry.leaf != *leaf || entry.release.is_none()) {
            findings.push(Finding::Misnamed { at });
        }
    }
    for (slot, entries) in shards.iter().enumerate() {
        for (index, entry) in (0..).zip(entries) {
            let at = Place { slot, index };
            if entry.release.is_some() && holders.get(&at) != Some(&1) {
                findings.push(Finding::NotHeldOnce { at });
            }
        }
    }
    findings
}
