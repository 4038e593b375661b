//! Records and their revisions.

use super::{
    Readers, Transaction,
    batch::{placeholders, runs},
};
use crate::{
    HeldRevision, RecordAsked, RevisionRow,
    error::{Doing, Error, fixed, signed, unsigned},
};
use sqlx::AssertSqlSafe;

type Row = (i64, Vec<u8>, Vec<u8>, i64, i64, i64, Vec<u8>, Vec<u8>);

impl Readers {
    pub(crate) async fn records_fetch(&self, asked: &[RecordAsked]) -> Result<Vec<Vec<HeldRevision>>, Error> {
        let mut connection = self.pool.acquire().await.doing("take a reader")?;
        records_fetch(&mut connection, asked).await
    }

    pub(crate) async fn revision_fetch(&self, record: [u8; 16], number: u64) -> Result<Option<HeldRevision>, Error> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT 0, r.id, r.discriminator, v.number, v.provider_recorded_at, v.learned_at, v.payload_key, v.sealed
             FROM revision v JOIN record r ON r.id = v.record WHERE v.record = ? AND v.number = ?",
        )
        .bind(&record[..])
        .bind(signed(number))
        .fetch_optional(&self.pool)
        .await
        .doing("read a revision")?;
        row.map(|row| held(row).map(|(_, held)| held)).transpose()
    }
}

impl Transaction<'_> {
    pub(crate) async fn records_fetch_in_tx(&mut self, asked: &[RecordAsked]) -> Result<Vec<Vec<HeldRevision>>, Error> {
        records_fetch(self.connection(), asked).await
    }

    pub(crate) async fn record_exists_in_tx(&mut self, record: [u8; 16]) -> Result<bool, Error> {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM record WHERE id = ?")
            .bind(&record[..])
            .fetch_optional(self.connection())
            .await
            .doing("look for a record")?;
        Ok(found.is_some())
    }

    pub(crate) async fn revision_insert_in_tx(&mut self, row: &RevisionRow) -> Result<(), Error> {
        let RevisionRow { record, subject, dataset, provider, selector, held } = row;
        sqlx::query(
            "INSERT INTO record (id, subject, dataset, provider, selector, discriminator, revision)
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET revision = excluded.revision",
        )
        .bind(&record[..])
        .bind(&subject[..])
        .bind(dataset)
        .bind(provider)
        .bind(&selector[..])
        .bind(&held.discriminator[..])
        .bind(signed(held.number))
        .execute(self.connection())
        .await
        .doing("store a record")?;
        sqlx::query(
            "INSERT INTO revision (record, number, provider_recorded_at, learned_at, payload_key, sealed)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&record[..])
        .bind(signed(held.number))
        .bind(held.provider_recorded_at)
        .bind(held.learned_at)
        .bind(&held.payload_key[..])
        .bind(&held.sealed)
        .execute(self.connection())
        .await
        .doing("store a revision")?;
        Ok(())
    }
}

async fn records_fetch(
    connection: &mut sqlx::SqliteConnection,
    asked: &[RecordAsked],
) -> Result<Vec<Vec<HeldRevision>>, Error> {
    let mut found = vec![Vec::new(); asked.len()];
    let numbered: Vec<_> = asked.iter().enumerate().collect();
    for run in runs(&numbered) {
        // `CROSS JOIN` keeps SQLite from reordering: from the question to its rows, never the other way round.
        let sql = format!(
            "WITH asked (n, root, dataset, provider, selector) AS (VALUES {})
             SELECT a.n, r.id, r.discriminator, v.number, v.provider_recorded_at, v.learned_at, v.payload_key, v.sealed
             FROM asked a
             CROSS JOIN subject m ON m.root = a.root
             CROSS JOIN record r ON r.subject = m.id AND r.dataset = a.dataset AND r.provider = a.provider
                                AND r.selector = a.selector
             CROSS JOIN revision v ON v.record = r.id AND v.number = r.revision",
            placeholders(run.len(), 5)
        );
        let mut query = sqlx::query_as::<_, Row>(AssertSqlSafe(sql));
        for (n, question) in run {
            let RecordAsked { root, dataset, provider, selector } = question;
            query = query.bind(signed(*n as u64)).bind(&root[..]).bind(dataset).bind(provider).bind(&selector[..]);
        }
        for row in query.fetch_all(&mut *connection).await.doing("read records")? {
            let (n, revision) = held(row)?;
            found.get_mut(n).ok_or(Error::Malformed { what: "answer" })?.push(revision);
        }
    }
    Ok(found)
}

fn held(row: Row) -> Result<(usize, HeldRevision), Error> {
    let (n, record, discriminator, number, provider_recorded_at, learned_at, payload_key, sealed) = row;
    let revision = HeldRevision {
        record: fixed(&record, "record id")?,
        discriminator: fixed(&discriminator, "pseudonym")?,
        number: unsigned(number, "revision")?,
        provider_recorded_at,
        learned_at,
        payload_key: fixed(&payload_key, "key id")?,
        sealed,
    };
    Ok((usize::try_from(n).map_err(|_negative| Error::Malformed { what: "answer" })?, revision))
}
