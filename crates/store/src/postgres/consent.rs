//! Consents.

use jiff::Timestamp;
use sqlx::{PgConnection, types::Uuid};
use unefois_core::{Consent, ConsentId};

use super::{Readers, Transaction, instant::Instant, uuids};
use crate::{
    ConsentOfSubject,
    consent::ConsentRow,
    error::{Doing, Error, fixed},
};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    subject: Uuid,
    consumer: String,
    dataset: String,
    purpose: String,
    granted_by: String,
    granted_at: Instant,
    expires_at: Option<Instant>,
    withdrawn_at: Option<Instant>,
    evidence_digest: Vec<u8>,
}

/// A consent, and which of those that were asked about gave it.
#[derive(sqlx::FromRow)]
struct OfAsked {
    n: i64,
    #[sqlx(flatten)]
    row: Row,
}

fn consent_of(row: Row) -> Result<ConsentOfSubject, Error> {
    let columns = ConsentRow {
        id: row.id.into_bytes(),
        subject: row.subject.into_bytes(),
        consumer: row.consumer,
        dataset: row.dataset,
        purpose: row.purpose,
        granted_by: row.granted_by,
        granted_at: row.granted_at.0,
        expires_at: row.expires_at.map(|Instant(micros)| micros),
        withdrawn_at: row.withdrawn_at.map(|Instant(micros)| micros),
        evidence_digest: fixed(&row.evidence_digest, "evidence digest")?,
    };
    columns.try_into()
}

const FETCH: &str = "SELECT id, subject, consumer, dataset, purpose, granted_by, granted_at, expires_at, withdrawn_at,
     evidence_digest FROM consent WHERE id = $1";
const LIST: &str = "
    SELECT a.n, f.id, f.subject, f.consumer, f.dataset, f.purpose, f.granted_by, f.granted_at, f.expires_at,
        f.withdrawn_at, f.evidence_digest
    FROM unnest($1::uuid[]) WITH ORDINALITY AS a (subject, n)
    CROSS JOIN LATERAL (
        SELECT c.* FROM (SELECT m.root FROM subject m WHERE m.id = a.subject OFFSET 0) m
        CROSS JOIN LATERAL (SELECT s.id FROM subject s WHERE s.root = m.root OFFSET 0) s
        CROSS JOIN LATERAL (SELECT c.* FROM consent c WHERE c.subject = s.id OFFSET 0) c
        ORDER BY c.granted_at DESC, c.id LIMIT $2
    ) f
    ORDER BY a.n, f.granted_at DESC, f.id";

impl Readers {
    pub(crate) async fn consents_list(&self, root: [u8; 16], count_max: u32) -> Result<Vec<Consent>, Error> {
        let mut connection = self.keyed.acquire().await.doing("take a reader")?;
        Ok(consents_list(&mut connection, &[root], count_max).await?.concat())
    }

    pub(crate) async fn consent_fetch(&self, id: ConsentId) -> Result<Option<ConsentOfSubject>, Error> {
        let row: Option<Row> =
            sqlx::query_as(FETCH).bind(id.0).fetch_optional(&self.pool).await.doing("read a consent")?;
        row.map(consent_of).transpose()
    }
}

impl Transaction<'_> {
    pub(crate) async fn consents_list_in_tx(
        &mut self,
        roots: &[[u8; 16]],
        count_max: u32,
    ) -> Result<Vec<Vec<Consent>>, Error> {
        if roots.is_empty() {
            return Ok(Vec::new());
        }
        consents_list(self.connection(), roots, count_max).await
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

async fn consents_list(
    connection: &mut PgConnection,
    roots: &[[u8; 16]],
    count_max: u32,
) -> Result<Vec<Vec<Consent>>, Error> {
    let rows: Vec<OfAsked> = sqlx::query_as(LIST)
        .bind(uuids(roots))
        .bind(i64::from(count_max))
        .fetch_all(connection)
        .await
        .doing("list consents")?;
    let mut found = vec![Vec::new(); roots.len()];
    for OfAsked { n, row } in rows {
        // Ordinality counts from 1.
        let place = usize::try_from(n).ok().and_then(|n| found.get_mut(n.checked_sub(1)?));
        place.ok_or(Error::Malformed { what: "answer" })?.push(consent_of(row)?.consent);
    }
    Ok(found)
}
