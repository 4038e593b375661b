//! Subjects and their identifiers.

use super::{
    Readers, Transaction,
    batch::{placeholders, runs},
};
use crate::{
    SubjectRow, SubjectWithIdentifiers,
    error::{Doing, Error, fixed},
};
use sqlx::AssertSqlSafe;

const BY_PSEUDONYM: &str = "SELECT i.pseudonym, s.id, r.id, r.trace_key FROM identifier i
     JOIN subject s ON s.id = i.subject JOIN subject r ON r.id = s.root WHERE i.pseudonym IN";

impl Readers {
    pub(crate) async fn subjects_list(&self, pseudonyms: &[[u8; 32]]) -> Result<Vec<([u8; 32], SubjectRow)>, Error> {
        let mut connection = self.pool.acquire().await.doing("take a reader")?;
        subjects_list(&mut connection, pseudonyms).await
    }

    pub(crate) async fn subject_fetch(&self, id: [u8; 16]) -> Result<Option<SubjectRow>, Error> {
        let row: Option<(Vec<u8>, Vec<u8>)> =
            sqlx::query_as("SELECT r.id, r.trace_key FROM subject s JOIN subject r ON r.id = s.root WHERE s.id = ?")
                .bind(&id[..])
                .fetch_optional(&self.pool)
                .await
                .doing("find a subject")?;
        let Some((root, trace_key)) = row else { return Ok(None) };
        Ok(Some(SubjectRow { id, root: fixed(&root, "subject id")?, trace_key: fixed(&trace_key, "key id")? }))
    }

    pub(crate) async fn subject_members_list(&self, root: [u8; 16]) -> Result<Vec<[u8; 16]>, Error> {
        let mut connection = self.pool.acquire().await.doing("take a reader")?;
        members_list(&mut connection, root).await
    }
}

impl Transaction<'_> {
    pub(crate) async fn subjects_list_in_tx(
        &mut self,
        pseudonyms: &[[u8; 32]],
    ) -> Result<Vec<([u8; 32], SubjectRow)>, Error> {
        subjects_list(self.connection(), pseudonyms).await
    }

    pub(crate) async fn subject_members_in_tx(&mut self, root: [u8; 16]) -> Result<Vec<[u8; 16]>, Error> {
        members_list(self.connection(), root).await
    }

    pub(crate) async fn subject_exists_in_tx(&mut self, id: [u8; 16]) -> Result<bool, Error> {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM subject WHERE id = ?")
            .bind(&id[..])
            .fetch_optional(self.connection())
            .await
            .doing("look for a subject")?;
        Ok(found.is_some())
    }

    pub(crate) async fn subject_insert_in_tx(
        &mut self,
        subject: &SubjectWithIdentifiers,
        now: i64,
    ) -> Result<(), Error> {
        sqlx::query("INSERT INTO subject (id, root, trace_key, created_at) VALUES (?1, ?1, ?2, ?3)")
            .bind(&subject.id[..])
            .bind(&subject.trace_key[..])
            .bind(now)
            .execute(self.connection())
            .await
            .doing("add a subject")?;
        for pseudonym in &subject.pseudonyms {
            self.identifier_insert_in_tx(*pseudonym, subject.id).await?;
        }
        Ok(())
    }

    pub(crate) async fn identifier_insert_in_tx(
        &mut self,
        pseudonym: [u8; 32],
        subject: [u8; 16],
    ) -> Result<(), Error> {
        sqlx::query("INSERT INTO identifier (pseudonym, subject) VALUES (?, ?)")
            .bind(&pseudonym[..])
            .bind(&subject[..])
            .execute(self.connection())
            .await
            .doing("add an identifier")?;
        Ok(())
    }

    pub(crate) async fn subject_merge_in_tx(&mut self, kept: [u8; 16], merged: [u8; 16]) -> Result<(), Error> {
        sqlx::query(
            "UPDATE subject SET root = (SELECT root FROM subject WHERE id = ?) \
             WHERE root = (SELECT root FROM subject WHERE id = ?)",
        )
        .bind(&kept[..])
        .bind(&merged[..])
        .execute(self.connection())
        .await
        .doing("merge two subjects")?;
        Ok(())
    }
}

async fn subjects_list(
    connection: &mut sqlx::SqliteConnection,
    pseudonyms: &[[u8; 32]],
) -> Result<Vec<([u8; 32], SubjectRow)>, Error> {
    let mut found = Vec::with_capacity(pseudonyms.len());
    for run in runs(pseudonyms) {
        let sql = format!("{BY_PSEUDONYM} {}", placeholders(1, run.len()));
        let mut query = sqlx::query_as::<_, (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>)>(AssertSqlSafe(sql));
        for pseudonym in run {
            query = query.bind(&pseudonym[..]);
        }
        for (pseudonym, id, root, trace_key) in query.fetch_all(&mut *connection).await.doing("find subjects")? {
            let subject = SubjectRow {
                id: fixed(&id, "subject id")?,
                root: fixed(&root, "subject id")?,
                trace_key: fixed(&trace_key, "key id")?,
            };
            found.push((fixed(&pseudonym, "pseudonym")?, subject));
        }
    }
    Ok(found)
}

async fn members_list(connection: &mut sqlx::SqliteConnection, root: [u8; 16]) -> Result<Vec<[u8; 16]>, Error> {
    let rows: Vec<Vec<u8>> = sqlx::query_scalar("SELECT id FROM subject WHERE root = ?")
        .bind(&root[..])
        .fetch_all(connection)
        .await
        .doing("list the members of a subject")?;
    rows.iter().map(|id| fixed(id, "subject id")).collect()
}
