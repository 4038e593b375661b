//! Erasure and what is left of the past: old files, a restored key store, a crash in the middle.

use std::path::{Path, PathBuf};

use unefois_ledger::decode_leaf;
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    publication::v1::publish_response::Result as Fate,
    subject::v1::{EraseRequest, ErasureScope},
};
use unefois_store::{DataDirectory, KeyStore, Opened, Store, StoreLimits};
use unefois_testkit::{House, Person, pull_request, turnover_of};
use unefois_vault::{EntryAad, KeyId, KeyUse, Keyring, RecordAad, SubjectKey, WrappedKey};

use crate::{UNEFOIS, number, publishes, stream, verifies};

fn erase_request(person: &Person) -> EraseRequest {
    EraseRequest {
        subject: Some(person.by_nir()),
        scope: ErasureScope::PayloadAndTrace.into(),
        case_reference: "decision 14".to_owned(),
    }
}

/// Publishes the turnover of a person. Gives the record.
async fn published(house: &House, person: &Person) -> [u8; 16] {
    let mut answers = stream(&house.agency("urssaf").await, vec![turnover_of(person, 1)]).await.unwrap();
    let Some(Fate::Acknowledged(acknowledgement)) = answers.message().await.unwrap().unwrap().result else {
        panic!("it was rejected")
    };
    *acknowledgement.record_id.parse::<uuid::Uuid>().unwrap().as_bytes()
}

fn copied(from: &Path, to: &Path) -> PathBuf {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    to.to_owned()
}

/// A key as a hub would open it.
async fn key(keys: &KeyStore, keyring: &Keyring, id: [u8; 16]) -> Option<SubjectKey> {
    let row = keys.key_fetch(id).await.unwrap()?;
    let (id, key_use) = (KeyId(row.id), KeyUse::try_from(row.usage).unwrap());
    let wrapped = WrappedKey { id, key_use, master_epoch: row.master_epoch, bytes: row.wrapped };
    Some(keyring.unwrap(&wrapped).unwrap())
}

/// How many of the sealed rows of a database can be opened: of the personal parts, and of this record.
async fn opened(database: &Path, keys_of: &Path, origin: &str, record: [u8; 16]) -> (usize, bool) {
    let (directory, with_keys) = (DataDirectory::new(database), DataDirectory::new(keys_of));
    let limits = StoreLimits::default();
    let Opened { store, mut writer, .. } = Store::open_sqlite(&directory, &limits).await.unwrap();
    let keys = KeyStore::open_sqlite(&with_keys, &limits).unwrap();
    let keyring = Keyring::load(&with_keys.keyring()).unwrap();
    let size = store.shard_fetch(0).await.unwrap().unwrap().size;
    let mut personal = 0;
    for index in 0..size {
        let entry = store.entry_fetch(0, index).await.unwrap().unwrap();
        let Some((id, sealed)) = entry.personal else { continue };
        let (_, public) = decode_leaf(&entry.leaf).unwrap();
        let aad = EntryAad { origin, entry_id: public.entry_id.try_into().unwrap() };
        if let Some(key) = key(&keys, &keyring, id).await {
            key.open(&aad.encode(), &sealed).unwrap();
            personal += 1;
        }
    }
    let revision = store.revision_fetch(record, 1).await.unwrap().unwrap();
    let aad = RecordAad { dataset: "declared-turnover", record, revision: 1 };
    let payload = match key(&keys, &keyring, revision.payload_key).await {
        Some(key) => key.open(&aad.encode(), &revision.sealed).is_ok(),
        None => false,
    };
    writer.close().await.unwrap();
    store.close().await;
    (personal, payload)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_database_cannot_be_opened_with_the_new_key_store_and_an_old_key_store_is_cleansed() {
    let mut house = House::open(UNEFOIS).await;
    let marie = Person::invented(140);
    let record = published(&house, &marie).await;
    let cnaf = house.agency("cnaf").await;
    for _ in 0..3 {
        cnaf.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap();
    }
    let origin = house.audited(SearchExchangesRequest::default()).await.pop().unwrap().origin;
    house.stop();
    let old = copied(house.data(), &house.path().join("old"));
    let with_old_keys = opened(&old, &old, &origin, record).await;
    assert!(with_old_keys.0 >= 4 && with_old_keys.1, "the test itself can open what is not erased: {with_old_keys:?}");

    house.start();
    let operator = house.agency("operator").await;
    let erased = operator.subject().erase(erase_request(&marie)).await.unwrap().into_inner();
    assert_eq!((erased.records, erased.traces), (1, 3));
    let wrapped = wrapped_bytes(&old, record).await;
    let raw = raw_key_store(house.data());
    assert!(!contains(&raw, &wrapped), "the wrapped key is still in the files of the running hub");
    house.stop();
    let after = opened(&old, house.data(), &origin, record).await;
    assert_eq!(after, (with_old_keys.0 - 3, false));

    // A key store that comes back from a backup loses the erased keys again.
    std::fs::copy(DataDirectory::new(&old).key_store(), DataDirectory::new(house.data()).key_store()).unwrap();
    house.start();
    house.stop();
    assert_eq!(opened(&old, house.data(), &origin, record).await, after);
    assert!(!contains(&raw_key_store(house.data()), &wrapped));
}

/// The wrapped payload key of a record, as the key store holds it.
async fn wrapped_bytes(directory: &Path, record: [u8; 16]) -> Vec<u8> {
    let directory = DataDirectory::new(directory);
    let opened = Store::open_sqlite(&directory, &StoreLimits::default()).await.unwrap();
    let Opened { store, mut writer, key_store: keys } = opened;
    let revision = store.revision_fetch(record, 1).await.unwrap().unwrap();
    let wrapped = keys.key_fetch(revision.payload_key).await.unwrap().unwrap().wrapped;
    writer.close().await.unwrap();
    store.close().await;
    wrapped
}

fn raw_key_store(data: &Path) -> Vec<u8> {
    let path = DataDirectory::new(data).key_store();
    let log = path.with_file_name(format!("{}-wal", path.file_name().unwrap().to_str().unwrap()));
    [std::fs::read(path).unwrap(), std::fs::read(log).unwrap_or_default()].concat()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_the_middle_of_an_erasure_leaves_everything_or_nothing() {
    let mut house = House::open(UNEFOIS).await;
    for (n, pause_millis) in (141..).zip([0, 2, 5, 10, 20, 40]) {
        let marie = Person::invented(n);
        publishes(&house, &marie, 1).await;
        let cnaf = house.agency("cnaf").await;
        let pulls = (0..200).map(|_| {
            let mut service = cnaf.exchange();
            let request = pull_request("d14-benefits", marie.by_nir());
            async move { service.pull(request).await }
        });
        futures::future::join_all(pulls).await.into_iter().for_each(|answer| drop(answer.unwrap()));
        let operator = house.agency("operator").await;
        let request = erase_request(&marie);
        let erasing = tokio::spawn(async move { operator.subject().erase(request).await });
        tokio::time::sleep(std::time::Duration::from_millis(pause_millis)).await;
        house.kill();
        let acknowledged = erasing.await.unwrap().is_ok();
        house.start();
        let about_marie = || SearchExchangesRequest {
            subject: Some(marie.by_nir()),
            consumer: "cnaf".to_owned(),
            page_size: 500,
            ..Default::default()
        };
        let found = house.audited(about_marie()).await.len();
        assert!(found == 0 || (found == 200 && !acknowledged), "{found} found, acknowledged: {acknowledged}");
        verifies(&house).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_on_its_way_during_an_erasure_leaves_nothing_of_the_person() {
    let mut house = House::open(UNEFOIS).await;
    let (operator, cnaf) = (house.agency("operator").await, house.agency("cnaf").await);
    for n in 150..158 {
        let marie = Person::invented(n);
        publishes(&house, &marie, 1).await;
        // Refusals depend on nothing that an erasure changes, so they are recorded as they were decided.
        let asking: Vec<_> = (0..150)
            .map(|call| {
                let agreement = if call % 2 == 0 { "d14-benefits" } else { "nothing" };
                let (mut service, request) = (cnaf.exchange(), pull_request(agreement, marie.by_nir()));
                tokio::spawn(async move { service.pull(request).await.map(drop) })
            })
            .collect();
        let (mut service, request) = (operator.subject(), erase_request(&marie));
        service.erase(request).await.unwrap();
        let _answered_or_refused = futures::future::join_all(asking).await;
    }
    let indexed = house.audited(SearchExchangesRequest::default()).await.first().unwrap().index;
    house.stop();
    house.start();
    let database = DataDirectory::new(house.data()).database();
    while number(&database, "SELECT next FROM index_position") <= indexed {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let erased = "SELECT count(*) FROM entry WHERE personal_key IN (SELECT id FROM erased_key)";
    assert_eq!(number(&database, erased), 0, "personal parts under a destroyed key");
    let marks = "SELECT count(*) FROM entry_subject s JOIN entry e USING (slot, idx) WHERE e.personal_key IS NULL";
    assert_eq!(number(&database, marks), 0, "search rows of erased entries");
    assert_eq!(number(&database, "SELECT count(*) FROM erasure WHERE done_at IS NULL"), 0);
    assert_eq!(number(&database, "SELECT count(*) FROM erasure_search"), 0);
    verifies(&house).await;
}
