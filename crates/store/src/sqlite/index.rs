//! The search indexes, which the follower builds behind the exchanges, and the searches in them.

use super::{Readers, Transaction, ask::Ask};
use crate::{
    IndexRow, IndexSource, Search, SubjectMark,
    error::{Doing, Error, signed, unsigned},
};
use rusqlite::{params, params_from_iter, types::Value};

/// A question that is put together, with the values for its placeholders.
struct Question {
    sql: String,
    values: Vec<Value>,
}

impl Question {
    fn of(select: &str, slot: u32, before: u64, search: &Search) -> Self {
        let sql = format!("SELECT {select} FROM entry_index e WHERE e.slot = ? AND e.idx < ?");
        let mut question = Self { sql, values: vec![Value::from(slot), Value::from(signed(before))] };
        question.only(search);
        question
    }

    fn push(&mut self, sql: &str, value: impl Into<Value>) {
        self.sql.push_str(sql);
        self.values.push(value.into());
    }

    /// Adds the conditions on `entry_index e`, each behind an `AND`.
    fn only(&mut self, search: &Search) {
        for (comparison, instant) in search.instants() {
            self.push(&format!(" AND e.recorded_at {comparison} ?"), instant);
        }
        for (column, number) in search.numbers() {
            self.push(&format!(" AND e.{column} = ?"), number);
        }
        for (column, text) in search.texts() {
            self.push(&format!(" AND e.{column} = ?"), text.to_owned());
        }
        if let Some(pseudonyms) = &search.subject {
            let places = vec!["?"; pseudonyms.len()].join(", ");
            self.sql.push_str(" AND EXISTS (SELECT 1 FROM entry_subject s WHERE s.slot = e.slot AND s.idx = e.idx");
            self.sql.push_str(&format!(" AND s.search IN ({places}))"));
            self.values.extend(pseudonyms.iter().map(|pseudonym| Value::from(pseudonym.to_vec())));
        }
    }
}

impl Readers {
    pub(crate) async fn index_position_fetch(&self, slot: u32) -> Result<u64, Error> {
        self.ask(move |connection| {
            let next = connection.row("SELECT next FROM index_position WHERE slot = ?", [slot], |row| row.get(0));
            unsigned(next.doing("read the position of the index")?.unwrap_or_default(), "index position")
        })
        .await
    }

    pub(crate) async fn index_sources_list(
        &self,
        slot: u32,
        from: u64,
        count_max: u32,
    ) -> Result<Vec<IndexSource>, Error> {
        self.ask(move |connection| {
            let sql = "SELECT e.idx, e.leaf, s.id FROM entry e LEFT JOIN subject s ON s.trace_key = e.personal_key
                 WHERE e.slot = ? AND e.idx >= ? ORDER BY e.idx LIMIT ?";
            let rows = connection.rows(sql, params![slot, signed(from), count_max], |row| {
                Ok(IndexSource {
                    index: row.get::<_, i64>(0)?.cast_unsigned(),
                    leaf: row.get(1)?,
                    subject: row.get(2)?,
                })
            });
            rows.doing("read entries to index")
        })
        .await
    }

    pub(crate) async fn index_search(
        &self,
        slot: u32,
        search: &Search,
        before: u64,
        count_max: u32,
    ) -> Result<Vec<u64>, Error> {
        let mut question = Question::of("e.idx", slot, before, search);
        question.push(" ORDER BY e.idx DESC LIMIT ?", count_max);
        let Question { sql, values } = question;
        self.ask(move |connection| {
            let rows = connection.rows(&sql, params_from_iter(values), |row| row.get(0)).doing("search the ledger")?;
            rows.into_iter().map(|index| unsigned(index, "entry index")).collect()
        })
        .await
    }

    pub(crate) async fn index_count(
        &self,
        slot: u32,
        search: &Search,
        before: u64,
    ) -> Result<Vec<(i32, String, u64)>, Error> {
        let Question { mut sql, values } = Question::of("e.outcome, e.reason, count(*)", slot, before, search);
        sql.push_str(" GROUP BY e.outcome, e.reason ORDER BY e.outcome, e.reason");
        self.ask(move |connection| {
            let rows: Vec<(i32, String, i64)> = connection
                .rows(&sql, params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .doing("count entries")?;
            rows.into_iter().map(|(outcome, reason, count)| Ok((outcome, reason, unsigned(count, "count")?))).collect()
        })
        .await
    }
}

impl Transaction<'_> {
    pub(crate) fn index_insert_in_tx(
        &mut self,
        slot: u32,
        rows: &[IndexRow],
        marks: &[SubjectMark],
        next: u64,
    ) -> Result<(), Error> {
        let connection = self.connection();
        let sql = "INSERT INTO entry_index (slot, idx, recorded_at, kind, outcome, reason, consumer, provider,
             local_body, dataset, purpose) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let mut insert = connection.prepare_cached(sql).doing("index entries")?;
        for row in rows {
            let IndexRow { recorded_at, kind, outcome, reason, consumer, provider, local_body, dataset, .. } = row;
            let values = params![
                slot,
                signed(row.index),
                recorded_at,
                kind,
                outcome,
                reason,
                consumer,
                provider,
                local_body,
                dataset,
                row.purpose
            ];
            insert.execute(values).doing("index entries")?;
        }
        let sql = "INSERT INTO entry_subject (search, slot, idx) VALUES (?, ?, ?)";
        let mut insert = connection.prepare_cached(sql).doing("index the subjects of entries")?;
        for SubjectMark { search, index } in marks {
            insert.execute(params![search, slot, signed(*index)]).doing("index the subjects of entries")?;
        }
        let sql = "INSERT INTO index_position (slot, next) VALUES (?, ?)
             ON CONFLICT (slot) DO UPDATE SET next = excluded.next";
        connection.run(sql, params![slot, signed(next)]).doing("move the position of the index").map(drop)
    }
}
