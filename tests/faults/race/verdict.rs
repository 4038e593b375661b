//! What the ledger says of the race.

use std::collections::BTreeMap;

use unefois_ledger::{EntryKind, Outcome, PublicPart, decode_leaf};
use unefois_testkit::House;
use uuid::Uuid;

use super::{
    BY_CONSENT,
    removals::{Removal, Removals, What},
};
use crate::promises::leaves_of_shards;

/// Something that may not be in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The epochs of a shard go back.
    EpochGoesBack { origin: String, index: usize },
    /// An entry was recorded after a removal had been acknowledged, under an older epoch.
    OlderThanARemoval { origin: String, index: usize, epoch: u64, due: u64 },
    /// Something was released on what had been removed.
    ReleasedNonetheless { origin: String, index: usize, what: What },
}

/// Everything in the ledger that may not be there. Its shards verify.
pub(super) async fn faults(house: &House, removals: &Removals) -> Vec<Fault> {
    let shards: BTreeMap<String, Vec<PublicPart>> = leaves_of_shards(house)
        .await
        .into_iter()
        .map(|(origin, leaves)| (origin, leaves.iter().map(|leaf| decode_leaf(leaf).unwrap().1).collect()))
        .collect();
    let epochs: BTreeMap<Uuid, u64> =
        shards.values().flatten().map(|public| (id_of(public), public.authority_epoch)).collect();
    let mut faults = Vec::new();
    for (origin, entries) in &shards {
        for (index, pair) in entries.windows(2).enumerate() {
            if pair[1].authority_epoch < pair[0].authority_epoch {
                faults.push(Fault::EpochGoesBack { origin: origin.clone(), index: index + 1 });
            }
        }
        for removal in &removals.0 {
            faults.extend(of_removal(removal, epochs[&removal.entry], origin, entries));
        }
    }
    faults
}

fn of_removal(removal: &Removal, due: u64, origin: &str, entries: &[PublicPart]) -> Vec<Fault> {
    let at = |sizes: &BTreeMap<String, u64>| sizes.get(origin).map_or(0, |size| usize::try_from(*size).unwrap());
    let (from, until) = (at(&removal.sizes), removal.until.as_ref().map_or(entries.len(), at));
    let mut faults = Vec::new();
    for (index, public) in entries.iter().enumerate().skip(from) {
        if public.authority_epoch < due {
            let (origin, epoch) = (origin.to_owned(), public.authority_epoch);
            faults.push(Fault::OlderThanARemoval { origin, index, epoch, due });
        }
        if index < until && is_release(public) && rests_on(public, &removal.what) {
            faults.push(Fault::ReleasedNonetheless { origin: origin.to_owned(), index, what: removal.what.clone() });
        }
    }
    faults
}

fn is_release(public: &PublicPart) -> bool {
    public.kind == i32::from(EntryKind::Exchange) && public.outcome == i32::from(Outcome::Released)
}

/// One consent at a time is in force in this race: without it nothing at all may be released under that agreement.
fn rests_on(public: &PublicPart, what: &What) -> bool {
    match what {
        What::Consent => public.agreement == BY_CONSENT,
        What::Agreement(agreement) => public.agreement == *agreement,
        What::System(agency, system) => public.caller_agency == *agency && public.caller_system == *system,
    }
}

fn id_of(public: &PublicPart) -> Uuid {
    Uuid::from_slice(&public.entry_id).unwrap()
}
