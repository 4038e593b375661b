//! Consents.

use jiff::Timestamp;
use unefois_core::{Consent, ConsentId};

use crate::{
    backend::{at_once, on},
    error::Error,
    open::Store,
    writer::Transaction,
};

/// A consent and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentOfSubject {
    /// The subject that gave it.
    pub subject: [u8; 16],
    /// The consent.
    pub consent: Consent,
}

impl Store {
    /// The consents of a subject and of all that was merged into it, newest first; at most `count_max`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn consents_list(&self, root: [u8; 16], count_max: u32) -> Result<Vec<Consent>, Error> {
        on!(&self.0, it => it.consents_list(root, count_max).await)
    }

    /// One consent.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn consent_fetch(&self, id: ConsentId) -> Result<Option<ConsentOfSubject>, Error> {
        on!(&self.0, it => it.consent_fetch(id).await)
    }
}

impl Transaction<'_> {
    /// As [`Store::consents_list`], as this transaction sees it.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn consents_list_in_tx(&mut self, root: [u8; 16], count_max: u32) -> Result<Vec<Consent>, Error> {
        at_once!(&mut self.0, it => it.consents_list_in_tx(root, count_max))
    }

    /// Adds a consent.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn consent_insert_in_tx(&mut self, subject: [u8; 16], consent: &Consent) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.consent_insert_in_tx(subject, consent))
    }

    /// Marks a consent withdrawn. Gives whether it was not before.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn consent_withdraw_in_tx(&mut self, id: ConsentId, at: Timestamp) -> Result<bool, Error> {
        at_once!(&mut self.0, it => it.consent_withdraw_in_tx(id, at))
    }
}
