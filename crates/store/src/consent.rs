//! Consents.

use jiff::Timestamp;
use unefois_core::{Consent, ConsentId, DatasetId, Purpose};

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

/// A row of `consent` as both backends hold it: instants in microseconds since 1970.
pub(crate) struct ConsentRow {
    pub(crate) id: [u8; 16],
    pub(crate) subject: [u8; 16],
    pub(crate) consumer: String,
    pub(crate) dataset: String,
    pub(crate) purpose: String,
    pub(crate) granted_by: String,
    pub(crate) granted_at: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) withdrawn_at: Option<i64>,
    pub(crate) evidence_digest: [u8; 32],
}

impl TryFrom<ConsentRow> for ConsentOfSubject {
    type Error = Error;

    fn try_from(row: ConsentRow) -> Result<Self, Error> {
        let malformed = || Error::Malformed { what: "consent" };
        let at = |micros: i64| Timestamp::from_microsecond(micros).map_err(|_out_of_range| malformed());
        let consent = Consent {
            id: ConsentId(uuid::Uuid::from_bytes(row.id)),
            consumer: row.consumer.parse().map_err(|_invalid| malformed())?,
            dataset: DatasetId::parse(&row.dataset).map_err(|_invalid| malformed())?,
            purpose: Purpose::from_code(&row.purpose).ok_or_else(malformed)?,
            granted_by: row.granted_by.parse().map_err(|_invalid| malformed())?,
            granted_at: at(row.granted_at)?,
            expires_at: row.expires_at.map(at).transpose()?,
            withdrawn_at: row.withdrawn_at.map(at).transpose()?,
            evidence_digest: row.evidence_digest,
        };
        Ok(Self { subject: row.subject, consent })
    }
}

impl Store {
    /// The consents of a subject and of all that it was merged with, newest first; at most `count_max`.
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
    /// As [`Store::consents_list`], of each of these subjects in their order, as this transaction sees it.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn consents_list_in_tx(
        &mut self,
        roots: &[[u8; 16]],
        count_max: u32,
    ) -> Result<Vec<Vec<Consent>>, Error> {
        at_once!(&mut self.0, it => it.consents_list_in_tx(roots, count_max))
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
