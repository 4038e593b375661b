//! A batch of exchanges that nothing stands in the way of: one statement, which is a transaction of its own.
//!
//! Everything that it writes depends on the row that its fence gives. The fence waits for whoever holds the shard row and
//! is judged by the row as that one leaves it. A batch that is under way when its connection breaks may arrive late; the
//! version of the row, which [`Writer::shard_settle`] changes, makes it do nothing then.

use sqlx::types::Uuid;

use super::{
    Writer,
    instant::Instant,
    request_claim::{bind_claims, texts},
    shard::{lease_micros, slot_of},
    writer::Between,
};
use crate::{
    Batch, EntryRow,
    error::{Doing, Error, signed},
};

const RECORD: &str = "
    WITH fenced AS (
        UPDATE shard SET size = $6, checkpoint = $7, lease_until =
            greatest(clock_timestamp() + $8 * interval '1 microsecond', lease_until + interval '1 microsecond')
        WHERE slot = $1 AND lease_token = $2 AND size = $3 AND authority_epoch = $4 AND lease_until = $5
          AND NOT EXISTS (SELECT 1 FROM unnest($18::text[], $19::text[]) AS asked (agency, request_id)
                          JOIN request_claim USING (agency, request_id))
        RETURNING lease_until
    ), appended AS (
        INSERT INTO entry (slot, idx, leaf_hash, leaf, personal_key, personal_sealed)
        SELECT $1, new.* FROM fenced, unnest($9::bigint[], $10::bytea[], $11::bytea[], $12::uuid[], $13::bytea[]) AS new
    ), tiled AS (
        INSERT INTO tile (slot, level, idx, hashes, root)
        SELECT $1, new.* FROM fenced, unnest($14::smallint[], $15::bigint[], $16::bytea[], $17::bytea[]) AS new
    ), claimed AS (
        INSERT INTO request_claim (agency, request_id, content, slot, idx, record, revision, answer_key,
            answer_sealed, claimed_at)
        SELECT new.* FROM fenced, unnest($18::text[], $19::text[], $20::bytea[], $21::int[], $22::bigint[],
            $23::uuid[], $24::bigint[], $25::uuid[], $26::bytea[], $27::timestamptz[]) AS new
    ), counted AS (
        UPDATE quota_share SET spent = new.spent
        FROM fenced, unnest($28::text[], $29::text[], $30::bigint[]) AS new (agreement, day, spent)
        WHERE slot = $1 AND quota_share.agreement = new.agreement AND quota_share.day = new.day::date
    )
    SELECT lease_until FROM fenced";

impl Writer {
    pub(crate) async fn batch_record(&mut self, batch: &Batch<'_>) -> Result<bool, Error> {
        // Without either there is nothing to say what the row must be: a transaction begins, and finds out.
        let Some(Between { connection, version, limits, busy: _busy }) = self.between_transactions() else {
            return Ok(false);
        };
        let Some(expected) = *version else { return Ok(false) };
        let Batch { held, entries, tiles, checkpoint, claims, spent } = *batch;
        let personal_key = |entry: &EntryRow| entry.personal.as_ref().map(|(key, _)| Uuid::from_bytes(*key));
        let claims: Vec<_> = claims.iter().collect();
        let query = sqlx::query_scalar(RECORD)
            .bind(slot_of(held.slot))
            .bind(signed(held.lease_token))
            .bind(signed(held.size))
            .bind(signed(held.authority_epoch))
            .bind(expected)
            .bind(signed(batch.size()))
            .bind(checkpoint)
            .bind(lease_micros(limits))
            .bind(entries.iter().map(|entry| signed(entry.index)).collect::<Vec<_>>())
            .bind(entries.iter().map(|entry| &entry.leaf_hash[..]).collect::<Vec<_>>())
            .bind(entries.iter().map(|entry| &entry.leaf[..]).collect::<Vec<_>>())
            .bind(entries.iter().map(personal_key).collect::<Vec<_>>())
            .bind(
                entries.iter().map(|entry| entry.personal.as_ref().map(|(_, sealed)| &sealed[..])).collect::<Vec<_>>(),
            )
            .bind(tiles.iter().map(|tile| i16::from(tile.level)).collect::<Vec<_>>())
            .bind(tiles.iter().map(|tile| signed(tile.index)).collect::<Vec<_>>())
            .bind(tiles.iter().map(|tile| &tile.hashes[..]).collect::<Vec<_>>())
            .bind(tiles.iter().map(|tile| &tile.root[..]).collect::<Vec<_>>());
        let query = bind_claims!(query, claims)
            .bind(spent.iter().map(|spent| spent.agreement).collect::<Vec<_>>())
            .bind(spent.iter().map(|spent| spent.day).collect::<Vec<_>>())
            .bind(spent.iter().map(|spent| signed(spent.spent)).collect::<Vec<_>>());
        let recorded = tokio::time::timeout(limits.statement_max, query.fetch_optional(connection)).await;
        let recorded: Option<Instant> = match recorded.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            // Another node claimed the same identifier meanwhile: the server has undone the whole statement.
            Err(error) if error.as_database_error().is_some_and(|told| told.is_unique_violation()) => None,
            told => told.doing("record a batch")?,
        };
        *version = recorded.or(*version);
        Ok(recorded.is_some())
    }
}
