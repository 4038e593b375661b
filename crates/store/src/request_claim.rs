//! Request identifiers, claimed in the transaction of the first exchange.

use std::collections::HashSet;

use crate::{
    backend::{at_once, on},
    error::Error,
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
        on!(&self.0, it => it.request_claim_fetch(agency, request_id, since).await)
    }
}

impl Transaction<'_> {
    /// Claims identifiers, each at most once among `claims`, in their order: the same in every batch. Gives those that
    /// are claimed already, at or after `since`; an older claim is forgotten first. Where the claims of this batch point
    /// is not decided before [`Transaction::request_claims_settle_in_tx`].
    ///
    /// # Errors
    /// The storage failed.
    pub async fn request_claims_take_in_tx(
        &mut self,
        claims: &[RequestClaim],
        since: i64,
    ) -> Result<HashSet<(String, String)>, Error> {
        at_once!(&mut self.0, it => it.request_claims_take_in_tx(claims, since))
    }

    /// Settles what was claimed: `taken` is what [`Transaction::request_claims_take_in_tx`] gave for `claims`, and
    /// `settled` are those that stand, with their places. Those that do not stand are free again.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn request_claims_settle_in_tx(
        &mut self,
        claims: &[RequestClaim],
        taken: &HashSet<(String, String)>,
        settled: &[RequestClaim],
    ) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.request_claims_settle_in_tx(claims, taken, settled))
    }

    /// Forgets at most `count_max` claims that are older than `before`. Gives how many.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn request_claims_forget_in_tx(&mut self, before: i64, count_max: u32) -> Result<u64, Error> {
        at_once!(&mut self.0, it => it.request_claims_forget_in_tx(before, count_max))
    }
}
