//! Request identifiers, claimed in the transaction of the first exchange.

use super::{
    Readers, Transaction,
    batch::{placeholders, runs},
};
use crate::{
    RequestClaim,
    error::{Doing, Error, fixed, signed, unsigned},
};
use sqlx::AssertSqlSafe;
use std::collections::HashSet;

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

impl Readers {
    pub(crate) async fn request_claim_fetch(
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
        .fetch_optional(&self.pool)
        .await
        .doing("read a request identifier")?;
        row.map(RequestClaim::try_from).transpose()
    }
}

impl Transaction<'_> {
    pub(crate) async fn request_claims_take_in_tx(
        &mut self,
        claims: &[RequestClaim],
        since: i64,
    ) -> Result<HashSet<(String, String)>, Error> {
        let mut taken = HashSet::new();
        for run in runs(claims) {
            let sql = format!(
                "SELECT c.agency, c.request_id, c.claimed_at FROM request_claim c
                 WHERE (c.agency, c.request_id) IN (VALUES {})",
                placeholders(run.len(), 2)
            );
            let mut query = sqlx::query_as::<_, (String, String, i64)>(AssertSqlSafe(sql));
            for claim in run {
                query = query.bind(&claim.agency).bind(&claim.request_id);
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

    /// There is one writer: what was free is free still, and is claimed only now.
    pub(crate) async fn request_claims_settle_in_tx(
        &mut self,
        _claims: &[RequestClaim],
        _taken: &HashSet<(String, String)>,
        settled: &[RequestClaim],
    ) -> Result<(), Error> {
        for run in runs(settled) {
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

    pub(crate) async fn request_claims_forget_in_tx(&mut self, before: i64, count_max: u32) -> Result<u64, Error> {
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
