//! Houses on PostgreSQL, with a program in the place of the hub that notes how it is run.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use unefois_testkit::{House, HouseSettings, Storage};

/// Notes its arguments, and listens where nobody is. It fails to migrate while there is a file `broken`.
const STAND_IN: &str = r#"#!/bin/sh
echo "$1" >> "$(dirname "$0")/runs"
case "$1" in
migrate) if [ -e "$(dirname "$0")/broken" ]; then echo "cannot migrate" >&2; exit 1; fi ;;
serve) echo "listening on 127.0.0.1:1"; exec sleep 600 ;;
esac
"#;

fn stand_in(folder: &Path) -> PathBuf {
    let program = folder.join("unefois");
    fs::write(&program, STAND_IN).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

fn on(storage: Storage, program: &Path) -> House {
    House::build(program.to_str().unwrap(), &HouseSettings { storage, ..HouseSettings::default() })
}

fn configuration(house: &House) -> String {
    fs::read_to_string(house.path().join("unefois.toml")).unwrap()
}

fn databases(house: &House) -> String {
    house.postgres().unwrap().runs_sql("postgres", "SELECT datname FROM pg_database WHERE datdba <> 10 ORDER BY 1")
}

#[test]
fn the_tables_are_made_once_before_the_first_node_starts() {
    let folder = TempDir::new().unwrap();
    let mut house = on(Storage::Postgres, &stand_in(folder.path()));
    let runs = || fs::read_to_string(folder.path().join("runs")).unwrap();
    fs::write(folder.path().join("broken"), "").unwrap();
    assert_eq!(house.try_start().unwrap_err(), "cannot migrate\n");
    fs::remove_file(folder.path().join("broken")).unwrap();
    house.start();
    let second = house.second_node().started();
    house.kill();
    house.start();
    assert_eq!(runs(), "migrate\nmigrate\nserve\nserve\nserve\n");
    drop(second);
}

#[test]
fn a_second_node_shares_everything_but_its_folder() {
    let folder = TempDir::new().unwrap();
    let house = on(Storage::Postgres, &stand_in(folder.path()));
    let second = house.second_node();
    assert_eq!(configuration(&house), configuration(&second));
    assert_ne!(house.data(), second.data());
    assert!(std::ptr::eq(house.postgres().unwrap(), second.postgres().unwrap()));
    for shared in [house.data().join("keyring.toml"), house.path().join("outside")] {
        assert!(configuration(&second).contains(&format!("{shared:?}")));
    }
    assert_eq!(databases(&house), "hub\nkeys");
}

#[test]
fn a_hub_beside_another_shares_the_server_and_nothing_in_it() {
    let folder = TempDir::new().unwrap();
    let house = on(Storage::Postgres, &stand_in(folder.path()));
    let beside = house.beside();
    assert_eq!(databases(&house), "hub\nhub_1\nkeys\nkeys_1");
    for (house, database) in [(&house, "hub"), (&beside, "hub_1")] {
        let url = house.postgres().unwrap().url(database);
        assert!(configuration(house).contains(&format!("\nurl = {url:?}\n")));
        assert!(configuration(house).contains(&format!("{:?}", house.path().join("outside"))));
    }
}

#[test]
fn a_house_on_the_embedded_store_has_no_server_and_migrates_nothing() {
    let folder = TempDir::new().unwrap();
    let house = on(Storage::Sqlite, &stand_in(folder.path())).started();
    assert!(house.postgres().is_none() && !configuration(&house).contains("[storage]"));
    assert_eq!(configuration(&house), configuration(&house.beside()));
    assert_eq!(fs::read_to_string(folder.path().join("runs")).unwrap(), "serve\n");
}
