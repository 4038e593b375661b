//! Every SQL statement, row and transaction of the hub. SQLite is the embedded store.
//!
//! A data directory holds the hub's database, the key store, the outside checkpoint and a lock. [`Store`] reads from
//! a pool; [`Writer`] is the only one who writes, because SQLite has one writer. Functions that end in `_in_tx` are
//! methods of [`Transaction`].

mod batch;
mod checkpoint;
mod consent;
mod directory;
mod entry;
mod erasure;
mod error;
mod fold;
mod in_flight;
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

pub use checkpoint::{CheckpointFile, CheckpointFileError};
pub use consent::ConsentOfSubject;
pub use directory::{DataDirectory, DirectoryLock};
pub use entry::{EntryRow, LeafRow, TileRow};
pub use erasure::ErasureNumber;
pub use error::Error;
pub use in_flight::{Busy, InFlight};
pub use index::{IndexRow, IndexSource, Search, SubjectMark};
pub use key::{KeyRow, KeyStore};
pub use open::{Store, StoreLimits};
pub use publication::PublicationRow;
pub use quota::QuotaUse;
pub use record::{HeldRevision, RecordAsked, RevisionRow};
pub use registry::{RegistryItemRow, RegistryVersionRow};
pub use request_claim::RequestClaim;
pub use shard::{Fence, Shard};
pub use subject::{SubjectRow, SubjectWithIdentifiers};
pub use writer::{Transaction, Writer};
