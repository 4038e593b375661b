//! Consents.

use super::{Readers, Transaction, ask::Ask};
use crate::{
    ConsentOfSubject,
    error::{Doing, Error},
};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use unefois_core::{Consent, ConsentId, DatasetId, Purpose};

struct ConsentRow {
    id: [u8; 16],
    subject: [u8; 16],
    consumer: String,
    dataset: String,
    purpose: String,
    granted_by: String,
    granted_at: i64,
    expires_at: Option<i64>,
    withdrawn_at: Option<i64>,
    evidence_digest: [u8; 32],
}

impl ConsentRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
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
}

impl TryFrom<ConsentRow> for ConsentOfSubject {
    type Error = Error;

    fn try_from(row: ConsentRow) -> Result<Self, Error> {
        let malformed = || Error::Malformed { what: "consent" };
        let at = |micros: i64| Timestamp::from_microsecond(micros).map_err(|_out_of_range| malformed());
        let ConsentRow { id, subject, consumer, dataset, purpose, granted_by, evidence_digest, .. } = &row;
        let consent = Consent {
            id: ConsentId(uuid::Uuid::from_bytes(*id)),
            consumer: consumer.parse().map_err(|_invalid| malformed())?,
            dataset: DatasetId::parse(dataset).map_err(|_invalid| malformed())?,
            purpose: Purpose::from_code(purpose).ok_or_else(malformed)?,
            granted_by: granted_by.parse().map_err(|_invalid| malformed())?,
            granted_at: at(row.granted_at)?,
            expires_at: row.expires_at.map(at).transpose()?,
            withdrawn_at: row.withdrawn_at.map(at).transpose()?,
            evidence_digest: *evidence_digest,
        };
        Ok(Self { subject: *subject, consent })
    }
}

const OF_ID: &str = "SELECT id, subject, consumer, dataset, purpose, granted_by, granted_at, expires_at, withdrawn_at,
     evidence_digest FROM consent WHERE id = ?";
const OF_SUBJECT: &str = "SELECT c.id, c.subject, c.consumer, c.dataset, c.purpose, c.granted_by, c.granted_at,
     c.expires_at, c.withdrawn_at, c.evidence_digest FROM consent c JOIN subject s ON s.id = c.subject
     WHERE s.root = ? ORDER BY c.granted_at DESC, c.id LIMIT ?";

impl Readers {
    pub(crate) async fn consents_list(&self, root: [u8; 16], count_max: u32) -> Result<Vec<Consent>, Error> {
        self.ask(move |connection| list(connection, root, count_max)).await
    }

    pub(crate) async fn consent_fetch(&self, id: ConsentId) -> Result<Option<ConsentOfSubject>, Error> {
        self.ask(move |connection| {
            let row = connection.row(OF_ID, [id.0.as_bytes()], ConsentRow::read).doing("read a consent")?;
            row.map(ConsentOfSubject::try_from).transpose()
        })
        .await
    }
}

impl Transaction<'_> {
    pub(crate) fn consents_list_in_tx(&mut self, root: [u8; 16], count_max: u32) -> Result<Vec<Consent>, Error> {
        list(self.connection(), root, count_max)
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
    let rows = connection.rows(OF_SUBJECT, params![root, count_max], ConsentRow::read).doing("list consents")?;
    rows.into_iter().map(|row| ConsentOfSubject::try_from(row).map(|found| found.consent)).collect()
}
