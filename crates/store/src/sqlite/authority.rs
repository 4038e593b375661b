//! What is in force, in numbers.

use rusqlite::Connection;

use super::{Readers, Transaction, ask::Ask};
use crate::{
    AuthorityMark, ErasureNumber,
    error::{Doing, Error, unsigned},
};

const SELECT: &str = "SELECT (SELECT coalesce(max(authority_epoch), 0) FROM shard),
     (SELECT coalesce(max(version), 0) FROM registry_version), (SELECT coalesce(max(id), 0) FROM erasure)";

impl Readers {
    pub(crate) async fn authority_fetch(&self) -> Result<AuthorityMark, Error> {
        self.ask(|connection| fetch(connection)).await
    }
}

impl Transaction<'_> {
    pub(crate) fn authority_in_tx(&mut self) -> Result<AuthorityMark, Error> {
        fetch(self.connection())
    }
}

fn fetch(connection: &Connection) -> Result<AuthorityMark, Error> {
    let row = connection.row(SELECT, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let (epoch, registry, erasure) = row.doing("read what is in force")?.unwrap_or_default();
    let (epoch, registry) = (unsigned(epoch, "authority epoch")?, unsigned(registry, "registry version")?);
    Ok(AuthorityMark { epoch, registry, erasure: ErasureNumber(erasure) })
}
