//! The registry: read from the store, changed by operators, each change an entry.

use std::sync::Arc;

use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use unefois_core::{Agency, Agreement, Caller, Effect as Authority_, InvalidRegistry, Noun, Reason, Registry, RegistryFile, Revocation};
use unefois_ledger::{Change, EntryKind, Outcome, PublicPart};
use unefois_store::{RegistryItemRow, RegistryVersionRow, Store, Transaction};
use uuid::Uuid;

use crate::{
    authority::Authority,
    entry::{Draft, Placed},
    failure::{Failure, Violation},
    hub::Hub,
    recorder::{Act, Effect, Performed, Place},
};
