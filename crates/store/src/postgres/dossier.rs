//! Dossiers: about whom an agency says that it has a file open.

use sqlx::{PgConnection, types::Uuid};

use super::{Readers, Transaction, instant::Instant, uuids};
use crate::{
    DossierAsked, DossierFound, DossierRow,
    error::{Doing, Error},
};

#[derive(sqlx::FromRow)]
struct Row {
    agency: String,
    subject: Uuid,
    reason: String,
    opened_at: Instant,
    until: Instant,
    closed_at: Option<Instant>,
    root: Uuid,
}

impl From<Row> for DossierFound {
    fn from(row: Row) -> Self {
        let Row { agency, subject, reason, opened_at: Instant(opened_at), until: Instant(until), closed_at, root } =
            row;
        let (subject, closed_at) = (subject.into_bytes(), closed_at.map(|Instant(micros)| micros));
        let row = DossierRow { agency, subject, reason, opened_at, until, closed_at };
        Self { row, root: root.into_bytes() }
    }
}

// Each step is a lateral join of its own (`OFFSET 0`), from a subject to its own dossiers: however the planner weighs it,
// nobody reads through all of an agency's.
const OPEN: &str = "
    SELECT EXISTS (
        SELECT 1 FROM (SELECT m.root FROM subject m WHERE m.id = asked.subject OFFSET 0) m
        CROSS JOIN LATERAL (SELECT s.id FROM subject s WHERE s.root = m.root OFFSET 0) s
        CROSS JOIN LATERAL (
            SELECT d.closed_at, d.until FROM dossier d WHERE d.agency = asked.agency AND d.subject = s.id OFFSET 0
        ) d
        WHERE d.closed_at IS NULL AND d.until > $3
    )
    FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS asked (agency, subject, n) ORDER BY asked.n";
const OF_SUBJECTS: &str = "
    SELECT d.agency, d.subject, d.reason, d.opened_at, d.until, d.closed_at, asked.subject AS root
    FROM unnest($2::uuid[]) AS asked (subject)
    CROSS JOIN LATERAL (SELECT m.root FROM subject m WHERE m.id = asked.subject OFFSET 0) m
    CROSS JOIN LATERAL (SELECT s.id FROM subject s WHERE s.root = m.root OFFSET 0) s
    CROSS JOIN LATERAL (SELECT d.* FROM dossier d WHERE d.agency = $1 AND d.subject = s.id OFFSET 0) d";

impl Readers {
    pub(crate) async fn dossiers_list(
        &self,
        agency: &str,
        open_at: Option<i64>,
        after: Option<[u8; 16]>,
        count_max: u32,
    ) -> Result<Vec<DossierFound>, Error> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT d.agency, d.subject, d.reason, d.opened_at, d.until, d.closed_at, s.root
             FROM dossier d JOIN subject s ON s.id = d.subject
             WHERE d.agency = $1 AND ($2::uuid IS NULL OR d.subject > $2)
                 AND ($3::timestamptz IS NULL OR d.closed_at IS NULL AND d.until > $3)
             ORDER BY d.subject LIMIT $4",
        )
        .bind(agency)
        .bind(after.map(Uuid::from_bytes))
        .bind(open_at.map(Instant))
        .bind(i64::from(count_max))
        .fetch_all(&self.pool)
        .await
        .doing("list dossiers")?;
        Ok(rows.into_iter().map(DossierFound::from).collect())
    }

    pub(crate) async fn dossiers_of_subjects_list(
        &self,
        agency: &str,
        subjects: &[[u8; 16]],
    ) -> Result<Vec<DossierFound>, Error> {
        of_subjects(&mut *self.keyed.acquire().await.doing("take a reader")?, agency, subjects).await
    }
}

impl Transaction<'_> {
    pub(crate) async fn dossiers_open_in_tx(
        &mut self,
        asked: &[DossierAsked<'_>],
        now: i64,
    ) -> Result<Vec<bool>, Error> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<bool> = sqlx::query_scalar(OPEN)
            .bind(asked.iter().map(|asked| asked.agency).collect::<Vec<_>>())
            .bind(asked.iter().map(|asked| Uuid::from_bytes(asked.subject)).collect::<Vec<_>>())
            .bind(Instant(now))
            .fetch_all(self.connection())
            .await
            .doing("find dossiers")?;
        if rows.len() == asked.len() { Ok(rows) } else { Err(Error::Malformed { what: "answer" }) }
    }

    pub(crate) async fn dossiers_of_subjects_list_in_tx(
        &mut self,
        agency: &str,
        subjects: &[[u8; 16]],
    ) -> Result<Vec<DossierFound>, Error> {
        of_subjects(self.connection(), agency, subjects).await
    }

    pub(crate) async fn dossiers_upsert_in_tx(&mut self, rows: &[DossierRow]) -> Result<(), Error> {
        // In one order, so that two nodes that load the same dossiers do not wait for each other.
        sqlx::query(
            "INSERT INTO dossier (agency, subject, reason, opened_at, until, closed_at)
             SELECT DISTINCT ON (agency, subject) agency, subject, reason, opened_at, until, closed_at
             FROM unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
                 WITH ORDINALITY AS new (agency, subject, reason, opened_at, until, closed_at, n)
             ORDER BY agency, subject, n DESC
             ON CONFLICT (agency, subject) DO UPDATE SET reason = excluded.reason, opened_at = excluded.opened_at,
                 until = excluded.until, closed_at = excluded.closed_at",
        )
        .bind(rows.iter().map(|row| row.agency.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| Uuid::from_bytes(row.subject)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.reason.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| Instant(row.opened_at)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| Instant(row.until)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.closed_at.map(Instant)).collect::<Vec<_>>())
        .execute(self.connection())
        .await
        .doing("open dossiers")?;
        Ok(())
    }

    pub(crate) async fn dossiers_close_in_tx(
        &mut self,
        agency: &str,
        roots: &[[u8; 16]],
        now: i64,
    ) -> Result<u64, Error> {
        let done = sqlx::query(
            "WITH held AS MATERIALIZED (
                 SELECT d.subject FROM dossier d
                 WHERE d.agency = $1 AND d.closed_at IS NULL AND d.until > $3
                   AND d.subject = ANY (ARRAY(SELECT s.id FROM subject s WHERE s.root = ANY ($2)))
                 ORDER BY d.subject FOR UPDATE
             )
             UPDATE dossier SET closed_at = $3 WHERE agency = $1 AND subject = ANY (ARRAY(SELECT held.subject FROM held))",
        )
        .bind(agency)
        .bind(uuids(roots))
        .bind(Instant(now))
        .execute(self.connection())
        .await
        .doing("close dossiers")?;
        Ok(done.rows_affected())
    }
}

async fn of_subjects(
    connection: &mut PgConnection,
    agency: &str,
    subjects: &[[u8; 16]],
) -> Result<Vec<DossierFound>, Error> {
    let rows: Vec<Row> = sqlx::query_as(OF_SUBJECTS)
        .bind(agency)
        .bind(uuids(subjects))
        .fetch_all(connection)
        .await
        .doing("find dossiers")?;
    Ok(rows.into_iter().map(DossierFound::from).collect())
}
