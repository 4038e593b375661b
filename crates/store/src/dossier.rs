//! Dossiers: about whom an agency says that it has a file open.

use crate::{
    backend::{at_once, on},
    error::Error,
    open::Store,
    writer::Transaction,
};

/// The newest state of a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierRow {
    /// The agency.
    pub agency: String,
    /// The subject.
    pub subject: [u8; 16],
    /// What stands for the reason, which may name a person.
    pub reason: String,
    /// When it was opened, in microseconds since 1970.
    pub opened_at: i64,
    /// Until when it is open at most, in microseconds since 1970.
    pub until: i64,
    /// When it was closed, in microseconds since 1970.
    pub closed_at: Option<i64>,
}

/// A dossier as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierFound {
    /// What was written.
    pub row: DossierRow,
    /// What its subject is merged into now; where it was asked for subjects, the one of them that it concerns.
    pub root: [u8; 16],
}

/// On whom a dossier may be open.
#[derive(Debug, Clone, Copy)]
pub struct DossierAsked<'a> {
    /// Whose dossier it is.
    pub agency: &'a str,
    /// The subject.
    pub subject: [u8; 16],
}

impl Store {
    /// The dossiers of an agency that are open at `open_at`, or all of them, in the order of their subjects, from after
    /// `after` on; at most `count_max`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dossiers_list(
        &self,
        agency: &str,
        open_at: Option<i64>,
        after: Option<[u8; 16]>,
        count_max: u32,
    ) -> Result<Vec<DossierFound>, Error> {
        on!(&self.0, it => it.dossiers_list(agency, open_at, after, count_max).await)
    }

    /// The dossiers of an agency on these subjects, open or not: those on what they were merged with too. Two that are
    /// one by now have the same dossiers.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dossiers_of_subjects_list(
        &self,
        agency: &str,
        subjects: &[[u8; 16]],
    ) -> Result<Vec<DossierFound>, Error> {
        on!(&self.0, it => it.dossiers_of_subjects_list(agency, subjects).await)
    }
}

impl Transaction<'_> {
    /// Of each, in their order, whether the agency has a dossier that is open at `now` on the subject, or on one that it was
    /// merged with.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn dossiers_open_in_tx(&mut self, asked: &[DossierAsked<'_>], now: i64) -> Result<Vec<bool>, Error> {
        at_once!(&mut self.0, it => it.dossiers_open_in_tx(asked, now))
    }

    /// As [`Store::dossiers_of_subjects_list`], as this transaction sees it.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn dossiers_of_subjects_list_in_tx(
        &mut self,
        agency: &str,
        subjects: &[[u8; 16]],
    ) -> Result<Vec<DossierFound>, Error> {
        at_once!(&mut self.0, it => it.dossiers_of_subjects_list_in_tx(agency, subjects))
    }

    /// Opens dossiers, or writes over those that there are. Of several on one subject the last counts.
    ///
    /// # Errors
    /// The storage failed, or a subject is not there.
    pub async fn dossiers_upsert_in_tx(&mut self, rows: &[DossierRow]) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.dossiers_upsert_in_tx(rows))
    }

    /// Closes the dossiers of an agency on these subjects, after merging, that are open at `now`: those on what was
    /// merged into them too. Gives how many.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn dossiers_close_in_tx(&mut self, agency: &str, roots: &[[u8; 16]], now: i64) -> Result<u64, Error> {
        at_once!(&mut self.0, it => it.dossiers_close_in_tx(agency, roots, now))
    }
}
