//! Dossiers: about whom an agency says that it has a file open.

use sqlx::{PgConnection, types::Uuid};

use super::{Readers, Transaction, instant::Instant, uuids};
use crate::{
    DossierFound, DossierRow,
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

/// The dossiers of agency `$1` on subjects `$2` and what they were merged with, as `d`, from each subject to its own (`OFFSET 0`): however
/// the planner weighs it, nobody reads through all of an agency's.
macro_rules! of_subjects {
    () => {
        "FROM unnest($2::uuid[]) AS asked (subject)
         CROSS JOIN LATERAL (SELECT m.id, m.root FROM subject m WHERE m.id = asked.subject OFFSET 0) m
         CROSS JOIN LATERAL (SELECT s.id FROM subject s WHERE s.root = m.root OFFSET 0) s
         CROSS JOIN LATERAL (SELECT d.* FROM dossier d WHERE d.agency = $1 AND d.subject = s.id OFFSET 0) d"
    };
}

impl Readers {
    pub(crate) async fn dossiers_open_among(
        &self,
        agency: &str,
        subjects: &[[u8; 16]],
        now: i64,
    ) -> Result<Vec<[u8; 16]>, Error> {
        open_among(&mut *self.keyed.acquire().await.doing("take a reader")?, agency, subjects, now).await
    }

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
    pub(crate) async fn dossiers_open_among_in_tx(
        &mut self,
        agency: &str,
        subjects: &[[u8; 16]],
        now: i64,
    ) -> Result<Vec<[u8; 16]>, Error> {
        open_among(self.connection(), agency, subjects, now).await
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

async fn open_among(
    connection: &mut PgConnection,
    agency: &str,
    subjects: &[[u8; 16]],
    now: i64,
) -> Result<Vec<[u8; 16]>, Error> {
    let found: Vec<Uuid> = sqlx::query_scalar(
        concat!("SELECT DISTINCT m.id ", of_subjects!(), " WHERE d.closed_at IS NULL AND d.until > $3"),
    )
    .bind(agency)
    .bind(uuids(subjects))
    .bind(Instant(now))
    .fetch_all(connection)
    .await
    .doing("find dossiers")?;
    Ok(found.into_iter().map(Uuid::into_bytes).collect())
}

async fn of_subjects(
    connection: &mut PgConnection,
    agency: &str,
    subjects: &[[u8; 16]],
) -> Result<Vec<DossierFound>, Error> {
    let rows: Vec<Row> = sqlx::query_as(
        concat!("SELECT d.agency, d.subject, d.reason, d.opened_at, d.until, d.closed_at, m.id AS root ", of_subjects!()),
    )
    .bind(agency)
    .bind(uuids(subjects))
    .fetch_all(connection)
    .await
    .doing("find dossiers")?;
    Ok(rows.into_iter().map(DossierFound::from).collect())
}
