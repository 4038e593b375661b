//! A database of each earlier schema is migrated and still answers; one of any other schema is refused.

use rusqlite::params;
use sqlx::{Connection, PgConnection, migrate::Migrator};
use tempfile::TempDir;
use unefois_core::{Consent, Cursor, EventKind, PARTITIONS, SubjectKind, Telling};
use unefois_store::{
    DataDirectory, DossierAsked, Error, Fence, Migrated, NewEvent, QuotaOf, QuotaShare, Reach, Search, Shard,
    StorageSettings, Store, SubjectRow, SubscriptionCursor, TraitsFirst,
};
use unefois_testkit::PostgresCluster;

use crate::{
    rows::{
        LARGEST, NOW, asked, attempt, claim, consent, consent_id, dead_letter, digest, dossier, entry, entry_about,
        event, event_id, id, key, place, publication, registry_item, revision, subscription, subscription_id, tile,
        trace_key,
    },
    scene::{Place, Scene, limits, origin, server},
};

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static SQLITE_KEYS: Migrator = sqlx::migrate!("../../migrations/sqlite-keys");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");
static POSTGRES_KEYS: Migrator = sqlx::migrate!("../../migrations/postgres-keys");

/// What a database holds since each of its migrations, in the words of that migration.
const SQLITE_ROWS: &[&str] = &[
    include_str!("migration/sqlite-0001.sql"),
    include_str!("migration/sqlite-0002.sql"),
    include_str!("migration/sqlite-0003.sql"),
    include_str!("migration/sqlite-0004.sql"),
];
const SQLITE_KEYS_ROWS: &[&str] = &[include_str!("migration/sqlite-keys-0001.sql")];
const POSTGRES_ROWS: &[&str] = &[
    include_str!("migration/postgres-0001.sql"),
    include_str!("migration/postgres-0002.sql"),
    include_str!("migration/postgres-0003.sql"),
];
const POSTGRES_KEYS_ROWS: &[&str] = &[include_str!("migration/postgres-keys-0001.sql")];

/// Since which migration of each database erasures are in it.
const ERASURES_ON_SQLITE: usize = 2;
const ERASURES_ON_POSTGRES: usize = 1;

/// Since which migration of each database traits stand with records.
const TRAITS_ON_SQLITE: usize = 3;
const TRAITS_ON_POSTGRES: usize = 2;

/// Since which migration of each database events are in it.
const EVENTS_ON_SQLITE: usize = 4;
const EVENTS_ON_POSTGRES: usize = 3;

/// A migration that no program knows.
const UNKNOWN: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
     VALUES (9999, 'tomorrow', true, '\\x00', 0)";

#[test]
fn every_migration_has_rows_that_a_database_before_the_next_one_holds() {
    for (migrator, rows) in [
        (&SQLITE, SQLITE_ROWS),
        (&SQLITE_KEYS, SQLITE_KEYS_ROWS),
        (&POSTGRES, POSTGRES_ROWS),
        (&POSTGRES_KEYS, POSTGRES_KEYS_ROWS),
    ] {
        let versions: Vec<i64> = migrator.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..).take(rows.len()).collect::<Vec<_>>(), "add its rows to {}/migration", file!());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_of_each_earlier_schema_on_sqlite_still_answers() {
    for version in 1..=SQLITE_ROWS.len() {
        let folder = TempDir::new().unwrap();
        let directory = DataDirectory::new(folder.path());
        let lock = directory.lock().unwrap();
        let keys_version = version.min(SQLITE_KEYS_ROWS.len());
        at_version_on_sqlite(&directory.key_store(), &SQLITE_KEYS, &SQLITE_KEYS_ROWS[..keys_version], 0x556e_654b);
        at_version_on_sqlite(&directory.database(), &SQLITE, &SQLITE_ROWS[..version], 0x556e_6546);
        let opened = Store::open_sqlite(&directory, &limits()).await.unwrap();
        let mut scene = Scene::of(opened, Place::Folder { directory, _lock: lock, _folder: folder });
        answers(&mut scene, version >= ERASURES_ON_SQLITE).await;
        traits_answer(&mut scene, version >= TRAITS_ON_SQLITE).await;
        events_answer(&mut scene, version >= EVENTS_ON_SQLITE).await;
    }
}

/// The history of a schema as sqlx keeps it.
const HISTORY: &str = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
     installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL,
     execution_time BIGINT NOT NULL)";

/// Makes a file with the first of the migrations, one for each of `rows`, and marks it as the hub's.
fn at_version_on_sqlite(path: &std::path::Path, migrator: &Migrator, rows: &[&'static str], application: i32) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.pragma_update(None, "application_id", application).unwrap();
    connection.execute_batch(HISTORY).unwrap();
    for (migration, rows) in migrator.iter().zip(rows) {
        connection.execute_batch(migration.sql.as_str()).unwrap();
        let note = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                    VALUES (?, ?, TRUE, ?, 1)";
        connection.execute(note, params![migration.version, &*migration.description, &*migration.checksum]).unwrap();
        connection.execute_batch(rows).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_of_each_earlier_schema_on_postgres_is_migrated_and_still_answers() {
    for version in 1..=POSTGRES_ROWS.len() {
        let (cluster, settings) = server();
        at_version_on_postgres(&cluster, "hub", &POSTGRES, &POSTGRES_ROWS[..version]).await;
        let keys_version = version.min(POSTGRES_KEYS_ROWS.len());
        at_version_on_postgres(&cluster, "keys", &POSTGRES_KEYS, &POSTGRES_KEYS_ROWS[..keys_version]).await;
        let missing = POSTGRES_ROWS.len() - version;
        let refused = Store::open_postgres(&settings, &limits()).await;
        let is_older = matches!(refused, Err(Error::SchemaOlder { missing: of_hub, .. }) if of_hub == missing);
        assert_eq!(is_older, missing > 0, "{refused:?}");
        let applied = (missing + POSTGRES_KEYS_ROWS.len() - keys_version) as u64;
        let migrated = Store::migrate_postgres(&settings, &limits()).await.unwrap();
        assert_eq!(migrated, Migrated { applied, was_empty: false });
        let opened = Store::open_postgres(&settings, &limits()).await.unwrap();
        let mut scene = Scene::of(opened, Place::Server { cluster: Box::new(cluster), settings });
        answers(&mut scene, version >= ERASURES_ON_POSTGRES).await;
        traits_answer(&mut scene, version >= TRAITS_ON_POSTGRES).await;
        events_answer(&mut scene, version >= EVENTS_ON_POSTGRES).await;
    }
}

/// Brings a database to the first of the migrations, one for each of `rows`.
async fn at_version_on_postgres(cluster: &PostgresCluster, database: &str, migrator: &Migrator, rows: &[&str]) {
    let mut connection = PgConnection::connect(&cluster.url(database)).await.unwrap();
    for (version, rows) in (1..).zip(rows) {
        migrator.run_to(version, &mut connection).await.unwrap();
        let hub = cluster.runs_sql("hub", "SELECT id FROM hub");
        cluster.runs_sql(database, &rows.replace("{hub}", &hub));
    }
    connection.close().await.unwrap();
}

/// Everything that was there is found and goes on.
async fn answers(scene: &mut Scene, with_erasures: bool) {
    ledger_answers(scene).await;
    people_answer(scene).await;
    rules_answer(scene).await;
    erasures_answer(scene, with_erasures).await;
    assert_eq!(scene.key_store.keys_of_subjects_list(&[id(1)], 1).await.unwrap(), [key(1)]);
}

async fn ledger_answers(scene: &mut Scene) {
    let before =
        Shard { slot: 0, origin: origin(0), size: 2, lease_token: 4, authority_epoch: 3, checkpoint: "two".to_owned() };
    assert_eq!(scene.store.shards_list().await.unwrap(), std::slice::from_ref(&before));
    for row in [entry(0), entry_about(1, 1)] {
        assert_eq!(scene.store.entry_fetch(0, row.index).await.unwrap(), Some(row));
    }
    assert_eq!(scene.store.tile_fetch(0, 0, 0).await.unwrap(), tile(0, 0).hashes);
    let about = Search { subject: Some(vec![digest(101)]), ..Search::default() };
    assert_eq!(scene.store.index_search(0, &about, LARGEST, 9).await.unwrap(), [1]);
    assert_eq!(scene.store.index_count(0, &Search::default(), 2).await.unwrap(), [(1, String::new(), 2)]);
    assert_eq!(scene.store.index_position_fetch(0).await.unwrap(), 2);

    let held = scene.takes_a_shard().await;
    assert_eq!(held, Shard { lease_token: 5, ..before });
    let goes_on = scene.commits(async |tx| {
        let fence = tx.shard_fence_in_tx(&held, Reach::Every).await?;
        tx.entries_insert_in_tx(0, &[entry(2)]).await?;
        tx.shard_advance_in_tx(0, 3, "three").await?;
        Ok((fence, tx.epoch_raise_in_tx().await?))
    });
    assert_eq!(goes_on.await.unwrap(), (Fence::Held, 4));
    assert_eq!(scene.store.leaf_hashes_list(0, 0, 3).await.unwrap(), [0, 1, 2].map(digest));
}

async fn people_answer(scene: &mut Scene) {
    let row = |number| SubjectRow { id: id(number), root: id(1), trace_key: trace_key(1) };
    for number in [1, 2] {
        assert_eq!(scene.store.subjects_list(&[digest(number)]).await.unwrap(), [(digest(number), row(number))]);
    }
    assert_eq!(scene.records(&[asked(1, 1)]).await, [vec![revision(1, 1).held]]);
    assert_eq!(scene.store.consents_list(id(1), 9).await.unwrap(), [consent(1)]);
    let now = jiff::Timestamp::from_microsecond(NOW).unwrap();
    let withdrawn = scene.commits(async |tx| tx.consent_withdraw_in_tx(consent_id(1), now).await);
    assert!(withdrawn.await.unwrap());
    let expected = Consent { withdrawn_at: Some(now), ..consent(1) };
    assert_eq!(scene.store.consents_list(id(1), 9).await.unwrap(), [expected]);
    let found = scene.commits(async |tx| tx.publications_list_in_tx("dgfip", &["publication 1"]).await).await.unwrap();
    assert_eq!(found, [publication(1)]);
}

async fn rules_answer(scene: &mut Scene) {
    let items = [1, 2].map(|n| registry_item(("agency", "cnaf", &format!("{{\"n\": {n}}}"))));
    assert_eq!(scene.store.registry_at_fetch(1).await.unwrap(), items[..1]);
    assert_eq!(scene.store.registry_fetch().await.unwrap(), (2, items[1..].to_vec()));
    scene.applies_registry(3, &[("agency", "cnaf", "{}")]).await;
    assert_eq!(scene.store.registry_at_fetch(2).await.unwrap(), items[1..]);
    let claimed = scene.store.request_claim_fetch("cnaf", "request 0001", NOW).await.unwrap();
    assert_eq!(claimed, Some(claim(1)));
    let shares = scene.store.quota_shares_list(0, "2026-11-21").await.unwrap();
    assert_eq!(shares, [QuotaShare { agreement: "a-1".to_owned(), drawn: 3, spent: 3 }]);
    let of = QuotaOf { agreement: "a-1", day: "2026-11-21", limit: 5, unspent: 0 };
    assert_eq!(scene.commits(async |tx| tx.quota_draw_in_tx(0, of, 9).await).await.unwrap(), 2);
}

async fn traits_answer(scene: &mut Scene, with_traits: bool) {
    let found = scene.commits(async |tx| tx.traits_first_list_in_tx(&[digest(7)]).await).await.unwrap();
    assert_eq!(found, if with_traits { vec![TraitsFirst { traits: digest(7), root: id(1) }] } else { Vec::new() });
}

async fn erasures_answer(scene: &mut Scene, with_erasures: bool) {
    let open = scene.store.erasures_open_list().await.unwrap();
    assert_eq!(open.len(), usize::from(with_erasures));
    for number in [8, 9] {
        assert_eq!(scene.store.erased_key_exists(id(number)).await.unwrap(), with_erasures);
    }
    if let [erasure] = open[..] {
        let erased = scene.commits(async |tx| tx.traces_erase_in_tx(erasure, 9).await).await.unwrap();
        assert_eq!((erased, scene.store.entry_fetch(0, 1).await.unwrap().unwrap().personal), (1, None));
    }
    let newest = scene.commits(async |tx| tx.erasure_insert_in_tx(&[id(10)], &[], NOW).await).await.unwrap();
    assert_eq!(scene.store.erased_keys_since_list(newest).await.unwrap().len(), 0);
    assert!(open.iter().all(|earlier| *earlier < newest));
}

async fn events_answer(scene: &mut Scene, with_events: bool) {
    let head = if with_events { 2 } else { 0 };
    let at = |nth, position| {
        let mut positions = [0; PARTITIONS];
        positions[nth] = position;
        Cursor::of(positions)
    };
    assert_eq!(scene.store.event_heads_fetch().await.unwrap(), at(0, head));
    if with_events {
        let changed = scene.store.revision_fetch(id(1), 2).await.unwrap().unwrap().change;
        let told = scene.store.events_fetch(&[event_id(2)]).await.unwrap().pop().unwrap();
        let traceparent = Some("trace".to_owned());
        let expected = NewEvent { root: id(1), about: SubjectKind::Company, traceparent, ..event(2, 2) };
        assert_eq!((changed, told.recorded_at, told.event), (Some(EventKind::Revised), NOW, expected));
        assert_eq!(scene.store.events_forgotten_fetch().await.unwrap(), at(15, 3));
        let found = scene.store.subscription_of_name_fetch("cnaf", "subscription-0001").await.unwrap().unwrap();
        let cursor = SubscriptionCursor {
            version: 3,
            acknowledged: at(0, 1),
            delivered: at(0, 2),
            telling: Telling(4),
            void_through: Telling(2),
            set_back_at: Telling(1),
            is_received: false,
        };
        assert_eq!((found.subscription, found.cursor), (subscription(1), cursor));
        let of = subscription_id(1);
        assert_eq!(scene.store.attempts_list(of, 9).await.unwrap(), [attempt(place(0, 2))]);
        let letters = scene.store.dead_letters_list(of, None, 9).await.unwrap();
        assert_eq!(letters[0].letter, dead_letter(place(0, 1), 1, 1));
        assert_eq!(scene.store.dossiers_list("cnaf", None, None, 9).await.unwrap()[0].row, dossier(1));
    }
    let places = scene.tells(&[event(9, 1)]).await;
    assert_eq!(places, [place(0, head + 1)]);
    scene.subscribes(&[subscription(9)]).await;
    let rows = [dossier(2)];
    scene.commits(async |tx| tx.dossiers_upsert_in_tx(&rows).await).await.unwrap();
    let asked = [DossierAsked { agency: "cnaf", subject: id(1) }];
    assert_eq!(scene.commits(async |tx| tx.dossiers_open_in_tx(&asked, NOW).await).await.unwrap(), [true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_never_migrated_is_refused_and_two_who_migrate_it_do_it_once() {
    let (_cluster, settings) = server();
    let refused = Store::open_postgres(&settings, &limits()).await.unwrap_err();
    assert!(refused.to_string().contains("run `unefois migrate`"), "{refused}");
    let limits = limits();
    let migrate = || Store::migrate_postgres(&settings, &limits);
    let (one, other) = tokio::join!(migrate(), migrate());
    let mut applied = [one.unwrap(), other.unwrap()].map(|migrated| migrated.applied);
    applied.sort_unstable();
    // Each of the two databases may have been the one's or the other's, and what both saw come they both count.
    assert!(applied[1] > 0 && applied[1] <= (POSTGRES_ROWS.len() + POSTGRES_KEYS_ROWS.len()) as u64, "{applied:?}");
    assert_eq!(migrate().await.unwrap(), Migrated { applied: 0, was_empty: false });
    Store::open_postgres(&settings, &limits).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_another_program_is_refused_on_postgres() {
    for database in ["hub", "keys"] {
        for (sql, version) in [(UNKNOWN, 9999), ("UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1", 1)]
        {
            let (cluster, settings) = server();
            Store::migrate_postgres(&settings, &limits()).await.unwrap();
            cluster.runs_sql(database, sql);
            let refused = Store::open_postgres(&settings, &limits()).await.unwrap_err();
            let of = match &refused {
                Error::SchemaNewer { database, version } if *version == 9999 => (database, *version),
                Error::SchemaAltered { database, version } => (database, *version),
                _ => panic!("{refused:?}"),
            };
            assert!(of.1 == version && of.0.ends_with(database) && !of.0.contains('@'), "{refused}");
            assert!(Store::migrate_postgres(&settings, &limits()).await.is_err(), "nor is it migrated");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_store_of_another_hub_is_refused_on_postgres() {
    let (cluster, settings) = server();
    Store::migrate_postgres(&settings, &limits()).await.unwrap();
    Store::open_postgres(&settings, &limits()).await.unwrap().key_store.keys_insert(vec![key(1)]).await.unwrap();
    cluster.database_create("other");
    let other = StorageSettings { url: cluster.url("other"), ..settings.clone() };
    Store::migrate_postgres(&other, &limits()).await.unwrap();
    let refused = Store::open_postgres(&other, &limits()).await.unwrap_err();
    assert!(matches!(refused, Error::OtherHub { .. }), "{refused:?}");
    Store::open_postgres(&settings, &limits()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_or_altered_schema_is_refused_on_sqlite() {
    let Scene { store, mut writer, key_store, place } = Scene::on_sqlite().await;
    store.close().await;
    writer.close().await.unwrap();
    key_store.close().await.unwrap();
    let Place::Folder { directory, .. } = &place else { panic!("no folder") };
    let alterations = [UNKNOWN.replace("'\\x00'", "x'00'"), "UPDATE _sqlx_migrations SET checksum = x'00'".to_owned()];
    for (alteration, is_newer) in alterations.into_iter().zip([true, false]) {
        let connection = rusqlite::Connection::open(directory.database()).unwrap();
        connection.execute_batch("DELETE FROM _sqlx_migrations WHERE version = 9999").unwrap();
        connection.execute_batch(&alteration).unwrap();
        drop(connection);
        let refused = Store::open_sqlite(directory, &limits()).await.unwrap_err();
        match refused {
            Error::SchemaNewer { version: 9999, .. } => assert!(is_newer),
            Error::SchemaAltered { version: 1, .. } => assert!(!is_newer),
            other => panic!("{other:?}"),
        }
    }
}
