//! Receipts, from the wire and back.

use unefois_ledger::{Hash, Receipt};
use unefois_proto::pb::ledger::v1::ExchangeReceipt;

/// Why an answer has no receipt that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedReceipt {
    /// There is none.
    #[error("there is no receipt")]
    Missing,
    /// The inclusion path is not made of hashes.
    #[error("the inclusion path of the receipt holds something that is not a hash of 32 bytes")]
    InclusionPath,
}

/// Takes a receipt from the wire. Nothing is verified: [`Receipt::verify`] does that.
///
/// # Errors
///
/// [`MalformedReceipt::InclusionPath`] when a hash of the path is not 32 bytes.
pub fn receipt_from_wire(wire: ExchangeReceipt) -> Result<Receipt, MalformedReceipt> {
    let ExchangeReceipt { entry, index, personal_blind, personal_part, inclusion_path, checkpoint } = wire;
    let inclusion_path = path_from_wire(&inclusion_path).ok_or(MalformedReceipt::InclusionPath)?;
    Ok(Receipt { entry, index, personal_blind, personal_part, inclusion_path, checkpoint })
}

/// Makes the wire form of a receipt, such as for a file that another language reads.
#[must_use]
pub fn receipt_to_wire(receipt: Receipt) -> ExchangeReceipt {
    let Receipt { entry, index, personal_blind, personal_part, inclusion_path, checkpoint } = receipt;
    let inclusion_path = inclusion_path.into_iter().map(Vec::from).collect();
    ExchangeReceipt { entry, index, personal_blind, personal_part, inclusion_path, checkpoint }
}

/// A path of hashes; `None` when one of them is not 32 bytes.
pub(crate) fn path_from_wire(wire: &[Vec<u8>]) -> Option<Vec<Hash>> {
    wire.iter().map(|hash| Hash::try_from(hash.as_slice()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire() -> ExchangeReceipt {
        ExchangeReceipt {
            entry: vec![1; 40],
            index: 5,
            personal_blind: vec![2; 32],
            personal_part: vec![3; 10],
            inclusion_path: vec![vec![4; 32], vec![5; 32]],
            checkpoint: "a checkpoint".to_owned(),
        }
    }

    #[test]
    fn a_receipt_comes_back_as_it_went() {
        assert_eq!(receipt_to_wire(receipt_from_wire(wire()).unwrap()), wire());
    }

    #[test]
    fn a_path_of_other_bytes_than_hashes_is_refused() {
        for length in [0, 31, 33] {
            let wrong = ExchangeReceipt { inclusion_path: vec![vec![4; 32], vec![5; length]], ..wire() };
            assert_eq!(receipt_from_wire(wrong), Err(MalformedReceipt::InclusionPath), "{length}");
        }
    }
}
