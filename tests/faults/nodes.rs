//! Several nodes on one PostgreSQL: killed, cut off, stopped past their leases, restarted, or started where they must not be.

pub(crate) mod blow;
mod clock;
mod commit;
mod foreign;
mod kills;
mod lease;
mod rolling;
mod schema;
mod slots;

use std::time::Duration;

use unefois_testkit::{House, HouseSettings, Storage};

/// How long to wait for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A hub on PostgreSQL, with more lines of configuration.
pub(crate) fn on_postgres(more: &str) -> HouseSettings {
    HouseSettings { storage: Storage::Postgres, more: more.to_owned(), ..HouseSettings::default() }
}

/// What the database of the hub answers.
fn asked(house: &House, sql: &str) -> String {
    house.postgres().unwrap().runs_sql("hub", sql)
}

/// Waits until the database of the hub answers that.
async fn until_answered(house: &House, sql: &str, due: &str) {
    let seen = async {
        while asked(house, sql) != due {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.unwrap_or_else(|_late| panic!("{sql}: {} for ever", asked(house, sql)));
}
