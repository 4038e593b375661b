//! Stories: what the users of the hub were promised, seen from outside, with real processes and real mutual TLS.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod admin;
mod audit;
mod catalogue;
mod collected;
mod collector;
mod command_line;
mod consent;
mod dossier;
mod erasure;
mod event;
mod identity;
mod live;
mod majors;
mod metrics;
mod newcomer;
mod nodes;
mod overload;
mod partner;
mod providers;
mod publication;
mod pull;
mod receipt;
mod receive;
mod refusal;
mod registry;
mod repeat;
mod rules;
mod search;
mod shards;
mod status;
mod subscription;
mod trace;
mod watching;

use futures::StreamExt;
use unefois_client::Connection;
use unefois_proto::pb::publication::v1::{
    Acknowledgement, PublishRequest, PublishResponse, Rejection, publish_response::Result as Fate,
};

/// The hub under test.
pub(crate) const UNEFOIS: &str = env!("CARGO_BIN_EXE_unefois");

/// Publishes items in one stream and gives the answers.
pub(crate) async fn publish(provider: &Connection, items: Vec<PublishRequest>) -> Vec<PublishResponse> {
    let stream = unefois_client::publish(provider, futures::stream::iter(items)).await.unwrap();
    stream.map(Result::unwrap).collect().await
}

/// Publishes one item, which must be acknowledged.
pub(crate) async fn acknowledged(provider: &Connection, item: PublishRequest) -> Acknowledgement {
    match publish(provider, vec![item]).await.pop().unwrap().result {
        Some(Fate::Acknowledged(acknowledgement)) => acknowledgement,
        other => panic!("{other:?}"),
    }
}

/// Publishes one item, which must be rejected.
pub(crate) async fn rejected(provider: &Connection, item: PublishRequest) -> Rejection {
    match publish(provider, vec![item]).await.pop().unwrap().result {
        Some(Fate::Rejected(rejection)) => rejection,
        other => panic!("{other:?}"),
    }
}
