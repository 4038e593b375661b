//! Every SQL statement, row and transaction of the hub, on SQLite or on PostgreSQL.
//!
//! [`Store`] reads from a pool; [`Writer`] is the one connection with which a node writes; [`KeyStore`] is a database of
//! its own. Functions that end in `_in_tx` are methods of [`Transaction`]. A file of this folder says what a noun is and
//! what can be asked of it; the file of the same name in `sqlite/` and in `postgres/` says how.

mod authority;
mod backend;
mod batch;
mod checkpoint;
mod consent;
mod cursor;
mod dead_letter;
mod directory;
mod dossier;
mod entry;
mod erasure;
mod error;
mod event;
mod in_flight;
mod index;
mod key;
mod open;
mod postgres;
mod publication;
mod quota;
mod receiver;
mod record;
mod registry;
mod request_claim;
mod schema;
mod shard;
mod sqlite;
mod subject;
mod subscription;
mod traits;
mod wake;
mod writer;

pub use authority::AuthorityMark;
pub use batch::Batch;
pub use checkpoint::{CheckpointFile, CheckpointFileError, CheckpointFiles};
pub use consent::ConsentOfSubject;
pub use dead_letter::{DeadLetterMark, DeadLetterRow};
pub use directory::{DataDirectory, DirectoryLock};
pub use dossier::{DossierAsked, DossierFound, DossierRow};
pub use entry::{EntryRow, LeafRow, LedgerGrowth, TileRow};
pub use erasure::ErasureNumber;
pub use error::Error;
pub use event::{EventAppended, EventLag, EventRow, EventsAsked, EventsForgotten, NewEvent};
pub use in_flight::{Busy, InFlight};
pub use index::{IndexRow, IndexSource, Search, SubjectMark};
pub use key::{KeyRow, KeyStore};
pub use open::{Migrated, Opened, StorageKind, StorageSettings, Store, StoreLimits};
pub use publication::PublicationRow;
pub use quota::{QuotaOf, QuotaShare, QuotaSpent};
pub use receiver::{Receiver, ReceiverTaken};
pub use record::{HeldRevision, RecordAsked, RecordReader, RecordReaders, RevisionRow};
pub use registry::{RegistryItemRow, RegistryVersionRow};
pub use request_claim::RequestClaim;
pub use shard::{Fence, Reach, Shard};
pub use subject::{SubjectRow, SubjectWithIdentifiers};
pub use subscription::{SubscriptionAdvance, SubscriptionCursor, SubscriptionFound};
pub use traits::{TraitsFirst, TraitsRow, TraitsStated};
pub use wake::Wakes;
pub use writer::{Transaction, Writer};
