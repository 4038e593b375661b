//! Request identifiers, claimed in the transaction of the first exchange.

use std::collections::{HashMap, HashSet};

use sqlx::types::Uuid;

use super::{Readers, Transaction, instant::Instant, shard::slot_of};
use crate::{
    RequestClaim,
    error::{Doing, Error, fixed, signed, unsigned},
};

type Row = (String, String, Vec<u8>, i32, i64, Option<Uuid>, Option<i64>, Option<Uuid>, Option<Vec<u8>>, Instant);

fn claim_of(row: Row) -> Result<RequestClaim, Error> {
    let (agency, request_id, content, slot, idx, record, revision, answer_key, answer_sealed, claimed_at) = row;
    let held = match record.zip(revision) {
        Some((record, revision)) => Some((record.into_bytes(), unsigned(revision, "revision")?)),
        None => None,
    };
    Ok(RequestClaim {
        agency,
        request_id,
        content: fixed(&content, "request digest")?,
        slot: u32::try_from(slot).map_err(|_out_of_range| Error::Malformed { what: "shard slot" })?,
        index: unsigned(idx, "entry index")?,
        held,
        live: answer_key.zip(answer_sealed).map(|(key, sealed)| (key.into_bytes(), sealed)),
        claimed_at: claimed_at.0,
    })
}

/// One column of the identifiers of claims.
pub(super) fn texts<'a>(claims: &'a [&RequestClaim], text: fn(&RequestClaim) -> &String) -> Vec<&'a str> {
    claims.iter().map(|claim| text(claim).as_str()).collect()
}

/// Binds the ten columns of claims to the next ten parameters of a query.
macro_rules! bind_claims {
    ($query:expr, $claims:expr) => {
        $query
            .bind(texts(&$claims, |claim| &claim.agency))
            .bind(texts(&$claims, |claim| &claim.request_id))
            .bind($claims.iter().map(|claim| &claim.content[..]).collect::<Vec<_>>())
            .bind($claims.iter().map(|claim| slot_of(claim.slot)).collect::<Vec<_>>())
            .bind($claims.iter().map(|claim| signed(claim.index)).collect::<Vec<_>>())
            .bind(
                $claims.iter().map(|claim| claim.held.map(|(record, _)| Uuid::from_bytes(record))).collect::<Vec<_>>(),
            )
            .bind($claims.iter().map(|claim| claim.held.map(|(_, revision)| signed(revision))).collect::<Vec<_>>())
            .bind(
                $claims
                    .iter()
                    .map(|claim| claim.live.as_ref().map(|(key, _)| Uuid::from_bytes(*key)))
                    .collect::<Vec<_>>(),
            )
            .bind($claims.iter().map(|claim| claim.live.as_ref().map(|(_, sealed)| &sealed[..])).collect::<Vec<_>>())
            .bind($claims.iter().map(|claim| Instant(claim.claimed_at)).collect::<Vec<_>>())
    };
}
pub(super) use bind_claims;

impl Readers {
    pub(crate) async fn request_claim_fetch(
        &self,
        agency: &str,
        request_id: &str,
        since: i64,
    ) -> Result<Option<RequestClaim>, Error> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT agency, request_id, content, slot, idx, record, revision, answer_key, answer_sealed, claimed_at
             FROM request_claim WHERE agency = $1 AND request_id = $2 AND claimed_at >= $3",
        )
        .bind(agency)
        .bind(request_id)
        .bind(Instant(since))
        .fetch_optional(&self.pool)
        .await
        .doing("read a request identifier")?;
        row.map(claim_of).transpose()
    }
}

impl Transaction<'_> {
    pub(crate) async fn request_claims_take_in_tx(
        &mut self,
        claims: &[RequestClaim],
        since: i64,
    ) -> Result<HashSet<(String, String)>, Error> {
        if claims.is_empty() {
            return Ok(HashSet::new());
        }
        let all: Vec<&RequestClaim> = claims.iter().collect();
        // Waits for another node that claims one of them in a transaction of its own.
        let claimed: HashSet<(String, String)> = self.claims_insert(&all, since).await?.into_iter().collect();
        let keys = claims.iter().map(|claim| (claim.agency.clone(), claim.request_id.clone()));
        Ok(keys.filter(|key| !claimed.contains(key)).collect())
    }

    /// Claims what is free, or was claimed before `since`; gives which.
    async fn claims_insert(&mut self, claims: &[&RequestClaim], since: i64) -> Result<Vec<(String, String)>, Error> {
        let query = sqlx::query_as(
            "INSERT INTO request_claim (agency, request_id, content, slot, idx, record, revision, answer_key,
             answer_sealed, claimed_at)
             SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::int[], $5::bigint[], $6::uuid[],
             $7::bigint[], $8::uuid[], $9::bytea[], $10::timestamptz[])
             ON CONFLICT (agency, request_id) DO UPDATE SET content = excluded.content, slot = excluded.slot,
                 idx = excluded.idx, record = excluded.record, revision = excluded.revision,
                 answer_key = excluded.answer_key, answer_sealed = excluded.answer_sealed,
                 claimed_at = excluded.claimed_at
             WHERE request_claim.claimed_at < $11 RETURNING agency, request_id",
        );
        let query = bind_claims!(query, claims).bind(Instant(since));
        query.fetch_all(self.connection()).await.doing("claim request identifiers")
    }

    /// Most stand where they were put when they were claimed: only the others are written again.
    pub(crate) async fn request_claims_settle_in_tx(
        &mut self,
        claims: &[RequestClaim],
        taken: &HashSet<(String, String)>,
        settled: &[RequestClaim],
    ) -> Result<(), Error> {
        fn key(claim: &RequestClaim) -> (&str, &str) {
            (&claim.agency, &claim.request_id)
        }
        let standing: HashMap<(&str, &str), &RequestClaim> = settled.iter().map(|claim| (key(claim), claim)).collect();
        let ours = claims.iter().filter(|claim| !taken.contains(&(claim.agency.clone(), claim.request_id.clone())));
        let moved: Vec<&RequestClaim> =
            ours.filter(|claim| standing.get(&key(claim)).is_none_or(|found| *found != *claim)).collect();
        if moved.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "DELETE FROM request_claim WHERE (agency, request_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
        )
        .bind(texts(&moved, |claim| &claim.agency))
        .bind(texts(&moved, |claim| &claim.request_id))
        .execute(self.connection())
        .await
        .doing("free request identifiers")?;
        let again: Vec<&RequestClaim> = moved.iter().filter_map(|claim| standing.get(&key(claim)).copied()).collect();
        // They were freed just now: none of them is too old.
        self.claims_insert(&again, 0).await.map(drop)
    }

    pub(crate) async fn request_claims_forget_in_tx(&mut self, before: i64, count_max: u32) -> Result<u64, Error> {
        let done = sqlx::query(
            "DELETE FROM request_claim WHERE (agency, request_id) IN
             (SELECT agency, request_id FROM request_claim WHERE claimed_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        )
        .bind(Instant(before))
        .bind(i64::from(count_max))
        .execute(self.connection())
        .await
        .doing("forget request identifiers")?;
        Ok(done.rows_affected())
    }
}
