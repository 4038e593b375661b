//! What is in force, in numbers: whoever knows older ones must read it again.

use crate::{
    ErasureNumber,
    backend::{at_once, on},
    error::Error,
    open::Store,
    writer::Transaction,
};

/// How far authority, registry and erasures have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthorityMark {
    /// The authority epoch: the newest of any shard.
    pub epoch: u64,
    /// The newest version of the registry.
    pub registry: u64,
    /// The newest erasure.
    pub erasure: ErasureNumber,
}

impl Store {
    /// How far what is in force has come.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn authority_fetch(&self) -> Result<AuthorityMark, Error> {
        on!(&self.0, it => it.authority_fetch().await)
    }
}

impl Transaction<'_> {
    /// As [`Store::authority_fetch`], as this transaction sees it.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn authority_in_tx(&mut self) -> Result<AuthorityMark, Error> {
        at_once!(&mut self.0, it => it.authority_in_tx())
    }
}
