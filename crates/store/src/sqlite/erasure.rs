//! Erasures: rows that are removed, keys that may never come back, and what a crash left to be removed.

use super::{
    Readers, Transaction,
    batch::{placeholders, runs},
};
use crate::{
    ErasureNumber,
    error::{Doing, Error, fixed},
};
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite};

const SINCE: &str = "SELECT id FROM erased_key WHERE erasure > ?";
const NEWEST: &str = "SELECT coalesce(max(id), 0) FROM erasure";

impl Readers {
    pub(crate) async fn erased_keys_since_list(&self, after: ErasureNumber) -> Result<Vec<[u8; 16]>, Error> {
        let rows: Vec<Vec<u8>> =
            sqlx::query_scalar(SINCE).bind(after.0).fetch_all(&self.pool).await.doing("list erased keys")?;
        rows.iter().map(|id| fixed(id, "key id")).collect()
    }

    pub(crate) async fn erasure_newest_fetch(&self) -> Result<ErasureNumber, Error> {
        sqlx::query_scalar(NEWEST).fetch_one(&self.pool).await.doing("read the newest erasure").map(ErasureNumber)
    }

    pub(crate) async fn erasures_open_list(&self) -> Result<Vec<ErasureNumber>, Error> {
        let rows: Vec<i64> = sqlx::query_scalar("SELECT id FROM erasure WHERE done_at IS NULL ORDER BY id")
            .fetch_all(&self.pool)
            .await
            .doing("list unfinished erasures")?;
        Ok(rows.into_iter().map(ErasureNumber).collect())
    }

    pub(crate) async fn erased_keys_list(
        &self,
        after: Option<[u8; 16]>,
        count_max: u32,
    ) -> Result<Vec<[u8; 16]>, Error> {
        let after = after.map_or_else(Vec::new, |key| key.to_vec());
        let rows: Vec<Vec<u8>> = sqlx::query_scalar("SELECT id FROM erased_key WHERE id > ? ORDER BY id LIMIT ?")
            .bind(after)
            .bind(i64::from(count_max))
            .fetch_all(&self.pool)
            .await
            .doing("list erased keys")?;
        rows.iter().map(|id| fixed(id, "key id")).collect()
    }

    pub(crate) async fn erased_key_exists(&self, key: [u8; 16]) -> Result<bool, Error> {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM erased_key WHERE id = ?")
            .bind(&key[..])
            .fetch_optional(&self.pool)
            .await
            .doing("look for an erased key")?;
        Ok(found.is_some())
    }
}

impl Transaction<'_> {
    pub(crate) async fn erased_keys_since_in_tx(&mut self, after: ErasureNumber) -> Result<Vec<[u8; 16]>, Error> {
        let rows: Vec<Vec<u8>> =
            sqlx::query_scalar(SINCE).bind(after.0).fetch_all(self.connection()).await.doing("list erased keys")?;
        rows.iter().map(|id| fixed(id, "key id")).collect()
    }

    pub(crate) async fn erasure_newest_in_tx(&mut self) -> Result<ErasureNumber, Error> {
        sqlx::query_scalar(NEWEST)
            .fetch_one(self.connection())
            .await
            .doing("read the newest erasure")
            .map(ErasureNumber)
    }

    pub(crate) async fn erasure_insert_in_tx(
        &mut self,
        keys: &[[u8; 16]],
        search: &[[u8; 32]],
        now: i64,
    ) -> Result<ErasureNumber, Error> {
        let number: i64 = sqlx::query_scalar("INSERT INTO erasure (erased_at) VALUES (?) RETURNING id")
            .bind(now)
            .fetch_one(self.connection())
            .await
            .doing("begin an erasure")?;
        for key in keys {
            sqlx::query("INSERT INTO erased_key (id, erasure) VALUES (?, ?)")
                .bind(&key[..])
                .bind(number)
                .execute(self.connection())
                .await
                .doing("note an erased key")?;
        }
        for pseudonym in search {
            sqlx::query("INSERT INTO erasure_search (erasure, search) VALUES (?, ?)")
                .bind(number)
                .bind(&pseudonym[..])
                .execute(self.connection())
                .await
                .doing("note what is to be erased")?;
        }
        Ok(ErasureNumber(number))
    }

    pub(crate) async fn records_erase_in_tx(&mut self, subjects: &[[u8; 16]]) -> Result<u64, Error> {
        let mut erased = 0;
        for run in runs(subjects) {
            let theirs = format!("(SELECT id FROM record WHERE subject IN {})", placeholders(1, run.len()));
            // A repeat of the publication is still known to be one: it must not bring the record back.
            let scrub =
                format!("UPDATE publication SET content = zeroblob(32), item_path = x'' WHERE record IN {theirs}");
            self.of_subjects(scrub, run, "scrub publications").await?;
            self.of_subjects(format!("DELETE FROM revision WHERE record IN {theirs}"), run, "erase revisions").await?;
            let records = format!("DELETE FROM record WHERE subject IN {}", placeholders(1, run.len()));
            erased += self.of_subjects(records, run, "erase records").await?;
        }
        Ok(erased)
    }

    pub(crate) async fn subjects_erase_in_tx(&mut self, subjects: &[[u8; 16]]) -> Result<(), Error> {
        for run in runs(subjects) {
            for (table, column) in [("identifier", "subject"), ("consent", "subject"), ("subject", "id")] {
                let sql = format!("DELETE FROM {table} WHERE {column} IN {}", placeholders(1, run.len()));
                self.of_subjects(sql, run, "erase subjects").await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn tail_traces_erase_in_tx(&mut self, keys: &[[u8; 16]]) -> Result<u64, Error> {
        let mut erased = 0;
        for run in runs(keys) {
            let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
                "UPDATE entry SET personal_key = NULL, personal_sealed = NULL WHERE (slot, idx) IN (
                     SELECT e.slot, e.idx FROM shard s LEFT JOIN index_position p ON p.slot = s.slot
                     JOIN entry e ON e.slot = s.slot AND e.idx >= coalesce(p.next, 0) WHERE e.personal_key IN (",
            );
            let mut separated = query.separated(", ");
            for key in run {
                separated.push_bind(key.to_vec());
            }
            query.push("))");
            let done = query.build().execute(self.connection()).await.doing("erase unindexed traces")?;
            erased += done.rows_affected();
        }
        Ok(erased)
    }

    pub(crate) async fn traces_erase_in_tx(&mut self, erasure: ErasureNumber, count_max: u32) -> Result<u64, Error> {
        let found: Vec<(Vec<u8>, i64, i64)> = sqlx::query_as(
            "SELECT s.search, s.slot, s.idx FROM erasure_search e JOIN entry_subject s ON s.search = e.search
             WHERE e.erasure = ? LIMIT ?",
        )
        .bind(erasure.0)
        .bind(i64::from(count_max))
        .fetch_all(self.connection())
        .await
        .doing("find traces to erase")?;
        for (search, slot, index) in &found {
            sqlx::query("UPDATE entry SET personal_key = NULL, personal_sealed = NULL WHERE slot = ? AND idx = ?")
                .bind(slot)
                .bind(index)
                .execute(self.connection())
                .await
                .doing("erase a trace")?;
            sqlx::query("DELETE FROM entry_subject WHERE search = ? AND slot = ? AND idx = ?")
                .bind(search)
                .bind(slot)
                .bind(index)
                .execute(self.connection())
                .await
                .doing("erase a search row")?;
        }
        Ok(found.len() as u64)
    }

    pub(crate) async fn erasure_finish_in_tx(&mut self, erasure: ErasureNumber, now: i64) -> Result<(), Error> {
        sqlx::query("DELETE FROM erasure_search WHERE erasure = ?")
            .bind(erasure.0)
            .execute(self.connection())
            .await
            .doing("end an erasure")?;
        sqlx::query("UPDATE erasure SET done_at = ? WHERE id = ?")
            .bind(now)
            .bind(erasure.0)
            .execute(self.connection())
            .await
            .doing("end an erasure")?;
        Ok(())
    }

    /// Runs a statement whose parameters are these subjects. Gives how many rows it touched.
    async fn of_subjects(&mut self, sql: String, subjects: &[[u8; 16]], action: &'static str) -> Result<u64, Error> {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for subject in subjects {
            query = query.bind(subject.to_vec());
        }
        Ok(query.execute(self.connection()).await.doing(action)?.rows_affected())
    }
}
