//! Subjects and their identifiers.

use crate::{
    backend::{Backend, at_once, on},
    error::Error,
    open::Store,
    writer::Transaction,
};

/// A subject, found by an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectRow {
    /// The subject that the identifier was first known for.
    pub id: [u8; 16],
    /// The subject itself, or the one that it was merged into.
    pub root: [u8; 16],
    /// The key that seals the traces of `root`.
    pub trace_key: [u8; 16],
}

/// A new subject and what it is known by.
#[derive(Debug, Clone)]
pub struct SubjectWithIdentifiers {
    /// Its random identifier.
    pub id: [u8; 16],
    /// The key that seals its traces.
    pub trace_key: [u8; 16],
    /// The pseudonyms of its identifiers.
    pub pseudonyms: Vec<[u8; 32]>,
}

impl Store {
    /// The subjects known by these pseudonyms; one that is not known is absent.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn subjects_list(&self, pseudonyms: &[[u8; 32]]) -> Result<Vec<([u8; 32], SubjectRow)>, Error> {
        on!(&self.0, it => it.subjects_list(pseudonyms).await)
    }

    /// The subject of that identifier.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn subject_fetch(&self, id: [u8; 16]) -> Result<Option<SubjectRow>, Error> {
        on!(&self.0, it => it.subject_fetch(id).await)
    }

    /// Every subject that was merged into `root`, itself included.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn subject_members_list(&self, root: [u8; 16]) -> Result<Vec<[u8; 16]>, Error> {
        on!(&self.0, it => it.subject_members_list(root).await)
    }
}

impl Transaction<'_> {
    /// The subjects known by these pseudonyms, as this transaction sees them.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn subjects_list_in_tx(&mut self, pseudonyms: &[[u8; 32]]) -> Result<Vec<([u8; 32], SubjectRow)>, Error> {
        at_once!(&mut self.0, it => it.subjects_list_in_tx(pseudonyms))
    }

    /// Every subject that was merged into `root`, itself included, as this transaction sees it.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn subject_members_in_tx(&mut self, root: [u8; 16]) -> Result<Vec<[u8; 16]>, Error> {
        at_once!(&mut self.0, it => it.subject_members_in_tx(root))
    }

    /// Whether that subject is there, as this transaction sees it: it may have been erased.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn subject_exists_in_tx(&mut self, id: [u8; 16]) -> Result<bool, Error> {
        at_once!(&mut self.0, it => it.subject_exists_in_tx(id))
    }

    /// Keeps other nodes from making subjects of these identifiers, or publishing about them, until this transaction
    /// ends. On SQLite there is no other writer.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn pseudonyms_lock_in_tx(&mut self, pseudonyms: &[[u8; 32]]) -> Result<(), Error> {
        match &mut self.0 {
            Backend::Sqlite(_) => Ok(()),
            Backend::Postgres(tx) => tx.pseudonyms_lock_in_tx(pseudonyms).await,
        }
    }

    /// Adds subjects and their identifiers. The caller has looked, in this transaction, that none of them is known.
    ///
    /// # Errors
    /// The storage failed, or an identifier is known.
    pub async fn subjects_insert_in_tx(&mut self, subjects: &[SubjectWithIdentifiers], now: i64) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.subjects_insert_in_tx(subjects, now))
    }

    /// Adds identifiers, each to a subject that is there.
    ///
    /// # Errors
    /// The storage failed, or an identifier is known.
    pub async fn identifiers_insert_in_tx(&mut self, identifiers: &[([u8; 32], [u8; 16])]) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.identifiers_insert_in_tx(identifiers))
    }

    /// Makes `merged`, and all that was merged into it, an alias of `kept`. Both key sets stay. Where one of the two was
    /// merged meanwhile, it stands for what it was merged into.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn subject_merge_in_tx(&mut self, kept: [u8; 16], merged: [u8; 16]) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.subject_merge_in_tx(kept, merged))
    }
}
