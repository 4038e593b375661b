//! The embedded backend: one file, one writer, one node.

mod authority;
mod batch;
mod consent;
mod entry;
mod erasure;
mod fold;
mod index;
mod key;
mod open;
mod publication;
mod quota;
mod record;
mod registry;
mod request_claim;
mod shard;
mod subject;
mod writer;

pub(crate) use key::KeyStore;
pub(crate) use open::{Readers, open};
pub(crate) use writer::{Transaction, Writer};
