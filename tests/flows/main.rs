//! Flows: every exchange that agencies promised each other, from publication to the auditor.
//!
//! What is promised is written down in `promises.rs`, a second time beside the catalogue and the registry of the
//! demonstration, so that none of the three changes unseen.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ask;
mod certificates;
mod complete;
mod doubts;
mod example;
mod live;
mod promises;
mod rejected;
mod scene;
mod told;
mod walk;

use unefois_catalog::Catalog;
use unefois_client::Connection;
use unefois_core::RegistryFile;
use unefois_proto::pb::publication::v1::{PublishRequest, PublishResponse, publish_response::Result as Fate};

/// The hub under test.
const UNEFOIS: &str = env!("CARGO_BIN_EXE_unefois");

fn catalog() -> Catalog {
    Catalog::load(unefois_proto::FILE_DESCRIPTOR_SET).unwrap()
}

fn registry() -> RegistryFile {
    toml::from_str(unefois_testkit::DEMONSTRATION_REGISTRY).unwrap()
}

/// Publishes one item; what became of it.
async fn published(provider: &Connection, item: PublishRequest) -> Fate {
    let mut answers = provider.publication().publish(futures::stream::iter([item])).await.unwrap().into_inner();
    let PublishResponse { result, .. } = answers.message().await.unwrap().unwrap();
    result.unwrap()
}
