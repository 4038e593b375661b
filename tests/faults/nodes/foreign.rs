//! Starts on what is another hub's: they are refused with its name, and nothing is touched.

use unefois_testkit::{House, Person};

use super::on_postgres;
use crate::{house_of, publishes, verifies};

/// Everything that a database holds.
fn contents(house: &House, database: &str) -> String {
    let every_table = "SELECT coalesce(string_agg(table_name || query_to_xml(
             format('SELECT * FROM %I t ORDER BY t::text', table_name), true, true, '')::text, '' ORDER BY table_name), '')
         FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";
    house.postgres().unwrap().runs_sql(database, every_table)
}

const DATABASES: [&str; 4] = ["hub", "keys", "hub_1", "keys_1"];

pub(super) fn contents_of(house: &House, databases: &[&str]) -> Vec<String> {
    databases.iter().map(|database| contents(house, database)).collect()
}

/// What the node that does not come up on that configuration says last.
fn refusal(house: &House, configuration: &str) -> String {
    let file = house.path().join("unefois.toml");
    let own = std::fs::read_to_string(&file).unwrap();
    assert_ne!(own, configuration, "something is wrong with it");
    std::fs::write(&file, configuration).unwrap();
    let said = house.try_start().expect_err("it must not come up");
    std::fs::write(&file, own).unwrap();
    let (_, last) = said.rsplit_once("error: ").unwrap_or_else(|| panic!("no error is named: {said}"));
    last.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_the_databases_or_secrets_of_another_hub_is_refused_and_nothing_is_touched() {
    let mut house = house_of(&Person::invented(4_000), &on_postgres("")).await;
    let mut other = house.beside().started();
    other.applies(unefois_testkit::DEMONSTRATION_REGISTRY).await.unwrap();
    publishes(&other, &Person::invented(4_001), 200).await;
    house.stop();
    other.stop();
    let own = std::fs::read_to_string(house.path().join("unefois.toml")).unwrap();
    let keyring = |house: &House| format!("keyring = {:?}", house.data().join("keyring.toml"));
    let before = contents_of(&house, &DATABASES);

    let wrongs = [
        ("another name", own.replace("[hub]\n", "[hub]\nname = \"another\"\n"), "set `hub.name` as it was"),
        ("other secrets", own.replace(&keyring(&house), &keyring(&other)), "the hub cannot be opened"),
        ("another's key store", own.replace("/keys\"", "/keys_1\""), "is not the one of this hub"),
        ("another's database", own.replace("/hub\"", "/hub_1\""), "is not the one of this hub"),
        (
            "another's databases",
            own.replace("/hub\"", "/hub_1\"").replace("/keys\"", "/keys_1\""),
            "the hub cannot be opened",
        ),
        (
            "both trade places",
            own.replace("/hub\"", "/trade\"").replace("/keys\"", "/hub\"").replace("/trade\"", "/keys\""),
            "it is another program's database",
        ),
        ("the key store is the database", own.replace("/keys\"", "/hub\""), "it is another program's database"),
    ];
    for (what, configuration, due) in wrongs {
        let said = refusal(&house, &configuration);
        assert!(said.contains(due), "{what}: {said}");
        assert!(!said.contains("postgresql://unefois:"), "{what}: no password is told: {said}");
        assert!(contents_of(&house, &DATABASES) == before, "{what}: the databases are as they were");
    }
    house.start();
    other.start();
    verifies(&house).await;
    verifies(&other).await;
}
