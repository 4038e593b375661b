//! Receipts from the wire, and what proves a publication.

use prost::Message;
use unefois_ledger::{
    Hash, InvalidProof, InvalidReceipt, PublishedItem, Receipt, TreeHead, VerifyingKey, check_inclusion, commit,
    leaf_hash,
};
use unefois_proto::pb::{ledger::v1::ExchangeReceipt, publication::v1::Acknowledgement};
use uuid::Uuid;

/// A receipt that is missing, or whose path is not made of hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the receipt is missing or malformed")]
pub struct MalformedReceipt;

/// Why an acknowledgement proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAcknowledgement {
    /// It carries no receipt, or one that cannot be read.
    #[error("the acknowledgement carries no receipt that can be read")]
    Malformed(#[source] MalformedReceipt),
    /// The receipt does not verify.
    #[error("the receipt of the acknowledgement does not verify")]
    Receipt(#[source] InvalidReceipt),
    /// The receipt is not that of a publication.
    #[error("the receipt of the acknowledgement is not that of a publication")]
    NotAPublication,
    /// The record is not in the batch that was recorded.
    #[error("the record is not in the batch that was recorded")]
    Item(#[source] InvalidProof),
}

/// A receipt, from the wire.
///
/// # Errors
/// Its path is not made of hashes of 32 bytes.
pub fn receipt_from_wire(wire: ExchangeReceipt) -> Result<Receipt, MalformedReceipt> {
    let ExchangeReceipt { entry, index, personal_blind, personal_part, inclusion_path, checkpoint } = wire;
    Ok(Receipt { entry, index, personal_blind, personal_part, inclusion_path: hashes(&inclusion_path)?, checkpoint })
}

/// Verifies that a record is in a batch that was recorded: its canonical bytes, under the blind, are those of the item
/// whose path leads to the root in the entry.
///
/// # Errors
/// See [`InvalidAcknowledgement`].
pub fn verify_acknowledgement(
    acknowledgement: &Acknowledgement,
    canonical: &[u8],
    key: &VerifyingKey,
) -> Result<(), InvalidAcknowledgement> {
    use InvalidAcknowledgement::{Item, Malformed, NotAPublication};
    let receipt = acknowledgement.receipt.clone().ok_or(Malformed(MalformedReceipt))?;
    let receipt = receipt_from_wire(receipt).map_err(Malformed)?;
    let verified = receipt.verify(key).map_err(InvalidAcknowledgement::Receipt)?;
    let publication = verified.public.publication.ok_or(NotAPublication)?;
    let blind = acknowledgement.blind.as_slice().try_into().map_err(|_length| Malformed(MalformedReceipt))?;
    let record = Uuid::parse_str(&acknowledgement.record_id).map_err(|_not_a_uuid| Malformed(MalformedReceipt))?;
    let item = PublishedItem {
        record_id: record.as_bytes().to_vec(),
        revision: acknowledgement.revision,
        commitment: commit(blind, canonical).to_vec(),
    };
    let root = Hash::try_from(publication.root.as_slice()).map_err(|_length| NotAPublication)?;
    let head = TreeHead { size: u64::from(publication.count), root };
    let path = hashes(&acknowledgement.item_path).map_err(Malformed)?;
    check_inclusion(head, u64::from(acknowledgement.item_index), leaf_hash(&item.encode_to_vec()), &path).map_err(Item)
}

fn hashes(wire: &[Vec<u8>]) -> Result<Vec<Hash>, MalformedReceipt> {
    wire.iter().map(|hash| Hash::try_from(hash.as_slice()).map_err(|_length| MalformedReceipt)).collect()
}
