//! Erasures: rows that are removed, keys that may never come back, and what a crash left to be removed.

use crate::{
    backend::{at_once, on},
    error::Error,
    open::Store,
    writer::Transaction,
};

/// The number of an erasure; they count up from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErasureNumber(pub(crate) i64);

impl Store {
    /// The keys that were destroyed by erasures after `after`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn erased_keys_since_list(&self, after: ErasureNumber) -> Result<Vec<[u8; 16]>, Error> {
        on!(&self.0, it => it.erased_keys_since_list(after).await)
    }

    /// The newest erasure; number 0 when there was none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn erasure_newest_fetch(&self) -> Result<ErasureNumber, Error> {
        on!(&self.0, it => it.erasure_newest_fetch().await)
    }

    /// The erasures of which rows are still to be removed.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn erasures_open_list(&self) -> Result<Vec<ErasureNumber>, Error> {
        on!(&self.0, it => it.erasures_open_list().await)
    }

    /// Destroyed keys in the order of their identifiers, from after `after` on; at most `count_max`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn erased_keys_list(&self, after: Option<[u8; 16]>, count_max: u32) -> Result<Vec<[u8; 16]>, Error> {
        on!(&self.0, it => it.erased_keys_list(after, count_max).await)
    }

    /// Whether that key was destroyed by an erasure.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn erased_key_exists(&self, key: [u8; 16]) -> Result<bool, Error> {
        on!(&self.0, it => it.erased_key_exists(key).await)
    }
}

impl Transaction<'_> {
    /// The keys that were destroyed by erasures after `after`, as this transaction sees it.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn erased_keys_since_in_tx(&mut self, after: ErasureNumber) -> Result<Vec<[u8; 16]>, Error> {
        at_once!(&mut self.0, it => it.erased_keys_since_in_tx(after))
    }

    /// As [`Store::erasure_newest_fetch`], as this transaction sees it.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn erasure_newest_in_tx(&mut self) -> Result<ErasureNumber, Error> {
        at_once!(&mut self.0, it => it.erasure_newest_in_tx())
    }

    /// Begins an erasure: `keys` may never come back, and the traces found by `search` are still to be removed.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn erasure_insert_in_tx(
        &mut self,
        keys: &[[u8; 16]],
        search: &[[u8; 32]],
        now: i64,
    ) -> Result<ErasureNumber, Error> {
        at_once!(&mut self.0, it => it.erasure_insert_in_tx(keys, search, now))
    }

    /// Removes every record of these subjects, what publications keep of its content, the events of it with all that is
    /// kept of their deliveries, and the dossiers on these subjects. Gives how many records.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn records_erase_in_tx(&mut self, subjects: &[[u8; 16]]) -> Result<u64, Error> {
        at_once!(&mut self.0, it => it.records_erase_in_tx(subjects))
    }

    /// Removes these subjects, their identifiers and their consents. Their records are gone already.
    ///
    /// # Errors
    /// The storage failed, or a record is left.
    pub async fn subjects_erase_in_tx(&mut self, subjects: &[[u8; 16]]) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.subjects_erase_in_tx(subjects))
    }

    /// Removes the personal parts sealed under these keys from the entries that are not indexed yet. Gives how many.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn tail_traces_erase_in_tx(&mut self, keys: &[[u8; 16]]) -> Result<u64, Error> {
        at_once!(&mut self.0, it => it.tail_traces_erase_in_tx(keys))
    }

    /// Removes at most `count_max` indexed traces of an erasure: the personal part of the entry, and the row by which
    /// it is found. Gives how many; 0 when none is left.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn traces_erase_in_tx(&mut self, erasure: ErasureNumber, count_max: u32) -> Result<u64, Error> {
        at_once!(&mut self.0, it => it.traces_erase_in_tx(erasure, count_max))
    }

    /// Ends an erasure of which nothing is left to be removed.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn erasure_finish_in_tx(&mut self, erasure: ErasureNumber, now: i64) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.erasure_finish_in_tx(erasure, now))
    }
}
