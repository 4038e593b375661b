//! The entries of deliveries in the ledger, held to what the subscribers were told.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use unefois_client::shards;
use unefois_ledger::{EntryKind, Outcome, PublicPart, decode_leaf, leaf_hash};
use unefois_proto::pb::audit::v1::{ExportEntriesRequest, export_entries_response::Part};
use unefois_testkit::House;
use uuid::Uuid;

use super::subscriber::Subscriber;
use crate::promises::in_the_end;

/// What was read of the ledger so far.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// How many entries of each shard were read.
    read: BTreeMap<String, u64>,
    deliveries: BTreeMap<Uuid, Delivered>,
}

/// The entry of a delivery.
#[derive(Debug)]
struct Delivered {
    subscription: Uuid,
    attempt: u32,
    /// The first entry of the same event; `None`: it is the first.
    repeats: Option<Uuid>,
}

impl Entries {
    /// Reads what was added since.
    pub(super) async fn read_on(&mut self, house: &House) {
        let auditor = house.agency("cour-des-comptes").await;
        for shard in shards(&auditor).await.unwrap() {
            let mut next = self.read.get(shard.origin()).copied().unwrap_or(0);
            if next >= shard.size {
                continue;
            }
            let request = ExportEntriesRequest {
                from_index: next,
                case_reference: "told".to_owned(),
                origin: shard.origin().to_owned(),
            };
            let parts = in_the_end(|| async {
                auditor.audit().export_entries(request.clone()).await?.into_inner().try_collect::<Vec<_>>().await
            });
            for part in parts.await {
                let Some(Part::Entries(some)) = part.part else { continue };
                for (leaf, stored) in some.entries.iter().zip(&some.leaf_hashes) {
                    assert_eq!(leaf_hash(leaf).0.as_slice(), stored, "entry {next}");
                    next += 1;
                    let (_, public) = decode_leaf(leaf).unwrap();
                    if public.kind == i32::from(EntryKind::Delivery) {
                        self.add(&public);
                    }
                }
            }
            self.read.insert(shard.origin().to_owned(), next);
        }
    }

    fn add(&mut self, public: &PublicPart) {
        assert_eq!(public.outcome, i32::from(Outcome::Released), "nothing here is refused");
        let delivery = public.delivery.as_ref().unwrap();
        let delivered = Delivered {
            subscription: Uuid::from_slice(&delivery.subscription_id).unwrap(),
            attempt: delivery.attempt,
            repeats: (!public.repeats.is_empty()).then(|| Uuid::from_slice(&public.repeats).unwrap()),
        };
        let before = self.deliveries.insert(Uuid::from_slice(&public.entry_id).unwrap(), delivered);
        assert!(before.is_none(), "each entry has an identifier of its own");
    }

    /// Everything that a subscriber was told has its entry, and each event that it was told has one first entry.
    pub(super) fn are_of(&self, subscriber: &Subscriber) {
        let subscription: Uuid = subscriber.subscription.parse().unwrap();
        let own: BTreeMap<_, _> =
            self.deliveries.iter().filter(|(_, delivered)| delivered.subscription == subscription).collect();
        for (entry, attempt) in &subscriber.entries {
            let delivered = own.get(entry).unwrap_or_else(|| panic!("{entry} was told and is not in the ledger"));
            assert_eq!(delivered.attempt, *attempt, "{entry}");
        }
        let firsts: BTreeSet<&Uuid> =
            own.iter().filter(|(_, delivered)| delivered.repeats.is_none()).map(|(id, _)| *id).collect();
        assert_eq!(firsts.len(), subscriber.heard.events, "each event is told for the first time once");
        for (entry, repeats) in own.iter().filter_map(|(id, delivered)| Some((id, delivered.repeats.as_ref()?))) {
            assert!(firsts.contains(repeats), "{entry} repeats {repeats}, which is no first one of its subscription");
        }
    }
}
