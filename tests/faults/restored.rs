//! Databases that are not what the hub left: a restored backup, an altered ledger, an empty one.

use unefois_testkit::{House, Person};

use crate::{
    change::Change,
    house_with, publishes,
    start::{put_back, refusal},
    verifies,
};

/// The database as it was when the hub had stopped.
enum Backup {
    File(Vec<u8>),
    /// The name of a copy.
    Database(String),
}

impl Backup {
    fn of(house: &House, name: &str) -> Self {
        match house.postgres() {
            None => {
                let log = house.data().join("hub.db-wal");
                assert!(!log.exists(), "a hub that stops folds its log into the database");
                Self::File(std::fs::read(house.data().join("hub.db")).unwrap())
            }
            Some(postgres) => {
                postgres.connections_cut("hub");
                postgres.database_copy("hub", name);
                Self::Database(name.to_owned())
            }
        }
    }

    fn put_back(&self, house: &House) {
        match self {
            Self::File(bytes) => put_back(&house.data().join("hub.db"), bytes),
            Self::Database(name) => {
                let postgres = house.postgres().unwrap();
                postgres.database_drop("hub");
                postgres.database_copy(name, "hub");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_is_refused_because_the_outside_checkpoint_is_ahead() {
    let marie = Person::invented(92);
    let mut house = house_with(&marie).await;
    house.stop();
    let backup = Backup::of(&house, "backup");
    house.start();
    publishes(&house, &marie, 200).await;
    house.stop();
    let newest = Backup::of(&house, "newest");
    backup.put_back(&house);
    let said = refusal(&house);
    for due in ["restored backup", "outside checkpoint", "Restore the newest one"] {
        assert!(said.contains(due), "{said}");
    }
    newest.put_back(&house);
    house.start();
    verifies(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_ledger_is_refused_at_the_start() {
    let mut house = house_with(&Person::invented(93)).await;
    house.stop();
    let kept = Backup::of(&house, "kept");
    let alterations = [
        Change {
            sqlite: "UPDATE entry SET leaf_hash = zeroblob(32) WHERE idx = 3;",
            postgres: "UPDATE entry SET leaf_hash = decode(repeat('00', 32), 'hex') WHERE idx = 3;",
        },
        Change::of("DELETE FROM entry WHERE idx = (SELECT max(idx) FROM entry);"),
        Change::of("UPDATE shard SET size = size - 1;"),
        Change::of("UPDATE shard SET origin = 'another/shard/0';"),
        Change::of("UPDATE shard SET checkpoint = replace(checkpoint, 'unefois', 'unefoix');"),
        Change::of("UPDATE shard SET checkpoint = '', size = 0; DELETE FROM entry;"),
    ];
    for alteration in alterations {
        alteration.made_in(&house);
        let said = refusal(&house);
        assert!(said.contains("the hub cannot be opened"), "{alteration:?}: {said}");
        kept.put_back(&house);
    }
    house.start();
    verifies(&house).await;
}
