//! Every shard is exported and proved, whichever node is asked.

use unefois_client::{Shard, shards};
use unefois_ledger::{
    Checkpoint, Hash, check_consistency, check_inclusion, leaf_hash, verify_export, verify_export_of_hub,
};
use unefois_proto::pb::audit::v1::{
    ExportEntriesRequest, FoundEntry, GetCheckpointRequest, GetConsistencyProofRequest, GetInclusionProofRequest,
    SearchExchangesRequest,
};
use unefois_testkit::{House, Person, reason_of, sql};

use super::{NAMES, house_of_two_shards};
use crate::UNEFOIS;

#[tokio::test(flavor = "multi_thread")]
async fn every_shard_is_listed_exported_and_verified_with_one_public_key() {
    let house = house_of_two_shards(&Person::invented(153), "0s").await;
    let key = house.public_key().await;
    let listed = shards(&house.agency("cour-des-comptes").await).await.unwrap();
    assert_eq!(listed.iter().map(Shard::origin).collect::<Vec<_>>(), NAMES);
    let kept: Vec<Checkpoint> =
        listed.iter().map(|shard| Checkpoint::open_of_hub(&shard.checkpoint, &key).unwrap()).collect();
    assert_eq!(
        kept.iter().map(|kept| kept.head.size).collect::<Vec<_>>(),
        listed.iter().map(|shard| shard.size).collect::<Vec<_>>()
    );
    let exported = house.exported_shards().await;
    for ((shard, export), kept) in exported.iter().zip(&kept) {
        let report = verify_export_of_hub(export.as_slice(), &key, std::slice::from_ref(kept)).unwrap();
        assert_eq!((report.checkpoint.origin.as_str(), report.unchanged), (shard.origin(), Some(kept.head.size)));
        verify_export(export.as_slice(), &shard.public_key, Some(kept)).unwrap();
        assert_eq!(key.of_origin(shard.origin()).as_ref(), Some(&shard.public_key));
    }
    let [(_, own), (other, others)] = exported.as_slice() else { panic!("{} shards", exported.len()) };
    assert!(verify_export(others.as_slice(), &key, None).is_err(), "the key of a shard is not that of another");
    assert_eq!(others.len(), house.exported_shards().await[1].1.len(), "nobody writes in slot 1");
    assert!(own.len() < house.exported_shards().await[0].1.len(), "every export is an entry of the node asked");
    assert_eq!(other.size, kept[1].head.size);
}

fn hashes(path: &[Vec<u8>]) -> Vec<Hash> {
    path.iter().map(|hash| Hash::try_from(hash.as_slice()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_and_sizes_of_another_shard_are_proved_under_its_checkpoint() {
    let house = house_of_two_shards(&Person::invented(154), "0s").await;
    let (auditor, key) = (house.agency("cour-des-comptes").await, house.public_key().await);
    for origin in NAMES {
        let request = GetCheckpointRequest { origin: origin.to_owned() };
        let newest = auditor.audit().get_checkpoint(request).await.unwrap().into_inner();
        assert_eq!(newest.public_key, key.of_origin(origin).unwrap().to_string());
        let head = Checkpoint::open_of_hub(&newest.checkpoint, &key).unwrap().head;
        for index in 0..head.size {
            let request = GetInclusionProofRequest { index, tree_size: head.size, origin: origin.to_owned() };
            let proof = auditor.audit().get_inclusion_proof(request).await.unwrap().into_inner();
            assert_eq!(Checkpoint::open_of_hub(&proof.checkpoint, &key).unwrap().origin, origin);
            check_inclusion(head, index, leaf_hash(&proof.entry), &hashes(&proof.path)).unwrap();
        }
        let request = GetConsistencyProofRequest { from_size: 2, to_size: head.size, origin: origin.to_owned() };
        let proof = auditor.audit().get_consistency_proof(request).await.unwrap().into_inner();
        let exported = house.exported_shards().await;
        let (_, export) = exported.iter().find(|(shard, _)| shard.origin() == origin).unwrap();
        check_consistency(first_two(export), head, &hashes(&proof.path)).unwrap();
    }
}

/// The tree of the first two entries of an export.
fn first_two(export: &[u8]) -> unefois_ledger::TreeHead {
    let text = std::str::from_utf8(export).unwrap();
    let hash = |line: &str| line.split(' ').nth(2).unwrap().parse::<Hash>().unwrap();
    let leaves: Vec<Hash> = text.lines().skip(1).take(2).map(hash).collect();
    unefois_ledger::Tree::empty().append(&leaves).head()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_shard_is_refused_and_an_empty_one_has_a_key_and_nothing_to_export() {
    let mut house = House::open(UNEFOIS).await;
    house.stop();
    let opened = "INSERT INTO shard VALUES (1, 'unefois.local/shard/1', 0, 1, 1, 1, '');";
    sql(&house.data().join("hub.db"), opened);
    house.start();
    let (auditor, key) = (house.agency("cour-des-comptes").await, house.public_key().await);
    let entries = |found: Vec<FoundEntry>| found.len();
    let before = entries(house.audited(SearchExchangesRequest { page_size: 500, ..Default::default() }).await);
    for origin in ["unefois.local/shard/2", "unefois.local", "other/shard/0", "unefois.local/shard/00"] {
        let origin = || origin.to_owned();
        let refused = [
            auditor.audit().get_checkpoint(GetCheckpointRequest { origin: origin() }).await.map(drop),
            auditor.audit().export_entries(export_of(&origin())).await.map(drop),
            auditor
                .audit()
                .get_inclusion_proof(GetInclusionProofRequest { origin: origin(), ..Default::default() })
                .await
                .map(drop),
            auditor
                .audit()
                .get_consistency_proof(GetConsistencyProofRequest { origin: origin(), from_size: 1, to_size: 1 })
                .await
                .map(drop),
        ];
        for status in refused {
            assert_eq!(reason_of(&status.unwrap_err()), "ARGUMENT_INVALID", "{}", origin());
        }
    }
    let status = auditor.audit().export_entries(export_of(NAMES[1])).await.map(drop).unwrap_err();
    assert_eq!(reason_of(&status), "ARGUMENT_INVALID", "nothing to export");
    let empty = GetCheckpointRequest { origin: NAMES[1].to_owned() };
    let empty = auditor.audit().get_checkpoint(empty).await.unwrap().into_inner();
    assert_eq!((empty.checkpoint.as_str(), empty.public_key), ("", key.of_origin(NAMES[1]).unwrap().to_string()));
    let listed = shards(&auditor).await.unwrap();
    assert_eq!((listed[1].size, listed[1].checkpoint.as_str()), (0, ""));
    let after = entries(house.audited(SearchExchangesRequest { page_size: 500, ..Default::default() }).await);
    assert_eq!(after, before + 1, "what is refused for its arguments is no entry; the search before is one");
}

fn export_of(origin: &str) -> ExportEntriesRequest {
    ExportEntriesRequest { origin: origin.to_owned(), case_reference: "enquiry".to_owned(), ..Default::default() }
}
