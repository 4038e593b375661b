//! Schemas of other versions, and several that bring one up to date.

use std::thread;

use unefois_testkit::{House, Person};

use super::{asked, foreign::contents_of, on_postgres};
use crate::{UNEFOIS, house_of, verifies};

const DATABASES: [&str; 2] = ["hub", "keys"];

/// What a node that does not come up says.
fn refusal(house: &House) -> String {
    house.try_start().expect_err("it must not come up")
}

fn migrates(house: &House) -> (bool, String, String) {
    let config = house.path().join("unefois.toml");
    house.runs(&["migrate", "--config", config.to_str().unwrap()], "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_a_node_does_not_know_is_refused_with_what_to_do_and_left_as_it_is() {
    let mut house = house_of(&Person::invented(3_000), &on_postgres("")).await;
    house.stop();
    let alterations = [
        ("DELETE FROM _sqlx_migrations", "run `unefois migrate`"),
        (
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'later', true, '', 0)",
            "run the version that applied it, or a newer one",
        ),
        ("UPDATE _sqlx_migrations SET checksum = ''", "it is another program's database"),
    ];
    for database in DATABASES {
        for (alteration, due) in alterations {
            let history = "CREATE TABLE kept AS TABLE _sqlx_migrations";
            let restores = "DELETE FROM _sqlx_migrations; INSERT INTO _sqlx_migrations TABLE kept; DROP TABLE kept";
            let postgres = house.postgres().unwrap();
            postgres.runs_sql(database, &format!("{history}; {alteration}"));
            let before = contents_of(&house, &DATABASES);
            let said = refusal(&house);
            assert!(said.contains(due) && said.contains(&format!("/{database}`")), "{alteration}: {said}");
            if !alteration.starts_with("DELETE") {
                let (is_done, _, said) = migrates(&house);
                assert!(!is_done && said.contains("error: "), "{alteration}: it cannot be migrated either: {said}");
            }
            assert!(contents_of(&house, &DATABASES) == before, "{alteration}: {database} is as it was");
            postgres.runs_sql(database, restores);
        }
    }
    house.start();
    verifies(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_that_migrate_one_hub_at_once_are_one_after_the_other() {
    let house = House::build(UNEFOIS, &on_postgres(""));
    let told: Vec<_> = thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| migrates(&house))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    for (is_done, _, errors) in &told {
        assert!(is_done, "{errors}");
    }
    assert_eq!(asked(&house, "SELECT count(*) FROM hub"), "1");
    let made = told.iter().filter(|(_, said, _)| said.contains("made the secrets")).count();
    assert_eq!(made, 1, "one of them made the secrets: {told:?}");
    let house = house.started();
    house.applies(unefois_testkit::DEMONSTRATION_REGISTRY).await.unwrap();
    verifies(&house).await;
}
