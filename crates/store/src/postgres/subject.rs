//! Subjects and their identifiers.

use sqlx::{PgConnection, types::Uuid};

use super::{Readers, Transaction, byteas, instant::Instant};
use crate::{
    SubjectRow, SubjectWithIdentifiers,
    error::{Doing, Error, fixed},
};

impl Readers {
    pub(crate) async fn subjects_list(&self, pseudonyms: &[[u8; 32]]) -> Result<Vec<([u8; 32], SubjectRow)>, Error> {
        subjects_list(&mut *self.keyed.acquire().await.doing("take a reader")?, pseudonyms).await
    }

    pub(crate) async fn subject_fetch(&self, id: [u8; 16]) -> Result<Option<SubjectRow>, Error> {
        let row: Option<(Uuid, Uuid)> =
            sqlx::query_as("SELECT r.id, r.trace_key FROM subject s JOIN subject r ON r.id = s.root WHERE s.id = $1")
                .bind(Uuid::from_bytes(id))
                .fetch_optional(&self.keyed)
                .await
                .doing("find a subject")?;
        let subject = |(root, trace_key): (Uuid, Uuid)| SubjectRow {
            id,
            root: root.into_bytes(),
            trace_key: trace_key.into_bytes(),
        };
        Ok(row.map(subject))
    }

    pub(crate) async fn subject_members_list(&self, root: [u8; 16]) -> Result<Vec<[u8; 16]>, Error> {
        members_list(&mut *self.keyed.acquire().await.doing("take a reader")?, root).await
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
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM subject WHERE id = $1)")
            .bind(Uuid::from_bytes(id))
            .fetch_one(self.connection())
            .await
            .doing("look for a subject")
    }

    /// Locks the identifiers whether they are known or not: two nodes that would make a subject of each, or publish
    /// about one, do it one after the other. In one order, so that they do not wait for each other. Each is a lock in
    /// PostgreSQL's table, which has room for `max_locks_per_transaction` (64) for each connection that it allows.
    pub(crate) async fn pseudonyms_lock_in_tx(&mut self, pseudonyms: &[[u8; 32]]) -> Result<(), Error> {
        sqlx::query(
            "SELECT pg_advisory_xact_lock(k.key) FROM (
                 SELECT DISTINCT ('x' || encode(substr(p, 1, 8), 'hex'))::bit(64)::bigint AS key
                 FROM unnest($1::bytea[]) p ORDER BY key
             ) k",
        )
        .bind(byteas(pseudonyms))
        .execute(self.connection())
        .await
        .doing("lock identifiers")?;
        Ok(())
    }

    pub(crate) async fn subjects_insert_in_tx(
        &mut self,
        subjects: &[SubjectWithIdentifiers],
        now: i64,
    ) -> Result<(), Error> {
        if subjects.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO subject (id, root, trace_key, created_at)
             SELECT id, id, trace_key, $3 FROM unnest($1::uuid[], $2::uuid[]) AS new (id, trace_key)",
        )
        .bind(subjects.iter().map(|subject| Uuid::from_bytes(subject.id)).collect::<Vec<_>>())
        .bind(subjects.iter().map(|subject| Uuid::from_bytes(subject.trace_key)).collect::<Vec<_>>())
        .bind(Instant(now))
        .execute(self.connection())
        .await
        .doing("add subjects")?;
        let known_by = |subject: &SubjectWithIdentifiers| {
            let id = subject.id;
            subject.pseudonyms.clone().into_iter().map(move |pseudonym| (pseudonym, id))
        };
        let identifiers: Vec<([u8; 32], [u8; 16])> = subjects.iter().flat_map(known_by).collect();
        self.identifiers_insert_in_tx(&identifiers).await
    }

    pub(crate) async fn identifiers_insert_in_tx(&mut self, identifiers: &[([u8; 32], [u8; 16])]) -> Result<(), Error> {
        if identifiers.is_empty() {
            return Ok(());
        }
        sqlx::query("INSERT INTO identifier (pseudonym, subject) SELECT * FROM unnest($1::bytea[], $2::uuid[])")
            .bind(identifiers.iter().map(|(pseudonym, _)| &pseudonym[..]).collect::<Vec<_>>())
            .bind(identifiers.iter().map(|(_, subject)| Uuid::from_bytes(*subject)).collect::<Vec<_>>())
            .execute(self.connection())
            .await
            .doing("add identifiers")?;
        Ok(())
    }

    pub(crate) async fn subject_merge_in_tx(&mut self, kept: [u8; 16], merged: [u8; 16]) -> Result<(), Error> {
        sqlx::query(
            "UPDATE subject SET root = (SELECT root FROM subject WHERE id = $1)
             WHERE root = (SELECT root FROM subject WHERE id = $2)",
        )
        .bind(Uuid::from_bytes(kept))
        .bind(Uuid::from_bytes(merged))
        .execute(self.connection())
        .await
        .doing("merge two subjects")?;
        Ok(())
    }
}

async fn subjects_list(
    connection: &mut PgConnection,
    pseudonyms: &[[u8; 32]],
) -> Result<Vec<([u8; 32], SubjectRow)>, Error> {
    let rows: Vec<(Vec<u8>, Uuid, Uuid, Uuid)> = sqlx::query_as(
        "SELECT i.pseudonym, s.id, r.id, r.trace_key FROM identifier i
         CROSS JOIN LATERAL (SELECT s.id, s.root FROM subject s WHERE s.id = i.subject OFFSET 0) s
         CROSS JOIN LATERAL (SELECT r.id, r.trace_key FROM subject r WHERE r.id = s.root OFFSET 0) r
         WHERE i.pseudonym = ANY($1)",
    )
    .bind(byteas(pseudonyms))
    .fetch_all(connection)
    .await
    .doing("find subjects")?;
    rows.into_iter()
        .map(|(pseudonym, id, root, trace_key)| {
            let subject =
                SubjectRow { id: id.into_bytes(), root: root.into_bytes(), trace_key: trace_key.into_bytes() };
            Ok((fixed(&pseudonym, "pseudonym")?, subject))
        })
        .collect()
}

async fn members_list(connection: &mut PgConnection, root: [u8; 16]) -> Result<Vec<[u8; 16]>, Error> {
    let rows: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM subject WHERE root = $1")
        .bind(Uuid::from_bytes(root))
        .fetch_all(connection)
        .await
        .doing("list the members of a subject")?;
    Ok(rows.into_iter().map(Uuid::into_bytes).collect())
}
