//! Erasures: rows that are removed, keys that may never come back, and what a crash left to be removed.

use sqlx::types::Uuid;

use super::{Readers, Transaction, byteas, instant::Instant, uuids};
use crate::{
    ErasureNumber,
    error::{Doing, Error},
};

const SINCE: &str = "SELECT id FROM erased_key WHERE erasure > $1";
const NEWEST: &str = "SELECT coalesce(max(id), 0) FROM erasure";

fn bytes(ids: Vec<Uuid>) -> Vec<[u8; 16]> {
    ids.into_iter().map(Uuid::into_bytes).collect()
}

impl Readers {
    pub(crate) async fn erased_keys_since_list(&self, after: ErasureNumber) -> Result<Vec<[u8; 16]>, Error> {
        sqlx::query_scalar(SINCE).bind(after.0).fetch_all(&self.pool).await.doing("list erased keys").map(bytes)
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
        sqlx::query_scalar("SELECT id FROM erased_key WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2")
            .bind(after.map(Uuid::from_bytes))
            .bind(i64::from(count_max))
            .fetch_all(&self.pool)
            .await
            .doing("list erased keys")
            .map(bytes)
    }

    pub(crate) async fn erased_key_exists(&self, key: [u8; 16]) -> Result<bool, Error> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM erased_key WHERE id = $1)")
            .bind(Uuid::from_bytes(key))
            .fetch_one(&self.pool)
            .await
            .doing("look for an erased key")
    }
}

impl Transaction<'_> {
    pub(crate) async fn erased_keys_since_in_tx(&mut self, after: ErasureNumber) -> Result<Vec<[u8; 16]>, Error> {
        let rows = sqlx::query_scalar(SINCE).bind(after.0).fetch_all(self.connection()).await;
        rows.doing("list erased keys").map(bytes)
    }

    pub(crate) async fn erasure_newest_in_tx(&mut self) -> Result<ErasureNumber, Error> {
        let newest = sqlx::query_scalar(NEWEST).fetch_one(self.connection()).await;
        newest.doing("read the newest erasure").map(ErasureNumber)
    }

    pub(crate) async fn erasure_insert_in_tx(
        &mut self,
        keys: &[[u8; 16]],
        search: &[[u8; 32]],
        now: i64,
    ) -> Result<ErasureNumber, Error> {
        // Whoever erases holds every shard: nobody else takes this number.
        let number: i64 = sqlx::query_scalar(
            "INSERT INTO erasure (id, erased_at) SELECT coalesce(max(id), 0) + 1, $1 FROM erasure RETURNING id",
        )
        .bind(Instant(now))
        .fetch_one(self.connection())
        .await
        .doing("begin an erasure")?;
        sqlx::query("INSERT INTO erased_key (id, erasure) SELECT unnest($1::uuid[]), $2")
            .bind(uuids(keys))
            .bind(number)
            .execute(self.connection())
            .await
            .doing("note erased keys")?;
        sqlx::query("INSERT INTO erasure_search (erasure, search) SELECT $1, unnest($2::bytea[])")
            .bind(number)
            .bind(byteas(search))
            .execute(self.connection())
            .await
            .doing("note what is to be erased")?;
        Ok(ErasureNumber(number))
    }

    pub(crate) async fn records_erase_in_tx(&mut self, subjects: &[[u8; 16]]) -> Result<u64, Error> {
        // Traits go with their records, by the schema.
        // A repeat of the publication is still known to be one: it must not bring the record back.
        let scrub = "UPDATE publication SET content = decode(repeat('00', 32), 'hex'), item_path = '{}'
             WHERE record IN (SELECT id FROM record WHERE subject = ANY($1))";
        self.of_subjects(scrub, subjects, "scrub publications").await?;
        let revisions = "DELETE FROM revision WHERE record IN (SELECT id FROM record WHERE subject = ANY($1))";
        self.of_subjects(revisions, subjects, "erase revisions").await?;
        for sql in [
            "DELETE FROM delivery_attempt a USING event e
             WHERE e.subject = ANY($1) AND a.partition = e.partition AND a.position = e.position",
            "DELETE FROM dead_letter WHERE subject = ANY($1)",
            "DELETE FROM event WHERE subject = ANY($1)",
            "DELETE FROM dossier WHERE subject = ANY($1)",
        ] {
            self.of_subjects(sql, subjects, "erase events and dossiers").await?;
        }
        self.of_subjects("DELETE FROM record WHERE subject = ANY($1)", subjects, "erase records").await
    }

    pub(crate) async fn subjects_erase_in_tx(&mut self, subjects: &[[u8; 16]]) -> Result<(), Error> {
        for sql in [
            "DELETE FROM identifier WHERE subject = ANY($1)",
            "DELETE FROM consent WHERE subject = ANY($1)",
            "DELETE FROM subject WHERE id = ANY($1)",
        ] {
            self.of_subjects(sql, subjects, "erase subjects").await?;
        }
        Ok(())
    }

    pub(crate) async fn tail_traces_erase_in_tx(&mut self, keys: &[[u8; 16]]) -> Result<u64, Error> {
        let done = sqlx::query(
            "UPDATE entry e SET personal_key = NULL, personal_sealed = NULL
             FROM shard s LEFT JOIN index_position p ON p.slot = s.slot
             WHERE e.slot = s.slot AND e.idx >= coalesce(p.next, 0) AND e.personal_key = ANY($1)",
        )
        .bind(uuids(keys))
        .execute(self.connection())
        .await
        .doing("erase unindexed traces")?;
        Ok(done.rows_affected())
    }

    pub(crate) async fn traces_erase_in_tx(&mut self, erasure: ErasureNumber, count_max: u32) -> Result<u64, Error> {
        let done = sqlx::query(
            "WITH found AS (
                 SELECT s.search, s.slot, s.idx FROM erasure_search e JOIN entry_subject s ON s.search = e.search
                 WHERE e.erasure = $1 LIMIT $2
             ), erased AS (
                 UPDATE entry e SET personal_key = NULL, personal_sealed = NULL
                 FROM found WHERE e.slot = found.slot AND e.idx = found.idx
             )
             DELETE FROM entry_subject s USING found
             WHERE s.search = found.search AND s.slot = found.slot AND s.idx = found.idx",
        )
        .bind(erasure.0)
        .bind(i64::from(count_max))
        .execute(self.connection())
        .await
        .doing("erase traces")?;
        Ok(done.rows_affected())
    }

    pub(crate) async fn erasure_finish_in_tx(&mut self, erasure: ErasureNumber, now: i64) -> Result<(), Error> {
        sqlx::query("DELETE FROM erasure_search WHERE erasure = $1")
            .bind(erasure.0)
            .execute(self.connection())
            .await
            .doing("end an erasure")?;
        sqlx::query("UPDATE erasure SET done_at = $2 WHERE id = $1")
            .bind(erasure.0)
            .bind(Instant(now))
            .execute(self.connection())
            .await
            .doing("end an erasure")?;
        Ok(())
    }

    /// Runs a statement whose parameter is these subjects. Gives how many rows it touched.
    async fn of_subjects(
        &mut self,
        sql: &'static str,
        subjects: &[[u8; 16]],
        action: &'static str,
    ) -> Result<u64, Error> {
        let done = sqlx::query(sql).bind(uuids(subjects)).execute(self.connection()).await;
        Ok(done.doing(action)?.rows_affected())
    }
}
