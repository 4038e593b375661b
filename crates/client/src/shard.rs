//! The shards that the ledger of a hub is made of.

use unefois_ledger::{InvalidKey, VerifyingKey, shard_slot};
use unefois_proto::pb::audit::v1::{self as pb, ListShardsRequest};

use crate::{connect::Connection, refusal::Refused};

/// One shard of the ledger, as it was at one moment: each node of a hub writes one, a tree of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// Its number, from 0.
    pub slot: u32,
    /// How many entries it has.
    pub size: u64,
    /// The signed checkpoint of that size, which nobody has verified yet; empty while there is no entry.
    pub checkpoint: String,
    /// The public key as the hub says it. Whoever keeps the key of any shard trusts that one instead, and verifies with
    /// [`VerifyingKey::of_origin`].
    pub public_key: VerifyingKey,
}

/// Why the shards are not known.
#[derive(Debug, thiserror::Error)]
pub enum ShardsError {
    /// The hub refused, or failed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The public key of a shard is none.
    #[error("the public key of a shard cannot be read")]
    Key(#[from] InvalidKey),
    /// What a shard calls itself is not the origin of a shard, or not the name of its key.
    #[error("a shard is not named as shards are: `<name of the hub>/shard/<slot>`")]
    Origin,
}

/// Lists the shards of the ledger (`AuditService.ListShards`), in the order of their slots. A hub of one node has one.
///
/// # Errors
///
/// [`ShardsError`].
pub async fn shards(connection: &Connection) -> Result<Vec<Shard>, ShardsError> {
    let listed = connection.audit().list_shards(ListShardsRequest {}).await;
    let listed = listed.map_err(|status| Refused::from_status(&status))?.into_inner();
    listed.shards.into_iter().map(Shard::from_wire).collect()
}

impl Shard {
    /// The origin that its checkpoints name: `<name of the hub>/shard/<slot>`.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.public_key.name()
    }

    fn from_wire(wire: pb::Shard) -> Result<Self, ShardsError> {
        let pb::Shard { origin, size, checkpoint, public_key } = wire;
        let public_key: VerifyingKey = public_key.parse()?;
        let slot = shard_slot(&origin).filter(|_| origin == public_key.name()).ok_or(ShardsError::Origin)?;
        Ok(Self { slot, size, checkpoint, public_key })
    }
}

#[cfg(test)]
mod tests {
    use unefois_ledger::SigningKey;

    use super::*;

    fn wire(origin: &str, key: &str) -> pb::Shard {
        let key = SigningKey::from_seed(key, &[7; 32]).unwrap().verifying_key();
        pb::Shard { origin: origin.to_owned(), size: 5, checkpoint: String::new(), public_key: key.to_string() }
    }

    #[test]
    fn a_shard_is_named_by_its_key() {
        let shard = Shard::from_wire(wire("hub.example/shard/12", "hub.example/shard/12")).unwrap();
        assert_eq!((shard.slot, shard.size, shard.origin()), (12, 5, "hub.example/shard/12"));
    }

    #[test]
    fn a_shard_under_the_name_of_another_or_of_none_is_refused() {
        let pairs = [("hub.example/shard/1", "hub.example/shard/2"), ("hub.example", "hub.example"), ("..", "..")];
        for (origin, key) in pairs {
            assert!(matches!(Shard::from_wire(wire(origin, key)), Err(ShardsError::Origin)), "{origin}");
        }
        let no_key = pb::Shard { public_key: "nonsense".to_owned(), ..wire("hub.example/shard/1", "x") };
        assert!(matches!(Shard::from_wire(no_key), Err(ShardsError::Key(_))));
    }
}
