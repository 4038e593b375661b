//! Faults that we did not choose: failing commits, kills, restored backups, foreign files.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::StreamExt;
use tonic::Code;
use unefois_client::{Pulled, Refused, RetryPolicy, pull};
use unefois_ledger::verify_export;
use unefois_testkit::{House, HouseSettings, Person, pull_request, turnover_of};

const UNEFOIS: &str = env!("CARGO_BIN_EXE_unefois");

/// Runs SQL on a database file by an SQLite that is not ours.
fn sql(database: &Path, statement: &str) {
    let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=10); c.executescript(sys.argv[2])";
    #[allow(clippy::disallowed_methods, reason = "the test command says in the environment which Python to use")]
    let python = std::env::var("UNEFOIS_PYTHON").unwrap_or_else(|_unset| "python3".to_owned());
    let status = Command::new(python).args(["-c", script]).arg(database).arg(statement).status().unwrap();
    assert!(status.success(), "{statement}");
}

async fn house_with(person: &Person) -> House {
    let house = House::open(UNEFOIS).await;
    publishes(&house, person, 100).await;
    house
}

async fn publishes(house: &House, person: &Person, cents: i64) {
    let items = futures::stream::iter([turnover_of(person, cents)]);
    let answers = unefois_client::publish(&house.agency("urssaf").await, items).await.unwrap();
    assert_eq!(answers.count().await, 1);
}

async fn verifies(house: &House) -> Vec<u8> {
    let export = house.exported().await;
    verify_export(export.as_slice(), &house.public_key().await, None).unwrap();
    export
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_when_the_entry_cannot_be_committed() {
    let marie = Person::invented(90);
    let house = house_with(&marie).await;
    let cnaf = house.agency("cnaf").await;
    let mut request = pull_request("d14-benefits", marie.by_nir());
    request.context.as_mut().unwrap().request_id = Some("failing".to_owned());
    let database = house.data().join("hub.db");
    sql(&database, "CREATE TRIGGER fail BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'injected'); END;");
    let status = cnaf.exchange().pull(request.clone()).await.unwrap_err();
    let refused = Refused::from_status(&status);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::Unavailable, "COMMIT_UNKNOWN"));
    assert!(refused.is_retryable() && refused.retry_after.is_some());
    sql(&database, "DROP TRIGGER fail;");
    let answer = pull(&cnaf, request, &RetryPolicy::never()).await.unwrap();
    answer.verify(&house.public_key().await).unwrap();
    verifies(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_receipt_given_before_a_kill_is_in_the_ledger_exactly_once() {
    let marie = Person::invented(91);
    let mut house = house_with(&marie).await;
    let received: Arc<Mutex<Vec<Pulled>>> = Arc::default();
    for round in 0..3 {
        let cnaf = house.agency("cnaf").await;
        let pulling: Vec<_> = (0..8)
            .map(|_| {
                let (cnaf, marie, received) = (cnaf.clone(), marie.clone(), Arc::clone(&received));
                tokio::spawn(async move {
                    loop {
                        let request = pull_request("d14-benefits", marie.by_nir());
                        let Ok(answer) = pull(&cnaf, request, &RetryPolicy::never()).await else { return };
                        received.lock().unwrap().push(answer);
                    }
                })
            })
            .collect();
        let due = (round + 1) * 100;
        while received.lock().unwrap().len() < due {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        house.kill();
        for task in pulling {
            task.await.unwrap();
        }
        house.start();
        publishes(&house, &marie, 100 + i64::try_from(round).unwrap()).await;
    }
    let key = house.public_key().await;
    let export = String::from_utf8(verifies(&house).await).unwrap();
    let mut entries: BTreeMap<u64, usize> = BTreeMap::new();
    for line in export.lines().filter_map(|line| line.strip_prefix("entry ")) {
        *entries.entry(line.split(' ').next().unwrap().parse().unwrap()).or_default() += 1;
    }
    for answer in received.lock().unwrap().iter() {
        answer.verify(&key).unwrap();
        assert_eq!(entries.get(&answer.receipt.index), Some(&1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_hub_on_one_data_directory_is_refused() {
    let house = House::open(UNEFOIS).await;
    let said = house.try_start().unwrap_err();
    assert!(said.contains("in use by another hub"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_is_refused_because_the_outside_checkpoint_is_ahead() {
    let marie = Person::invented(92);
    let mut house = house_with(&marie).await;
    house.stop();
    let backup = std::fs::read(house.data().join("hub.db")).unwrap();
    assert!(!house.data().join("hub.db-wal").exists(), "a hub that stops folds its log into the database");
    house.start();
    publishes(&house, &marie, 200).await;
    house.stop();
    std::fs::write(house.data().join("hub.db"), backup).unwrap();
    let said = house.try_start().unwrap_err();
    assert!(said.contains("restored backup"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_ledger_is_refused_at_the_start() {
    let mut house = house_with(&Person::invented(93)).await;
    house.stop();
    sql(&house.data().join("hub.db"), "UPDATE entry SET leaf_hash = zeroblob(32) WHERE idx = 3;");
    let said = house.try_start().unwrap_err();
    assert!(said.contains("error:") && !said.is_empty(), "{said}");
}

#[test]
fn a_file_that_is_not_ours_and_a_missing_keyring_are_named() {
    let house = House::build(UNEFOIS, &HouseSettings::default());
    std::fs::create_dir_all(house.data()).unwrap();
    std::fs::write(house.data().join("hub.db"), "a letter to my aunt, which is no database").unwrap();
    let said = house.try_start().unwrap_err();
    assert!(said.contains("keyring.toml"), "a database without its secrets: {said}");

    let house = House::build(UNEFOIS, &HouseSettings::default());
    drop(house.try_start().unwrap());
    std::fs::remove_file(house.data().join("hub.db")).unwrap();
    let foreign = house.data().join("hub.db");
    std::fs::write(&foreign, "a letter to my aunt, which is no database").unwrap();
    let said = house.try_start().unwrap_err();
    assert!(said.contains("is not a database of this hub"), "{said}");
    assert_eq!(std::fs::read(&foreign).unwrap(), b"a letter to my aunt, which is no database", "it is left as it is");
    std::fs::remove_file(&foreign).unwrap();
    sql(&foreign, "CREATE TABLE letter (text);");
    let said = house.try_start().unwrap_err();
    assert!(said.contains("is not a database of this hub"), "{said}");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let house = House::build(UNEFOIS, &HouseSettings::default());
    let config = house.path().join("unefois.toml");
    let address = taken.local_addr().unwrap().to_string();
    let text = std::fs::read_to_string(&config).unwrap().replace("127.0.0.1:0", &address);
    std::fs::write(&config, text).unwrap();
    let said = house.try_start().unwrap_err();
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversize_message_is_refused_and_the_hub_goes_on() {
    let marie = Person::invented(94);
    let house = house_with(&marie).await;
    let cnaf = house.agency("cnaf").await;
    let mut request = pull_request("d14-benefits", marie.by_nir());
    request.context.as_mut().unwrap().case_reference = "x".repeat(6 * 1024 * 1024);
    let mut service =
        unefois_proto::pb::exchange::v1::exchange_service_client::ExchangeServiceClient::new(cnaf.channel());
    let status = service.pull(request).await.unwrap_err();
    assert!(matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted), "{status:?}");
    pull(&cnaf, pull_request("d14-benefits", marie.by_nir()), &RetryPolicy::never()).await.unwrap();
}
