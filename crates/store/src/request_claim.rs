//! Request identifiers, claimed in the transaction of the first exchange.

use std::collections::HashSet;

use sqlx::AssertSqlSafe;

use crate::{
    batch::{placeholders, runs},
    error::{Doing, Error, fixed, signed, unsigned},
    open::Store,
    writer::Transaction,
};

/// A claimed request identifier, and what its repeat needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestClaim {
    /// The caller.
    pub agency: String,
    /// What stands for the identifier that it chose, which may name a person.
    pub request_id: String,
    /// A keyed digest of the request.
    pub content: [u8; 32],
    /// The shard of the first exchange.
    pub slot: u32,
    /// The entry of the first exchange.
    pub index: u64,
    /// The revision that was released, when it came from a held record.
    pub held: Option<([u8; 16], u64)>,
    /// The answer that was released, sealed, when it came live: the key, and the sealed bytes.
    pub live: Option<([u8; 16], Vec<u8>)>,
    /// When it was claimed, in microseconds since 1970.
    pub claimed_at: i64,
}

#[derive(sqlx::FromRow)]
struct RequestClaimRow {
    agency: String,
    request_id: String,
    content: Vec<u8>,
    slot: i64,
    idx: i64,
    record: Option<Vec<u8>>,
    revision: Option<i64>,
    answer_key: Option<Vec<u8>>,
    answer_sealed: Option<Vec<u8>>,
    claimed_at: i64,
}

impl TryFrom<RequestClaimRow> for RequestClaim {
    type Error = Error;

    fn try_from(row: RequestClaimRow) -> Result<Self, Error> {
        let RequestClaimRow { agency, request_id, content, slot, idx, record, revision, .. } = &row;
        let held = match (record, revision) {
            (Some(record), Some(revision)) => Some((fixed(record, "record id")?, unsigned(*revision, "revision")?)),
            _ => None,
        };
        let live = match (&row.answer_key, row.answer_sealed.clone()) {
            (Some(key), Some(sealed)) => Some((fixed(key, "key id")?, sealed)),
            _ => None,
        };
        Ok(Self {
            agency: agency.clone(),
            request_id: request_id.clone(),
            content: fixed(content, "request digest")?,
            slot: u32::try_from(*slot).map_err(|_out_of_range| Error::Malformed { what: "shard slot" })?,
            index: unsigned(*idx, "entry index")?,
            held,
            live,
            claimed_at: row.claimed_at,
        })
    }
}

impl Store {
    /// The claim of that identifier, if it was claimed at or after `since`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn request_claim_fetch(
        &self,
        agency: &str,
        request_id: &str,
        since: i64,
    ) -> Result<Option<RequestClaim>, Error> {
        let row: Option<RequestClaimRow> = sqlx::query_as(
            "SELECT agency, request_id, content, slot, idx, record, revision, answer_key, answer_sealed, claimed_at
             FROM request_claim WHERE agency = ? AND request_id = ? AND claimed_at >= ?",
        )
        .bind(agency)
        .bind(request_id)
        .bind(since)
        .fetch_optional(&self.readers)
        .await
        .doing("read a request identifier")?;
        row.map(RequestClaim::try_from).transpose()
    }
}

impl Transaction<'_> {
    /// Which of these identifiers are claimed, as this transaction sees it. Claims older than `since` are forgotten
    /// first.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn request_claims_taken_in_tx(
        &mut self,
        asked: &[(&str, &str)],
        since: i64,
    ) -> Result<HashSet<(String, String)>, Error> {
        let mut taken = HashSet::new();
        for run in runs(asked) {
            let sql = format!(
                "SELECT c.agency, c.request_id, c.claimed_at FROM request_claim c
                 WHERE (c.agency, c.request_id) IN (VALUES {})",
                placeholders(run.len(), 2)
            );
            let mut query = sqlx::query_as::<_, (String, String, i64)>(AssertSqlSafe(sql));
            for (agency, request_id) in run {
                query = query.bind(*agency).bind(*request_id);
            }
            for (agency, request_id, claimed_at) in
                query.fetch_all(self.connection()).await.doing("read request identifiers")?
            {
                if claimed_at >= since {
                    taken.insert((agency, request_id));
                } else {
                    self.request_claim_forget_in_tx(&agency, &request_id).await?;
                }
            }
        }
        Ok(taken)
    }

    async fn request_claim_forget_in_tx(&mut self, agency: &str, request_id: &str) -> Result<(), Error> {
        sqlx::query("DELETE FROM request_claim WHERE agency = ? AND request_id = ?")
            .bind(agency)
            .bind(request_id)
            .execute(self.connection())
            .await
            .doing("forget a request identifier")?;
        Ok(())
    }

    /// Claims identifiers. The caller has looked, in this transaction, that none of them is taken.
    ///
    /// # Errors
    /// The storage failed, or one is claimed.
    pub async fn request_claims_insert_in_tx(&mut self, claims: &[RequestClaim]) -> Result<(), Error> {
        for run in runs(claims) {
            let sql = format!(
                "INSERT INTO request_claim (agency, request_id, content, slot, idx, record, revision, answer_key,
                 answer_sealed, claimed_at) VALUES {}",
                placeholders(run.len(), 10)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for claim in run {
                let RequestClaim { agency, request_id, content, slot, index, held, live, claimed_at } = claim;
                query = query.bind(agency).bind(request_id).bind(&content[..]).bind(i64::from(*slot));
                query = query.bind(signed(*index)).bind(held.as_ref().map(|(record, _)| &record[..]));
                query = query.bind(held.as_ref().map(|(_, revision)| signed(*revision)));
                query = query.bind(live.as_ref().map(|(key, _)| &key[..]));
                query = query.bind(live.as_ref().map(|(_, sealed)| &sealed[..])).bind(claimed_at);
            }
            query.execute(self.connection()).await.doing("claim request identifiers")?;
        }
        Ok(())
    }

    /// Forgets at most `count_max` claims that are older than `before`. Gives how many.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn request_claims_forget_in_tx(&mut self, before: i64, count_max: u32) -> Result<u64, Error> {
        let done = sqlx::query(
            "DELETE FROM request_claim WHERE (agency, request_id) IN
             (SELECT agency, request_id FROM request_claim WHERE claimed_at < ? LIMIT ?)",
        )
        .bind(before)
        .bind(i64::from(count_max))
        .execute(self.connection())
        .await
        .doing("forget request identifiers")?;
        Ok(done.rows_affected())
    }
}
