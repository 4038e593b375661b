//! Records and their revisions.

use sqlx::{PgConnection, types::Uuid};
use unefois_core::EventKind;

use super::{Readers, RecordReaders, Transaction, instant::Instant};
use crate::{
    HeldRevision, RecordAsked, RevisionRow,
    error::{Doing, Error, fixed, signed, unsigned},
    record::change_of,
};

type Row = (i64, Uuid, Vec<u8>, i64, Instant, Instant, Uuid, Vec<u8>, Option<i16>);

/// Of several revisions of one record the last is its newest. That a revision has its record is looked at when both are
/// written.
const INSERT: &str = "
    WITH stored AS (
        INSERT INTO record (id, subject, dataset, provider, selector, discriminator, revision)
        SELECT DISTINCT ON (id) id, subject, dataset, provider, selector, discriminator, revision
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::bigint[])
            WITH ORDINALITY AS new (id, subject, dataset, provider, selector, discriminator, revision, n)
        ORDER BY id, n DESC
        ON CONFLICT (id) DO UPDATE SET revision = excluded.revision
    )
    INSERT INTO revision (record, number, provider_recorded_at, learned_at, payload_key, sealed, change)
    SELECT * FROM unnest($1::uuid[], $7::bigint[], $8::timestamptz[], $9::timestamptz[], $10::uuid[], $11::bytea[],
        $12::smallint[])";

impl RecordReaders {
    pub(crate) async fn records_fetch(&self, asked: &[RecordAsked]) -> Result<Vec<Vec<HeldRevision>>, Error> {
        records_fetch(&mut *self.pool.acquire().await.doing("take a reader")?, asked).await
    }
}

impl Readers {
    pub(crate) async fn revision_fetch(&self, record: [u8; 16], number: u64) -> Result<Option<HeldRevision>, Error> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT 0::bigint, r.id, r.discriminator, v.number, v.provider_recorded_at, v.learned_at, v.payload_key,
             v.sealed, v.change FROM revision v JOIN record r ON r.id = v.record WHERE v.record = $1 AND v.number = $2",
        )
        .bind(Uuid::from_bytes(record))
        .bind(signed(number))
        .fetch_optional(&self.keyed)
        .await
        .doing("read a revision")?;
        row.map(|row| held(row).map(|(_, held)| held)).transpose()
    }

    pub(crate) async fn record_dataset_fetch(&self, record: [u8; 16]) -> Result<Option<String>, Error> {
        let dataset = sqlx::query_scalar("SELECT dataset FROM record WHERE id = $1").bind(Uuid::from_bytes(record));
        dataset.fetch_optional(&self.keyed).await.doing("read a record")
    }

    pub(crate) async fn revisions_fetch(&self, asked: &[([u8; 16], u64)]) -> Result<Vec<Option<HeldRevision>>, Error> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT a.n, r.id, r.discriminator, v.number, v.provider_recorded_at, v.learned_at, v.payload_key, v.sealed,
                 v.change
             FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS a (record, number, n)
             CROSS JOIN LATERAL (
                 SELECT v.* FROM revision v WHERE v.record = a.record AND v.number = a.number OFFSET 0
             ) v
             CROSS JOIN LATERAL (SELECT r.id, r.discriminator FROM record r WHERE r.id = v.record OFFSET 0) r",
        )
        .bind(asked.iter().map(|(record, _)| Uuid::from_bytes(*record)).collect::<Vec<_>>())
        .bind(asked.iter().map(|(_, number)| signed(*number)).collect::<Vec<_>>())
        .fetch_all(&self.keyed)
        .await
        .doing("read revisions")?;
        let mut found = vec![None; asked.len()];
        for row in rows {
            // Ordinality counts from 1.
            let (n, revision) = held(row)?;
            let place = n.checked_sub(1).and_then(|n| found.get_mut(n));
            *place.ok_or(Error::Malformed { what: "answer" })? = Some(revision);
        }
        Ok(found)
    }
}

impl Transaction<'_> {
    pub(crate) async fn records_fetch_in_tx(&mut self, asked: &[RecordAsked]) -> Result<Vec<Vec<HeldRevision>>, Error> {
        records_fetch(self.connection(), asked).await
    }

    pub(crate) async fn record_exists_in_tx(&mut self, record: [u8; 16]) -> Result<bool, Error> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM record WHERE id = $1)")
            .bind(Uuid::from_bytes(record))
            .fetch_one(self.connection())
            .await
            .doing("look for a record")
    }

    pub(crate) async fn revisions_insert_in_tx(&mut self, rows: &[RevisionRow]) -> Result<(), Error> {
        let records: Vec<Uuid> = rows.iter().map(|row| Uuid::from_bytes(row.record)).collect();
        let numbers: Vec<i64> = rows.iter().map(|row| signed(row.held.number)).collect();
        sqlx::query(INSERT)
            .bind(&records)
            .bind(rows.iter().map(|row| Uuid::from_bytes(row.subject)).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.dataset.as_str()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.provider.as_str()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| &row.selector[..]).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| &row.held.discriminator[..]).collect::<Vec<_>>())
            .bind(&numbers)
            .bind(rows.iter().map(|row| Instant(row.held.provider_recorded_at)).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| Instant(row.held.learned_at)).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| Uuid::from_bytes(row.held.payload_key)).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| &row.held.sealed[..]).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.held.change.map(EventKind::number)).collect::<Vec<_>>())
            .execute(self.connection())
            .await
            .doing("store revisions")?;
        self.traits_replace_in_tx(rows).await
    }
}

async fn records_fetch(connection: &mut PgConnection, asked: &[RecordAsked]) -> Result<Vec<Vec<HeldRevision>>, Error> {
    // `LATERAL` and `OFFSET 0`: from each question to its subjects, to their records, to a revision of each, by their keys
    // and in this order, whatever the planner believes of the tables' sizes.
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT a.n, r.id, r.discriminator, v.number, v.provider_recorded_at, v.learned_at, v.payload_key, v.sealed,
             v.change
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[])
              WITH ORDINALITY AS a (root, dataset, provider, selector, n)
         CROSS JOIN LATERAL (SELECT m.id FROM subject m WHERE m.root = a.root OFFSET 0) m
         CROSS JOIN LATERAL (
             SELECT r.id, r.discriminator, r.revision FROM record r
             WHERE r.subject = m.id AND r.dataset = a.dataset AND r.provider = a.provider AND r.selector = a.selector
             OFFSET 0
         ) r
         CROSS JOIN LATERAL (
             SELECT v.number, v.provider_recorded_at, v.learned_at, v.payload_key, v.sealed, v.change FROM revision v
             WHERE v.record = r.id AND v.number = r.revision
             OFFSET 0
         ) v",
    )
    .bind(asked.iter().map(|question| Uuid::from_bytes(question.root)).collect::<Vec<_>>())
    .bind(asked.iter().map(|question| question.dataset.as_str()).collect::<Vec<_>>())
    .bind(asked.iter().map(|question| question.provider.as_str()).collect::<Vec<_>>())
    .bind(asked.iter().map(|question| &question.selector[..]).collect::<Vec<_>>())
    .fetch_all(connection)
    .await
    .doing("read records")?;
    let mut found = vec![Vec::new(); asked.len()];
    for row in rows {
        // Ordinality counts from 1.
        let (n, revision) = held(row)?;
        let place = n.checked_sub(1).and_then(|n| found.get_mut(n));
        place.ok_or(Error::Malformed { what: "answer" })?.push(revision);
    }
    Ok(found)
}

fn held(row: Row) -> Result<(usize, HeldRevision), Error> {
    let (n, record, discriminator, number, provider_recorded_at, learned_at, payload_key, sealed, change) = row;
    let revision = HeldRevision {
        record: record.into_bytes(),
        discriminator: fixed(&discriminator, "pseudonym")?,
        number: unsigned(number, "revision")?,
        provider_recorded_at: provider_recorded_at.0,
        learned_at: learned_at.0,
        change: change_of(change)?,
        payload_key: payload_key.into_bytes(),
        sealed,
    };
    Ok((usize::try_from(n).map_err(|_negative| Error::Malformed { what: "answer" })?, revision))
}
