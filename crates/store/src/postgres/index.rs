//! The search indexes, which the followers build behind the exchanges, and the searches in them.

use sqlx::{Postgres, QueryBuilder, types::Uuid};

use super::{Readers, Transaction, byteas, instant::Instant, shard::slot_of};
use crate::{
    IndexRow, IndexSource, Search, SubjectMark,
    error::{Doing, Error, signed, unsigned},
};

/// Adds the conditions on `entry_index e`, each behind an `AND`.
fn push(search: &Search, query: &mut QueryBuilder<Postgres>) {
    for (comparison, instant) in search.instants() {
        query.push(format_args!(" AND e.recorded_at {comparison} ")).push_bind(Instant(instant));
    }
    for (column, number) in search.numbers() {
        query.push(format_args!(" AND e.{column} = ")).push_bind(number);
    }
    for (column, text) in search.texts() {
        query.push(format_args!(" AND e.{column} = ")).push_bind(text.to_owned());
    }
    if let Some(pseudonyms) = &search.subject {
        let pseudonyms: Vec<Vec<u8>> = byteas(pseudonyms).into_iter().map(<[u8]>::to_vec).collect();
        query.push(
            " AND EXISTS (SELECT 1 FROM entry_subject s WHERE s.slot = e.slot AND s.idx = e.idx AND s.search = ANY(",
        );
        query.push_bind(pseudonyms).push("))");
    }
}

impl Readers {
    pub(crate) async fn index_position_fetch(&self, slot: u32) -> Result<u64, Error> {
        let next: Option<i64> = sqlx::query_scalar("SELECT next FROM index_position WHERE slot = $1")
            .bind(slot_of(slot))
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
        let rows: Vec<(i64, Vec<u8>, Option<Uuid>)> = sqlx::query_as(
            "SELECT e.idx, e.leaf, s.id FROM entry e LEFT JOIN subject s ON s.trace_key = e.personal_key
             WHERE e.slot = $1 AND e.idx >= $2 ORDER BY e.idx LIMIT $3",
        )
        .bind(slot_of(slot))
        .bind(signed(from))
        .bind(i64::from(count_max))
        .fetch_all(&self.pool)
        .await
        .doing("read entries to index")?;
        rows.into_iter()
            .map(|(index, leaf, subject)| {
                let subject = subject.map(Uuid::into_bytes);
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
        query.push_bind(slot_of(slot)).push(" AND e.idx < ").push_bind(signed(before));
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
        let mut query =
            QueryBuilder::new("SELECT e.outcome::int, e.reason, count(*) FROM entry_index e WHERE e.slot = ");
        query.push_bind(slot_of(slot)).push(" AND e.idx < ").push_bind(signed(before));
        push(search, &mut query);
        query.push(" GROUP BY e.outcome, e.reason ORDER BY e.outcome, e.reason COLLATE \"C\"");
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
        fn texts(rows: &[IndexRow], text: impl Fn(&IndexRow) -> &String) -> Vec<&str> {
            rows.iter().map(|row| text(row).as_str()).collect()
        }
        fn numbers(rows: &[IndexRow], number: impl Fn(&IndexRow) -> i32) -> Vec<i32> {
            rows.iter().map(number).collect()
        }
        sqlx::query(
            "INSERT INTO entry_index (slot, idx, recorded_at, kind, outcome, reason, consumer, provider, local_body,
             dataset, purpose) SELECT $1, * FROM unnest($2::bigint[], $3::timestamptz[], $4::int[], $5::int[],
             $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::int[])",
        )
        .bind(slot_of(slot))
        .bind(rows.iter().map(|row| signed(row.index)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| Instant(row.recorded_at)).collect::<Vec<_>>())
        .bind(numbers(rows, |row| row.kind))
        .bind(numbers(rows, |row| row.outcome))
        .bind(texts(rows, |row| &row.reason))
        .bind(texts(rows, |row| &row.consumer))
        .bind(texts(rows, |row| &row.provider))
        .bind(texts(rows, |row| &row.local_body))
        .bind(texts(rows, |row| &row.dataset))
        .bind(numbers(rows, |row| row.purpose))
        .execute(self.connection())
        .await
        .doing("index entries")?;
        sqlx::query(
            "INSERT INTO entry_subject (search, slot, idx) SELECT m.search, $1, m.idx
             FROM unnest($2::bytea[], $3::bigint[]) AS m (search, idx) ORDER BY m.search, m.idx",
        )
        .bind(slot_of(slot))
        .bind(marks.iter().map(|mark| &mark.search[..]).collect::<Vec<_>>())
        .bind(marks.iter().map(|mark| signed(mark.index)).collect::<Vec<_>>())
        .execute(self.connection())
        .await
        .doing("index the subjects of entries")?;
        sqlx::query(
            "INSERT INTO index_position (slot, next) VALUES ($1, $2)
             ON CONFLICT (slot) DO UPDATE SET next = excluded.next",
        )
        .bind(slot_of(slot))
        .bind(signed(next))
        .execute(self.connection())
        .await
        .doing("move the position of the index")?;
        Ok(())
    }

    pub(crate) async fn index_months_make_in_tx(&mut self) -> Result<(), Error> {
        sqlx::query("SELECT entry_index_months_make()")
            .execute(self.connection())
            .await
            .doing("make the next months of the index")?;
        Ok(())
    }
}
