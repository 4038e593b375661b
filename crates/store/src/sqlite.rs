//! The embedded backend: one file, one writer, one node.
//!
//! SQLite answers on the thread that asks. The writer therefore belongs on a thread of its own, as does whoever reads
//! records all the time; every other question is asked on a thread for blocking work.

mod ask;
mod authority;
mod batch;
mod consent;
mod dead_letter;
mod dossier;
mod entry;
mod erasure;
mod event;
mod fold;
mod index;
mod key;
mod open;
mod publication;
mod quota;
mod readers;
mod record;
mod registry;
mod request_claim;
mod schema;
mod shard;
mod subject;
mod subscription;
mod traits;
mod writer;

pub(crate) use key::KeyStore;
pub(crate) use open::open;
pub(crate) use readers::Readers;
pub(crate) use record::RecordReader;
pub(crate) use writer::{Transaction, Writer};
