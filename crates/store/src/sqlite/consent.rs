//! Consents.

use super::{Readers, Transaction};
use crate::{
    ConsentOfSubject,
    error::{Doing, Error, fixed},
};
use jiff::Timestamp;
use unefois_core::{Consent, ConsentId, DatasetId, Purpose};

#[derive(sqlx::FromRow)]
struct ConsentRow {
    id: Vec<u8>,
    subject: Vec<u8>,
    consumer: String,
    dataset: String,
    purpose: String,
    granted_by: String,
    granted_at: i64,
    expires_at: Option<i64>,
    withdrawn_at: Option<i64>,
    evidence_digest: Vec<u8>,
}

impl TryFrom<ConsentRow> for ConsentOfSubject {
    type Error = Error;

    fn try_from(row: ConsentRow) -> Result<Self, Error> {
        let malformed = || Error::Malformed { what: "consent" };
        let at = |micros: i64| Timestamp::from_microsecond(micros).map_err(|_out_of_range| malformed());
        let ConsentRow { id, subject, consumer, dataset, purpose, granted_by, .. } = &row;
        let consent = Consent {
            id: ConsentId(uuid::Uuid::from_bytes(fixed(id, "consent id")?)),
            consumer: consumer.parse().map_err(|_invalid| malformed())?,
            dataset: DatasetId::parse(dataset).map_err(|_invalid| malformed())?,
            purpose: Purpose::from_code(purpose).ok_or_else(malformed)?,
            granted_by: granted_by.parse().map_err(|_invalid| malformed())?,
            granted_at: at(row.granted_at)?,
            expires_at: row.expires_at.map(at).transpose()?,
            withdrawn_at: row.withdrawn_at.map(at).transpose()?,
            evidence_digest: fixed(&row.evidence_digest, "evidence digest")?,
        };
        Ok(Self { subject: fixed(subject, "subject id")?, consent })
    }
}

const COLUMNS: &str = "SELECT c.id, c.subject, c.consumer, c.dataset, c.purpose, c.granted_by, c.granted_at,
     c.expires_at, c.withdrawn_at, c.evidence_digest FROM consent c";

impl Readers {
    pub(crate) async fn consents_list(&self, root: [u8; 16], count_max: u32) -> Result<Vec<Consent>, Error> {
        let mut connection = self.pool.acquire().await.doing("take a reader")?;
        consents_list(&mut connection, root, count_max).await
    }

    pub(crate) async fn consent_fetch(&self, id: ConsentId) -> Result<Option<ConsentOfSubject>, Error> {
        let row: Option<ConsentRow> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE c.id = ?")))
            .bind(&id.0.as_bytes()[..])
            .fetch_optional(&self.pool)
            .await
            .doing("read a consent")?;
        row.map(ConsentOfSubject::try_from).transpose()
    }
}

impl Transaction<'_> {
    pub(crate) async fn consents_list_in_tx(&mut self, root: [u8; 16], count_max: u32) -> Result<Vec<Consent>, Error> {
        consents_list(self.connection(), root, count_max).await
    }

    pub(crate) async fn consent_insert_in_tx(&mut self, subject: [u8; 16], consent: &Consent) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO consent (id, subject, consumer, dataset, purpose, granted_by, granted_at, expires_at,
             withdrawn_at, evidence_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&consent.id.0.as_bytes()[..])
        .bind(&subject[..])
        .bind(consent.consumer.as_str())
        .bind(consent.dataset.as_str())
        .bind(consent.purpose.code())
        .bind(consent.granted_by.as_str())
        .bind(consent.granted_at.as_microsecond())
        .bind(consent.expires_at.map(Timestamp::as_microsecond))
        .bind(consent.withdrawn_at.map(Timestamp::as_microsecond))
        .bind(&consent.evidence_digest[..])
        .execute(self.connection())
        .await
        .doing("store a consent")?;
        Ok(())
    }

    pub(crate) async fn consent_withdraw_in_tx(&mut self, id: ConsentId, at: Timestamp) -> Result<bool, Error> {
        let done = sqlx::query("UPDATE consent SET withdrawn_at = ? WHERE id = ? AND withdrawn_at IS NULL")
            .bind(at.as_microsecond())
            .bind(&id.0.as_bytes()[..])
            .execute(self.connection())
            .await
            .doing("withdraw a consent")?;
        Ok(done.rows_affected() == 1)
    }
}

async fn consents_list(
    connection: &mut sqlx::SqliteConnection,
    root: [u8; 16],
    count_max: u32,
) -> Result<Vec<Consent>, Error> {
    let sql = format!(
        "{COLUMNS} JOIN subject s ON s.id = c.subject WHERE s.root = ? ORDER BY c.granted_at DESC, c.id LIMIT ?"
    );
    let rows: Vec<ConsentRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(&root[..])
        .bind(i64::from(count_max))
        .fetch_all(connection)
        .await
        .doing("list consents")?;
    rows.into_iter().map(|row| ConsentOfSubject::try_from(row).map(|found| found.consent)).collect()
}
