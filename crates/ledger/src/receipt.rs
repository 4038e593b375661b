//! The receipt of an exchange, and its verification by someone who has nothing but the hub's public key.

use std::fmt;

use crate::{
    checkpoint::{Checkpoint, InvalidCheckpoint, VerifyingKey},
    commitment::{Blind, commit},
    entry::{Entry, InvalidEntry, PersonalPart, PublicPart, decode_leaf, decode_personal},
    hash::{Hash, leaf_hash},
    proof::{InvalidProof, check_inclusion},
};

/// Proof that an entry is in the ledger, together with what opens its personal part. On the wire it is
/// `unefois.ledger.v1.ExchangeReceipt`. Its `Debug` shows no personal part.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The leaf: the bytes of an [`Entry`], exactly as they were hashed.
    pub entry: Vec<u8>,
    /// The position of the entry in the tree, from 0.
    pub index: u64,
    /// The 32 random bytes that blind the personal part; empty when the entry has none.
    pub personal_blind: Vec<u8>,
    /// The bytes of a [`PersonalPart`], exactly as they were hashed; empty when the entry has none.
    pub personal_part: Vec<u8>,
    /// The inclusion path, from the leaf upwards.
    pub inclusion_path: Vec<Hash>,
    /// The signed checkpoint, whole.
    pub checkpoint: String,
}

/// What a receipt proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The public part of the entry.
    pub public: PublicPart,
    /// The personal part of the entry; `None` when it has none.
    pub personal: Option<PersonalPart>,
    /// The checkpoint of the tree that the entry is in.
    pub checkpoint: Checkpoint,
}

/// Why a receipt proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum InvalidReceipt {
    /// The checkpoint does not open.
    #[error("the checkpoint of the receipt is not valid")]
    Checkpoint(#[source] InvalidCheckpoint),
    /// The entry is not in the tree of the checkpoint.
    #[error("the entry of the receipt is not in the tree of its checkpoint")]
    Inclusion(#[source] InvalidProof),
    /// The entry is in the tree, but this version cannot read it.
    #[error("the entry of the receipt cannot be read")]
    Entry(#[source] InvalidEntry),
    /// The personal part, or its blind, is not the one that the entry commits to.
    #[error("the personal part of the receipt is not the one that its entry commits to")]
    PersonalHash,
    /// The entry commits to the personal part, but this version cannot read it.
    #[error("the personal part of the receipt cannot be read")]
    PersonalPart(#[source] InvalidEntry),
}

/// Why data is not what a receipt is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPayload {
    /// The entry commits to no payload.
    #[error("the entry commits to no payload")]
    NoCommitment,
    /// The data is not the payload that the entry commits to.
    #[error("the data is not the payload that the entry commits to")]
    Changed,
}

impl Receipt {
    /// Verifies the receipt: the checkpoint is signed by `key`, which is that of any shard of the hub; the entry is in its
    /// tree; the personal part is the one that the entry commits to. Any changed byte is found.
    ///
    /// # Errors
    ///
    /// [`InvalidReceipt`], which says what failed first.
    pub fn verify(&self, key: &VerifyingKey) -> Result<Verified, InvalidReceipt> {
        let checkpoint = Checkpoint::open_of_hub(&self.checkpoint, key).map_err(InvalidReceipt::Checkpoint)?;
        let leaf = leaf_hash(&self.entry);
        check_inclusion(checkpoint.head, self.index, leaf, &self.inclusion_path).map_err(InvalidReceipt::Inclusion)?;
        let (entry, public) = decode_leaf(&self.entry).map_err(InvalidReceipt::Entry)?;
        let personal = self.open_personal(&entry)?;
        Ok(Verified { public, personal, checkpoint })
    }

    fn open_personal(&self, entry: &Entry) -> Result<Option<PersonalPart>, InvalidReceipt> {
        if entry.personal_hash.is_empty() {
            let nothing_to_open = self.personal_blind.is_empty() && self.personal_part.is_empty();
            return if nothing_to_open { Ok(None) } else { Err(InvalidReceipt::PersonalHash) };
        }
        if !opens(&entry.personal_hash, &self.personal_blind, &self.personal_part) {
            return Err(InvalidReceipt::PersonalHash);
        }
        decode_personal(&self.personal_part).map(Some).map_err(InvalidReceipt::PersonalPart)
    }
}

impl Verified {
    /// Checks that `data`, exactly as it was received, is the payload that the entry commits to.
    ///
    /// # Errors
    ///
    /// [`InvalidPayload`] when it is not, or when the entry commits to none.
    pub fn verify_payload(&self, data: &[u8]) -> Result<(), InvalidPayload> {
        let Some(personal) = &self.personal else {
            return Err(InvalidPayload::NoCommitment);
        };
        if personal.payload_commitment.is_empty() {
            return Err(InvalidPayload::NoCommitment);
        }
        if !opens(&personal.payload_commitment, &personal.payload_blind, data) {
            return Err(InvalidPayload::Changed);
        }
        Ok(())
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("index", &self.index)
            .field("checkpoint", &self.checkpoint)
            .finish_non_exhaustive()
    }
}

/// Whether a commitment opens to these bytes under this blind.
fn opens(commitment: &[u8], blind: &[u8], bytes: &[u8]) -> bool {
    // With a blind of another length, bytes could move between it and what it blinds.
    let Ok(blind) = <&Blind>::try_from(blind) else {
        return false;
    };
    commit(blind, bytes) == commitment
}
