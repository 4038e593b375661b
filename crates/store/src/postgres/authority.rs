//! What is in force, in numbers.

use super::{Readers, Transaction};
use crate::{
    AuthorityMark, ErasureNumber,
    error::{Doing, Error, unsigned},
};

const SELECT: &str = "SELECT (SELECT coalesce(max(authority_epoch), 0) FROM shard),
     (SELECT coalesce(max(version), 0) FROM registry_version), (SELECT coalesce(max(id), 0) FROM erasure)";

impl Readers {
    pub(crate) async fn authority_fetch(&self) -> Result<AuthorityMark, Error> {
        let row = sqlx::query_as(SELECT).fetch_one(&self.pool).await.doing("read what is in force")?;
        mark(row)
    }
}

impl Transaction<'_> {
    pub(crate) async fn authority_in_tx(&mut self) -> Result<AuthorityMark, Error> {
        let row = sqlx::query_as(SELECT).fetch_one(self.connection()).await.doing("read what is in force")?;
        mark(row)
    }
}

fn mark((epoch, registry, erasure): (i64, i64, i64)) -> Result<AuthorityMark, Error> {
    let (epoch, registry) = (unsigned(epoch, "authority epoch")?, unsigned(registry, "registry version")?);
    Ok(AuthorityMark { epoch, registry, erasure: ErasureNumber(erasure) })
}
