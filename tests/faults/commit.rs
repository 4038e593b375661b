//! Commits that fail: nothing is released, nothing is half done, and the caller may try again.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
    time::Duration,
};

use tonic::{Code, Status};
use unefois_client::{Refused, RetryPolicy, pull};
use unefois_proto::pb::audit::v1::GetCheckpointRequest;
use unefois_testkit::{House, HouseSettings, Person, pull_request, reason_of};

use crate::{
    UNEFOIS,
    calls::{Cast, answered, grant_of, refused},
    change::Change,
    house_with, publishes, python, verifies,
};

/// How long a hub may take to end when it must.
const PATIENCE: Duration = Duration::from_secs(30);

/// A way to make every commit fail, and how to undo it.
struct Injection {
    name: &'static str,
    install: Change,
    remove: Change,
}

const INJECTIONS: [Injection; 3] = [
    Injection {
        name: "the entry cannot be inserted",
        install: Change {
            sqlite: "CREATE TRIGGER fail BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'injected'); END;",
            postgres: "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'injected'; END $$; \
                       CREATE TRIGGER fail BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION fail();",
        },
        remove: Change { sqlite: "DROP TRIGGER fail;", postgres: "DROP FUNCTION fail CASCADE;" },
    },
    Injection {
        name: "the shard cannot advance",
        install: Change {
            sqlite: "CREATE TRIGGER fail BEFORE UPDATE OF size ON shard WHEN new.size > old.size \
                     BEGIN SELECT RAISE(ABORT, 'injected'); END;",
            postgres: "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'injected'; END $$; \
                       CREATE TRIGGER fail BEFORE UPDATE OF size ON shard \
                       FOR EACH ROW WHEN (new.size > old.size) EXECUTE FUNCTION fail();",
        },
        remove: Change { sqlite: "DROP TRIGGER fail;", postgres: "DROP FUNCTION fail CASCADE;" },
    },
    // Everything is written, and the commit itself is what fails.
    Injection {
        name: "the commit is refused",
        install: Change {
            sqlite: "CREATE TABLE broken (subject BLOB REFERENCES subject (id) DEFERRABLE INITIALLY DEFERRED); \
                     CREATE TRIGGER fail AFTER INSERT ON entry BEGIN INSERT INTO broken VALUES (x'00'); END;",
            postgres: "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'injected'; END $$; \
                       CREATE CONSTRAINT TRIGGER fail AFTER UPDATE OF size ON shard DEFERRABLE INITIALLY DEFERRED \
                       FOR EACH ROW WHEN (new.size > old.size) EXECUTE FUNCTION fail();",
        },
        remove: Change { sqlite: "DROP TRIGGER fail; DROP TABLE broken;", postgres: "DROP FUNCTION fail CASCADE;" },
    },
];

async fn checkpoint(house: &House) -> String {
    let auditor = house.agency("cour-des-comptes").await;
    auditor.audit().get_checkpoint(GetCheckpointRequest::default()).await.unwrap().into_inner().checkpoint
}

/// The cast of the calls: what must be there before anything fails.
async fn cast(house: &House) -> Cast {
    let [known, new, met] = [95, 96, 97].map(Person::invented);
    publishes(house, &known, 100).await;
    let cnaf = house.agency("cnaf").await;
    for subject in [met.by_siren(), met.by_siret()] {
        let status = cnaf.exchange().pull(pull_request("d14-benefits", subject)).await.unwrap_err();
        assert_eq!(reason_of(&status), "NOT_FOUND");
    }
    let granted = house.agency("portail").await.consent().grant(grant_of(&known)).await.unwrap().into_inner();
    Cast { known, new, met, consent: granted.consent.unwrap().consent_id }
}

fn assert_retryable(status: &Status, what: &str) {
    let refused = Refused::from_status(status);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::Unavailable, "COMMIT_UNKNOWN"), "{what}");
    assert!(refused.is_retryable() && refused.retry_after.is_some(), "{what}");
    assert_eq!(refused.exchange_id, None, "{what}: no entry records it");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_nothing_leaves_when_the_entry_cannot_be_committed() {
    for Injection { name: injection, install, remove } in INJECTIONS {
        let house = House::open(UNEFOIS).await;
        let cast = cast(&house).await;
        let before = checkpoint(&house).await;
        install.made_in(&house);
        for (name, call) in answered(&house, &cast).await {
            assert_retryable(&call.await.unwrap_err(), &format!("{injection}: {name}"));
        }
        for ((name, call), _) in refused(&house, &cast).await {
            assert_retryable(&call.await.unwrap_err(), &format!("{injection}: {name}"));
        }
        assert_eq!(checkpoint(&house).await, before, "{injection}: the ledger did not grow");
        remove.made_in(&house);
        for (name, call) in answered(&house, &cast).await {
            call.await.unwrap_or_else(|status| panic!("{injection}: {name}, afterwards: {status:?}"));
        }
        for ((name, call), due) in refused(&house, &cast).await {
            assert_eq!(reason_of(&call.await.unwrap_err()), due, "{injection}: {name}, afterwards");
        }
        // The person whose first record failed is whole.
        let cnaf = house.agency("cnaf").await;
        for subject in [cast.new.by_nir(), cast.new.by_siren()] {
            let answer = pull(&cnaf, pull_request("d14-benefits", subject), &RetryPolicy::never()).await.unwrap();
            answer.verify(&house.public_key().await).unwrap();
        }
        verifies(&house).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_may_be_sent_again_after_a_commit_that_failed() {
    let marie = Person::invented(90);
    let house = house_with(&marie).await;
    let cnaf = house.agency("cnaf").await;
    let mut request = pull_request("d14-benefits", marie.by_nir());
    request.context.as_mut().unwrap().request_id = Some("failing".to_owned());
    let [Injection { install, remove, .. }, ..] = INJECTIONS;
    install.made_in(&house);
    assert_retryable(&cnaf.exchange().pull(request.clone()).await.unwrap_err(), "the first time");
    remove.made_in(&house);
    let first = pull(&cnaf, request.clone(), &RetryPolicy::never()).await.unwrap();
    first.verify(&house.public_key().await).unwrap();
    install.made_in(&house);
    assert_retryable(&cnaf.exchange().pull(request.clone()).await.unwrap_err(), "a repeat is recorded too");
    remove.made_in(&house);
    let again = pull(&cnaf, request, &RetryPolicy::never()).await.unwrap();
    assert_eq!(again.receipt.index, first.receipt.index);
    verifies(&house).await;
}

/// Another program that holds the write lock of the database until it is dropped.
struct Holding(Child);

impl Holding {
    fn lock(database: &Path) -> Self {
        let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None); \
                      c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()";
        let mut child =
            python().args(["-c", script]).arg(database).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "held");
        Self(child)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ended = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_another_program_locks_costs_a_retry_and_no_more() {
    let more = "[limits.store]\nlock-wait-max = \"200ms\"\n".to_owned();
    let house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    let marie = Person::invented(98);
    publishes(&house, &marie, 100).await;
    let cnaf = house.agency("cnaf").await;
    let holding = Holding::lock(&house.data().join("hub.db"));
    let status = cnaf.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap_err();
    assert_retryable(&status, "while it is locked");
    drop(holding);
    pull(&cnaf, pull_request("d14-benefits", marie.by_nir()), &RetryPolicy::never()).await.unwrap();
    verifies(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_cannot_write_its_outside_checkpoint_releases_nothing_and_stops() {
    let marie = Person::invented(99);
    let mut house = house_with(&marie).await;
    let cnaf = house.agency("cnaf").await;
    let outside = house.outside_checkpoint();
    let kept = std::fs::read(&outside).unwrap();
    std::fs::remove_file(&outside).unwrap();
    std::fs::create_dir(&outside).unwrap();
    let status = cnaf.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap_err();
    // Its last word may not reach the caller before the connection breaks.
    let is_broken = std::error::Error::source(&status).is_some();
    assert!(is_broken || status.code() == Code::Unavailable, "{status:?}");
    let stopped = async {
        while !house.log().contains("the ledger cannot be written any more") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, stopped).await.unwrap();
    house.kill();
    std::fs::remove_dir(&outside).unwrap();
    std::fs::write(&outside, kept).unwrap();
    house.start();
    verifies(&house).await;
}
