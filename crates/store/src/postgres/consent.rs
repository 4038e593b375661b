//! Consents.

use jiff::Timestamp;
use sqlx::{PgConnection, types::Uuid};
use unefois_core::{Consent, ConsentId};

use super::{Readers, Transaction, instant::Instant};
use crate::{
    ConsentOfSubject,
    consent::ConsentRow,
    error::{Doing, Error, fixed},
};

type Row = (Uuid, Uuid, String, String, String, String, Instant, Option<Instant>, Option<Instant>, Vec<u8>);

fn consent_of(row: Row) -> Result<ConsentOfSubject, Error> {
    let (id, subject, consumer, dataset, purpose, granted_by, granted_at, expires_at, withdrawn_at, evidence) = row;
    let row = ConsentRow {
        id: id.into_bytes(),
        subject: subject.into_bytes(),
        consumer,
        dataset,
        purpose,
        granted_by,
        granted_at: granted_at.0,
        expires_at: expires_at.map(|Instant(micros)| micros),
        withdrawn_at: withdrawn_at.map(|Instant(micros)| micros),
        evidence_digest: fixed(&evidence, "evidence digest")?,
    };
    row.try_into()
}

const FETCH: &str = "SELECT id, subject, consumer, dataset, purpose, granted_by, granted_at, expires_at, withdrawn_at,
     evidence_digest FROM consent WHERE id = $1";
const LIST: &str = "SELECT c.id, c.subject, c.consumer, c.dataset, c.purpose, c.granted_by, c.granted_at, c.expires_at,
     c.withdrawn_at, c.evidence_digest
     FROM consent c JOIN subject s ON s.id = c.subject WHERE s.root = (SELECT root FROM subject WHERE id = $1)
     ORDER BY c.granted_at DESC, c.id LIMIT $2";

impl Readers {
    pub(crate) async fn consents_list(&self, root: [u8; 16], count_max: u32) -> Result<Vec<Consent>, Error> {
        consents_list(&mut *self.pool.acquire().await.doing("take a reader")?, root, count_max).await
    }

    pub(crate) async fn consent_fetch(&self, id: ConsentId) -> Result<Option<ConsentOfSubject>, Error> {
        let row: Option<Row> =
            sqlx::query_as(FETCH).bind(id.0).fetch_optional(&self.pool).await.doing("read a consent")?;
        row.map(consent_of).transpose()
    }
}

impl Transaction<'_> {
    pub(crate) async fn consents_list_in_tx(&mut self, root: [u8; 16], count_max: u32) -> Result<Vec<Consent>, Error> {
        consents_list(self.connection(), root, count_max).await
    }

    pub(crate) async fn consent_insert_in_tx(&mut self, subject: [u8; 16], consent: &Consent) -> Result<(), Error> {
        let instant = |at: Timestamp| Instant(at.as_microsecond());
        sqlx::query(
            "INSERT INTO consent (id, subject, consumer, dataset, purpose, granted_by, granted_at, expires_at,
             withdrawn_at, evidence_digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(consent.id.0)
        .bind(Uuid::from_bytes(subject))
        .bind(consent.consumer.as_str())
        .bind(consent.dataset.as_str())
        .bind(consent.purpose.code())
        .bind(consent.granted_by.as_str())
        .bind(instant(consent.granted_at))
        .bind(consent.expires_at.map(instant))
        .bind(consent.withdrawn_at.map(instant))
        .bind(&consent.evidence_digest[..])
        .execute(self.connection())
        .await
        .doing("store a consent")?;
        Ok(())
    }

    pub(crate) async fn consent_withdraw_in_tx(&mut self, id: ConsentId, at: Timestamp) -> Result<bool, Error> {
        let done = sqlx::query("UPDATE consent SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL")
            .bind(id.0)
            .bind(Instant(at.as_microsecond()))
            .execute(self.connection())
            .await
            .doing("withdraw a consent")?;
        Ok(done.rows_affected() == 1)
    }
}

async fn consents_list(connection: &mut PgConnection, root: [u8; 16], count_max: u32) -> Result<Vec<Consent>, Error> {
    let rows: Vec<Row> = sqlx::query_as(LIST)
        .bind(Uuid::from_bytes(root))
        .bind(i64::from(count_max))
        .fetch_all(connection)
        .await
        .doing("list consents")?;
    rows.into_iter().map(|row| consent_of(row).map(|found| found.consent)).collect()
}
