//! Faults that we did not choose: failing commits, kills, restored backups, foreign files.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod calls;
mod change;
mod commit;
mod erasure;
mod events;
mod every_call;
mod input;
mod load;
mod nodes;
mod promises;
mod race;
mod restored;
mod rounds;
mod stall;
mod start;
mod storage;
mod strace;

use futures::StreamExt;
use tonic::{Status, Streaming};
use unefois_client::Connection;
use unefois_ledger::verify_export_of_hub;
use unefois_proto::pb::publication::v1::{PublishRequest, PublishResponse};
use unefois_testkit::{House, HouseSettings, Person, number, python, sql, turnover_of};

const UNEFOIS: &str = env!("CARGO_BIN_EXE_unefois");

async fn house_with(person: &Person) -> House {
    house_of(person, &HouseSettings::default()).await
}

async fn house_of(person: &Person, settings: &HouseSettings) -> House {
    let house = House::open_with(UNEFOIS, settings).await;
    publishes(&house, person, 100).await;
    house
}

/// Publishes in one stream, without the conveniences of our client.
async fn stream(provider: &Connection, items: Vec<PublishRequest>) -> Result<Streaming<PublishResponse>, Status> {
    Ok(provider.publication().publish(futures::stream::iter(items)).await?.into_inner())
}

async fn publishes(house: &House, person: &Person, cents: i64) {
    let answers = stream(&house.agency("urssaf").await, vec![turnover_of(person, cents)]).await.unwrap();
    assert_eq!(answers.map(Result::unwrap).count().await, 1);
}

/// The export of the ledger, which must verify.
async fn verifies(house: &House) -> String {
    let (key, mut all) = (house.public_key().await, String::new());
    for (_, export) in house.exported_shards().await {
        verify_export_of_hub(export.as_slice(), &key, &[]).unwrap();
        all.push_str(&String::from_utf8(export).unwrap());
    }
    all
}
