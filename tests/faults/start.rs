//! Starts that must not happen: another hub, files that are missing, foreign or restored, a configuration that is wrong.

use std::{fs, path::Path};

use unefois_testkit::{House, HouseSettings, Person};

use crate::{UNEFOIS, house_with, publishes, sql, verifies};

/// What a hub that does not come up says last.
pub(crate) fn refusal(house: &House) -> String {
    let said = house.try_start().unwrap_err();
    let (_, last) = said.rsplit_once("error: ").unwrap_or_else(|| panic!("no error is named: {said}"));
    last.to_owned()
}

/// Puts a database back as it was read, without what was written beside it since.
pub(crate) fn put_back(database: &Path, bytes: &[u8]) {
    for suffix in ["-wal", "-shm"] {
        let mut beside = database.as_os_str().to_owned();
        beside.push(suffix);
        let _absent = fs::remove_file(beside);
    }
    fs::write(database, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_hub_on_one_data_directory_is_refused() {
    let house = house_with(&Person::invented(89)).await;
    let said = refusal(&house);
    assert!(said.contains("in use by another hub"), "{said}");
    verifies(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_copy_of_a_running_hub_is_refused_whatever_lies_beside_its_database() {
    let marie = Person::invented(83);
    let mut house = house_with(&marie).await;
    house.kill();
    let older = copies(&house);
    assert!(older.iter().all(Option::is_some), "a hub that was killed leaves its log");
    house.start();
    publishes(&house, &marie, 200).await;
    house.kill();
    let newest = copies(&house);
    let mut without_log = older.clone();
    without_log[1..].fill(None);
    for restored in [&older, &without_log] {
        restore(&house, restored);
        let said = refusal(&house);
        assert!(said.contains("outside checkpoint"), "{said}");
    }
    restore(&house, &newest);
    house.start();
    verifies(&house).await;
}

/// The database and what lies beside it.
const OF_DATABASE: [&str; 3] = ["hub.db", "hub.db-wal", "hub.db-shm"];

fn copies(house: &House) -> Vec<Option<Vec<u8>>> {
    OF_DATABASE.iter().map(|name| fs::read(house.data().join(name)).ok()).collect()
}

/// Puts copies in the place of the database and of what lies beside it.
fn restore(house: &House, copies: &[Option<Vec<u8>>]) {
    for (name, copy) in OF_DATABASE.iter().zip(copies) {
        let file = house.data().join(name);
        let _absent = fs::remove_file(&file);
        if let Some(bytes) = copy {
            fs::write(file, bytes).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_vanished_is_not_begun_anew() {
    let mut house = house_with(&Person::invented(88)).await;
    house.stop();
    let database = house.data().join("hub.db");
    let kept = fs::read(&database).unwrap();
    fs::remove_file(&database).unwrap();
    let said = refusal(&house);
    assert!(said.contains("outside checkpoint"), "{said}");
    put_back(&database, &kept);
    house.start();
    verifies(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outside_checkpoint_that_was_altered_is_refused() {
    let mut house = house_with(&Person::invented(87)).await;
    house.stop();
    let outside = house.outside_checkpoint();
    let kept = fs::read(&outside).unwrap();
    for position in [0, kept.len() / 2, kept.len() - 5] {
        let mut altered = kept.clone();
        altered[position] ^= 1;
        fs::write(&outside, altered).unwrap();
        let said = refusal(&house);
        assert!(said.contains("the hub cannot be opened"), "byte {position}: {said}");
    }
    fs::write(&outside, kept).unwrap();
    house.start();
    verifies(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_that_are_missing_or_of_another_hub_are_named_and_nothing_is_touched() {
    let mut house = house_with(&Person::invented(86)).await;
    house.stop();
    let (keyring, database) = (house.data().join("keyring.toml"), house.data().join("hub.db"));
    let kept = fs::read(&database).unwrap();
    let own = house.data().join("kept");
    fs::rename(&keyring, &own).unwrap();
    let said = refusal(&house);
    assert!(said.contains("keyring.toml"), "{said}");
    assert!(!keyring.exists(), "no new secrets are made for an old database");

    let other = House::build(UNEFOIS, &HouseSettings::default());
    drop(other.try_start().unwrap());
    fs::copy(other.data().join("keyring.toml"), &keyring).unwrap();
    let said = refusal(&house);
    assert!(said.contains("the hub cannot be opened"), "{said}");
    fs::write(&keyring, "pseudonym_root = \"short\"\n").unwrap();
    let said = refusal(&house);
    assert!(said.contains("keyring.toml") && !said.contains("short"), "{said}");
    fs::remove_file(&keyring).unwrap();
    fs::rename(&own, &keyring).unwrap();
    assert!(fs::read(&database).unwrap() == kept, "the database is as it was");
    house.start();
    verifies(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_store_that_vanished_is_not_begun_anew() {
    let mut house = house_with(&Person::invented(85)).await;
    house.stop();
    let keys = house.data().join("keys.db");
    let kept = fs::read(&keys).unwrap();
    fs::remove_file(&keys).unwrap();
    let said = refusal(&house);
    assert!(said.contains("keys.db"), "{said}");
    put_back(&keys, &kept);
    house.start();
    verifies(&house).await;
}

#[test]
fn a_file_that_is_not_ours_is_named_and_left_as_it_is() {
    let letter = b"a letter to my aunt, which is no database";
    for name in ["hub.db", "keys.db"] {
        let house = House::build(UNEFOIS, &HouseSettings::default());
        drop(house.try_start().unwrap());
        let file = house.data().join(name);
        for beside in ["", "-wal", "-shm"] {
            let _absent = fs::remove_file(house.data().join(format!("{name}{beside}")));
        }
        fs::write(&file, letter).unwrap();
        let said = refusal(&house);
        assert!(said.contains(&format!("{name}` is not a database of this hub")), "{said}");
        assert_eq!(fs::read(&file).unwrap(), letter, "it is left as it is");
        fs::remove_file(&file).unwrap();
        sql(&file, "CREATE TABLE letter (text);");
        let foreign = fs::read(&file).unwrap();
        let said = refusal(&house);
        assert!(said.contains(&format!("{name}` is not a database of this hub")), "{said}");
        assert!(fs::read(&file).unwrap() == foreign, "it is left as it is");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_this_program_does_not_know_is_refused() {
    let mut house = house_with(&Person::invented(84)).await;
    house.stop();
    sql(
        &house.data().join("hub.db"),
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of the future', 1, x'00', 0);",
    );
    let said = refusal(&house);
    assert!(said.contains("hub.db") && said.contains("run the version that applied it, or a newer one"), "{said}");
}

/// Changes the configuration of a house that was not started yet.
fn reconfigure(house: &House, from: &str, to: &str) {
    let config = house.path().join("unefois.toml");
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(config, text.replace(from, to)).unwrap();
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let house = House::build(UNEFOIS, &HouseSettings::default());
    let address = taken.local_addr().unwrap().to_string();
    reconfigure(&house, "127.0.0.1:0", &address);
    let said = refusal(&house);
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    assert!(!house.data().exists(), "nothing is begun");
}

#[test]
fn a_configuration_that_cannot_be_used_is_named() {
    let cases: [(&str, &str, &str); 5] = [
        ("[server]", "[server]\nlisten-on = 1", "listen-on"),
        ("[hub]", "[hub]\ntrust-domain = \"not a domain\"", "trust-domain"),
        ("sandbox = []", "sandbox = [\"13002526500001\"]", "identifiers.sandbox"),
        ("[hub]", "[log]\nlevel = \"=,=\"\n[hub]", "log.level"),
        ("[hub]", "[hub", "unefois.toml"),
    ];
    for (from, to, named) in cases {
        let house = House::build(UNEFOIS, &HouseSettings::default());
        reconfigure(&house, from, to);
        let said = refusal(&house);
        assert!(said.contains(named), "{to}: {said}");
    }
}

/// What is wrong with a file, and how it comes to be.
type Spoil = (&'static str, fn(&Path));

#[test]
fn a_certificate_or_key_of_the_server_that_cannot_be_used_is_named() {
    let spoils: [Spoil; 3] = [
        ("missing", |file| fs::remove_file(file).unwrap()),
        ("no PEM", |file| fs::write(file, "a letter").unwrap()),
        ("empty", |file| fs::write(file, "").unwrap()),
    ];
    for (what, spoil) in spoils {
        let house = House::build(UNEFOIS, &HouseSettings::default());
        let server = house.pki().client("hub", "server");
        for file in [server.certificate, server.key, house.pki().ca()] {
            let kept = fs::read(&file).unwrap();
            spoil(&file);
            let said = refusal(&house);
            assert!(said.contains(file.file_name().unwrap().to_str().unwrap()), "{what}: {said}");
            fs::write(&file, kept).unwrap();
        }
        drop(house.try_start().unwrap());
    }
}
