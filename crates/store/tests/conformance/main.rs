//! What the store promises, proved of SQLite and of PostgreSQL alike: each test is one body and runs on both.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[macro_use]
mod scene;

mod authority;
mod batch;
mod chance;
mod consent;
mod dead_letter;
mod dossier;
mod entry;
mod erasure;
mod event;
mod event_order;
mod event_retention;
mod every_method;
mod index;
mod key;
mod migration;
mod plan;
mod publication;
mod quota;
mod receiver;
mod record;
mod registry;
mod request_claim;
mod rows;
mod shard;
mod subject;
mod subscription;
mod subscription_cursor;
mod traits;
mod writer;
