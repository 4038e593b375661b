//! The search indexes, which the follower builds behind the exchanges, and the searches in them.

use super::{
    Readers, Transaction,
    batch::{placeholders, runs},
};
use crate::{
    IndexRow, IndexSource, Search, SubjectMark,
    error::{Doing, Error, fixed, signed, unsigned},
};
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite};

/// Adds the conditions on `entry_index e`, each behind an `AND`.
fn push(search: &Search, query: &mut QueryBuilder<Sqlite>) {
    let Search { recorded_from, recorded_before, kind, outcome, purpose, .. } = search;
    let numbers = [
        (" AND e.recorded_at >= ", *recorded_from),
        (" AND e.recorded_at < ", *recorded_before),
        (" AND e.kind = ", kind.map(i64::from)),
        (" AND e.outcome = ", outcome.map(i64::from)),
        (" AND e.purpose = ", purpose.map(i64::from)),
    ];
    for (condition, number) in numbers {
        if let Some(number) = number {
            query.push(condition).push_bind(number);
        }
    }
    let Search { reason, consumer, provider, local_body, dataset, subject, .. } = search;
    let texts = [
        (" AND e.reason = ", reason),
        (" AND e.consumer = ", consumer),
        (" AND e.provider = ", provider),
        (" AND e.local_body = ", local_body),
        (" AND e.dataset = ", dataset),
    ];
    for (condition, text) in texts {
        if let Some(text) = text {
            query.push(condition).push_bind(text.clone());
        }
    }
    if let Some(pseudonyms) = subject {
        query.push(
            " AND EXISTS (SELECT 1 FROM entry_subject s WHERE s.slot = e.slot AND s.idx = e.idx AND s.search IN (",
        );
        let mut separated = query.separated(", ");
        for pseudonym in pseudonyms {
            separated.push_bind(pseudonym.to_vec());
        }
        query.push("))");
    }
}

impl Readers {
    pub(crate) async fn index_position_fetch(&self, slot: u32) -> Result<u64, Error> {
        let next: Option<i64> = sqlx::query_scalar("SELECT next FROM index_position WHERE slot = ?")
            .bind(i64::from(slot))
            .fetch_optional(&self.pool)
            .await
            .doing("read the position of the index")?;
        unsigned(next.unwrap_or_default(), "index position")
    }

    pub(crate) async fn index_sources_list(
        &self,
        slot: u32,
        from: u64,
        count_max: u32,
    ) -> Result<Vec<IndexSource>, Error> {
        let rows: Vec<(i64, Vec<u8>, Option<Vec<u8>>)> = sqlx::query_as(
            "SELECT e.idx, e.leaf, s.id FROM entry e LEFT JOIN subject s ON s.trace_key = e.personal_key
             WHERE e.slot = ? AND e.idx >= ? ORDER BY e.idx LIMIT ?",
        )
        .bind(i64::from(slot))
        .bind(signed(from))
        .bind(i64::from(count_max))
        .fetch_all(&self.pool)
        .await
        .doing("read entries to index")?;
        rows.into_iter()
            .map(|(index, leaf, subject)| {
                let subject = subject.map(|subject| fixed(&subject, "subject id")).transpose()?;
                Ok(IndexSource { index: unsigned(index, "entry index")?, leaf, subject })
            })
            .collect()
    }

    pub(crate) async fn index_search(
        &self,
        slot: u32,
        search: &Search,
        before: u64,
        count_max: u32,
    ) -> Result<Vec<u64>, Error> {
        let mut query = QueryBuilder::new("SELECT e.idx FROM entry_index e WHERE e.slot = ");
        query.push_bind(i64::from(slot)).push(" AND e.idx < ").push_bind(signed(before));
        push(search, &mut query);
        query.push(" ORDER BY e.idx DESC LIMIT ").push_bind(i64::from(count_max));
        let rows: Vec<i64> = query.build_query_scalar().fetch_all(&self.pool).await.doing("search the ledger")?;
        rows.into_iter().map(|index| unsigned(index, "entry index")).collect()
    }

    pub(crate) async fn index_count(
        &self,
        slot: u32,
        search: &Search,
        before: u64,
    ) -> Result<Vec<(i32, String, u64)>, Error> {
        let mut query = QueryBuilder::new("SELECT e.outcome, e.reason, count(*) FROM entry_index e WHERE e.slot = ");
        query.push_bind(i64::from(slot)).push(" AND e.idx < ").push_bind(signed(before));
        push(search, &mut query);
        query.push(" GROUP BY e.outcome, e.reason ORDER BY e.outcome, e.reason");
        let rows: Vec<(i32, String, i64)> =
            query.build_query_as().fetch_all(&self.pool).await.doing("count entries")?;
        rows.into_iter().map(|(outcome, reason, count)| Ok((outcome, reason, unsigned(count, "count")?))).collect()
    }
}

impl Transaction<'_> {
    pub(crate) async fn index_insert_in_tx(
        &mut self,
        slot: u32,
        rows: &[IndexRow],
        marks: &[SubjectMark],
        next: u64,
    ) -> Result<(), Error> {
        for run in runs(rows) {
            let sql = format!(
                "INSERT INTO entry_index (slot, idx, recorded_at, kind, outcome, reason, consumer, provider,
                 local_body, dataset, purpose) VALUES {}",
                placeholders(run.len(), 11)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for row in run {
                query = query.bind(i64::from(slot)).bind(signed(row.index)).bind(row.recorded_at).bind(row.kind);
                query = query.bind(row.outcome).bind(&row.reason).bind(&row.consumer).bind(&row.provider);
                query = query.bind(&row.local_body).bind(&row.dataset).bind(row.purpose);
            }
            query.execute(self.connection()).await.doing("index entries")?;
        }
        for run in runs(marks) {
            let sql = format!("INSERT INTO entry_subject (search, slot, idx) VALUES {}", placeholders(run.len(), 3));
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for mark in run {
                query = query.bind(&mark.search[..]).bind(i64::from(slot)).bind(signed(mark.index));
            }
            query.execute(self.connection()).await.doing("index the subjects of entries")?;
        }
        sqlx::query(
            "INSERT INTO index_position (slot, next) VALUES (?, ?) ON CONFLICT (slot) DO UPDATE SET next = excluded.next",
        )
        .bind(i64::from(slot))
        .bind(signed(next))
        .execute(self.connection())
        .await
        .doing("move the position of the index")?;
        Ok(())
    }
}
