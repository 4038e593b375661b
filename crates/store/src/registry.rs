//! The registry, bitemporal: every version of every item is kept.

use crate::{
    backend::{at_once, on},
    error::Error,
    open::Store,
    writer::Transaction,
};

/// One item of the registry: an agency, an agreement or a revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryItemRow {
    /// What kind of item.
    pub noun: String,
    /// Its identifier.
    pub id: String,
    /// The item, as JSON.
    pub body: String,
}

/// One version of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryVersionRow {
    /// The version, from 1.
    pub version: u64,
    /// When, in microseconds since 1970.
    pub applied_at: i64,
    /// The agency and system that applied it.
    pub applied_by: String,
}

impl Store {
    /// The newest version of the registry, and its items.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn registry_fetch(&self) -> Result<(u64, Vec<RegistryItemRow>), Error> {
        on!(&self.0, it => it.registry_fetch().await)
    }

    /// The items that were in force at `version`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn registry_at_fetch(&self, version: u64) -> Result<Vec<RegistryItemRow>, Error> {
        on!(&self.0, it => it.registry_at_fetch(version).await)
    }
}

impl Transaction<'_> {
    /// As [`Store::registry_fetch`], as this transaction sees it.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn registry_fetch_in_tx(&mut self) -> Result<(u64, Vec<RegistryItemRow>), Error> {
        at_once!(&mut self.0, it => it.registry_fetch_in_tx())
    }

    /// Adds a version and puts its items into force in place of the ones of the same identifiers.
    ///
    /// # Errors
    /// The storage failed, or the version exists.
    pub async fn registry_apply_in_tx(
        &mut self,
        version: &RegistryVersionRow,
        items: &[RegistryItemRow],
    ) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.registry_apply_in_tx(version, items))
    }
}
