//! Consents.

use super::{Readers, Transaction, ask::Ask};
use crate::{
    ConsentOfSubject,
    consent::ConsentRow,
    error::{Doing, Error},
};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use unefois_core::{Consent, ConsentId};

fn read(row: &Row<'_>) -> rusqlite::Result<ConsentRow> {
    Ok(ConsentRow {
        id: row.get(0)?,
        subject: row.get(1)?,
        consumer: row.get(2)?,
        dataset: row.get(3)?,
        purpose: row.get(4)?,
        granted_by: row.get(5)?,
        granted_at: row.get(6)?,
        expires_at: row.get(7)?,
        withdrawn_at: row.get(8)?,
        evidence_digest: row.get(9)?,
    })
}

const OF_ID: &str = "SELECT id, subject, consumer, dataset, purpose, granted_by, granted_at, expires_at, withdrawn_at,
     evidence_digest FROM consent WHERE id = ?";
const OF_SUBJECT: &str = "SELECT c.id, c.subject, c.consumer, c.dataset, c.purpose, c.granted_by, c.granted_at,
     c.expires_at, c.withdrawn_at, c.evidence_digest FROM consent c JOIN subject s ON s.id = c.subject
     WHERE s.root = (SELECT root FROM subject WHERE id = ?) ORDER BY c.granted_at DESC, c.id LIMIT ?";

impl Readers {
    pub(crate) async fn consents_list(&self, root: [u8; 16], count_max: u32) -> Result<Vec<Consent>, Error> {
        self.ask(move |connection| list(connection, root, count_max)).await
    }

    pub(crate) async fn consent_fetch(&self, id: ConsentId) -> Result<Option<ConsentOfSubject>, Error> {
        self.ask(move |connection| {
            let row = connection.row(OF_ID, [id.0.as_bytes()], read).doing("read a consent")?;
            row.map(ConsentOfSubject::try_from).transpose()
        })
        .await
    }
}

impl Transaction<'_> {
    pub(crate) fn consents_list_in_tx(
        &mut self,
        roots: &[[u8; 16]],
        count_max: u32,
    ) -> Result<Vec<Vec<Consent>>, Error> {
        roots.iter().map(|root| list(self.connection(), *root, count_max)).collect()
    }

    pub(crate) fn consent_insert_in_tx(&mut self, subject: [u8; 16], consent: &Consent) -> Result<(), Error> {
        let sql = "INSERT INTO consent (id, subject, consumer, dataset, purpose, granted_by, granted_at, expires_at,
             withdrawn_at, evidence_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let row = params![
            consent.id.0.as_bytes(),
            subject,
            consent.consumer.as_str(),
            consent.dataset.as_str(),
            consent.purpose.code(),
            consent.granted_by.as_str(),
            consent.granted_at.as_microsecond(),
            consent.expires_at.map(Timestamp::as_microsecond),
            consent.withdrawn_at.map(Timestamp::as_microsecond),
            consent.evidence_digest,
        ];
        self.connection().run(sql, row).doing("store a consent").map(drop)
    }

    pub(crate) fn consent_withdraw_in_tx(&mut self, id: ConsentId, at: Timestamp) -> Result<bool, Error> {
        let sql = "UPDATE consent SET withdrawn_at = ? WHERE id = ? AND withdrawn_at IS NULL";
        let done = self.connection().run(sql, params![at.as_microsecond(), id.0.as_bytes()]);
        Ok(done.doing("withdraw a consent")? == 1)
    }
}

fn list(connection: &Connection, root: [u8; 16], count_max: u32) -> Result<Vec<Consent>, Error> {
    let rows = connection.rows(OF_SUBJECT, params![root, count_max], read).doing("list consents")?;
    rows.into_iter().map(|row| ConsentOfSubject::try_from(row).map(|found| found.consent)).collect()
}
