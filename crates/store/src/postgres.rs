//! The server backend: any number of nodes on one PostgreSQL.
//!
//! Statements are at READ COMMITTED: each sees what is committed when it begins. What two nodes may not do at once is
//! kept apart by the rows of their shards (`shard.rs`) or ends in the violation of a unique index, after which the one
//! who came second does it again.

mod authority;
mod batch;
mod connection;
mod consent;
mod dead_letter;
mod dossier;
mod entry;
mod erasure;
mod event;
mod index;
mod instant;
mod key;
mod open;
mod publication;
mod quota;
mod record;
mod registry;
mod request_claim;
mod schema;
mod shard;
mod subject;
mod subscription;
mod traits;
mod wake;
mod writer;

pub(crate) use key::KeyStore;
pub(crate) use open::{Opened, Readers, RecordReaders, open};
pub(crate) use schema::{migrate, named};
pub(crate) use wake::Wakes;
pub(crate) use writer::{Transaction, Writer};

use uuid::Uuid;

/// Identifiers as the server holds them.
fn uuids(ids: &[[u8; 16]]) -> Vec<Uuid> {
    ids.iter().map(|id| Uuid::from_bytes(*id)).collect()
}

/// Digests and pseudonyms as the server holds them.
fn byteas(digests: &[[u8; 32]]) -> Vec<&[u8]> {
    digests.iter().map(|digest| &digest[..]).collect()
}
