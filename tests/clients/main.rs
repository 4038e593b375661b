//! Clients that we did not write: programs in other languages, with other implementations of gRPC, TLS and protobuf.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod buf;
mod java;
mod node;
mod pkcs12;
mod program;
mod python;
mod scene;
mod story;
mod told;

use futures::StreamExt;
use unefois_proto::pb::publication::v1::{PublishRequest, publish_response::Result as Fate};
use unefois_testkit::House;

/// The hub under test.
pub(crate) const UNEFOIS: &str = env!("CARGO_BIN_EXE_unefois");

/// Urssaf publishes a record, which must be acknowledged.
pub(crate) async fn publish_one(house: &House, item: PublishRequest) {
    let urssaf = house.agency("urssaf").await;
    let answers = unefois_client::publish(&urssaf, futures::stream::iter([item])).await.unwrap();
    let answers: Vec<_> = answers.map(|answer| answer.unwrap().result.unwrap()).collect().await;
    assert!(matches!(answers.as_slice(), [Fate::Acknowledged(_)]), "{answers:?}");
}
