//! Request identifiers, claimed in the transaction of the first exchange.

use super::{Readers, Transaction, ask::Ask};
use crate::{
    RequestClaim,
    error::{Doing, Error, signed},
};
use rusqlite::{Row, params};
use std::collections::HashSet;

fn read(row: &Row<'_>) -> rusqlite::Result<RequestClaim> {
    let held: (Option<[u8; 16]>, Option<i64>) = (row.get(5)?, row.get(6)?);
    let live: (Option<[u8; 16]>, Option<Vec<u8>>) = (row.get(7)?, row.get(8)?);
    Ok(RequestClaim {
        agency: row.get(0)?,
        request_id: row.get(1)?,
        content: row.get(2)?,
        slot: row.get(3)?,
        index: row.get::<_, i64>(4)?.cast_unsigned(),
        held: held.0.zip(held.1.map(i64::cast_unsigned)),
        live: live.0.zip(live.1),
        claimed_at: row.get(9)?,
    })
}

impl Readers {
    pub(crate) async fn request_claim_fetch(
        &self,
        agency: &str,
        request_id: &str,
        since: i64,
    ) -> Result<Option<RequestClaim>, Error> {
        let (agency, request_id) = (agency.to_owned(), request_id.to_owned());
        self.ask(move |connection| {
            let sql = "SELECT agency, request_id, content, slot, idx, record, revision, answer_key, answer_sealed,
                 claimed_at FROM request_claim WHERE agency = ? AND request_id = ? AND claimed_at >= ?";
            connection.row(sql, params![agency, request_id, since], read).doing("read a request identifier")
        })
        .await
    }
}

impl Transaction<'_> {
    pub(crate) fn request_claims_take_in_tx(
        &mut self,
        claims: &[RequestClaim],
        since: i64,
    ) -> Result<HashSet<(String, String)>, Error> {
        let connection = self.connection();
        let sql = "SELECT claimed_at FROM request_claim WHERE agency = ? AND request_id = ?";
        let mut find = connection.prepare_cached(sql).doing("read request identifiers")?;
        let mut taken = HashSet::new();
        for RequestClaim { agency, request_id, .. } in claims {
            let mut found = find.query([agency, request_id]).doing("read request identifiers")?;
            let Some(row) = found.next().doing("read request identifiers")? else { continue };
            if row.get::<_, i64>(0).doing("read request identifiers")? >= since {
                taken.insert((agency.clone(), request_id.clone()));
            } else {
                let forget = "DELETE FROM request_claim WHERE agency = ? AND request_id = ?";
                connection.run(forget, [agency, request_id]).doing("forget a request identifier")?;
            }
        }
        Ok(taken)
    }

    /// There is one writer: what was free is free still, and is claimed only now.
    pub(crate) fn request_claims_settle_in_tx(
        &mut self,
        _claims: &[RequestClaim],
        _taken: &HashSet<(String, String)>,
        settled: &[RequestClaim],
    ) -> Result<(), Error> {
        if self.request_claims_insert_in_tx(settled)? {
            return Ok(());
        }
        Err(Error::Malformed { what: "request identifiers: one that was free is taken" })
    }

    /// Claims every one of them, or gives `false`: one is claimed already, however long ago.
    pub(super) fn request_claims_insert_in_tx(&mut self, claims: &[RequestClaim]) -> Result<bool, Error> {
        let sql = "INSERT INTO request_claim (agency, request_id, content, slot, idx, record, revision, answer_key,
             answer_sealed, claimed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
        let mut insert = self.connection().prepare_cached(sql).doing("claim request identifiers")?;
        for RequestClaim { agency, request_id, content, slot, index, held, live, claimed_at } in claims {
            let (record, revision) = held.map(|(record, revision)| (record, signed(revision))).unzip();
            let (key, sealed) = live.as_ref().map(|(key, sealed)| (key, sealed)).unzip();
            let index = signed(*index);
            let row = params![agency, request_id, content, slot, index, record, revision, key, sealed, claimed_at];
            if insert.execute(row).doing("claim request identifiers")? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(crate) fn request_claims_forget_in_tx(&mut self, before: i64, count_max: u32) -> Result<u64, Error> {
        let sql = "DELETE FROM request_claim WHERE (agency, request_id) IN
             (SELECT agency, request_id FROM request_claim WHERE claimed_at < ? LIMIT ?)";
        let done = self.connection().run(sql, params![before, count_max]).doing("forget request identifiers")?;
        Ok(done as u64)
    }
}
