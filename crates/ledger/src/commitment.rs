//! Blinded commitments: digests that reveal nothing without their blind.

use sha2::{Digest, Sha256};

/// The random bytes that go before what is committed to. Without them, an amount could be found from its digest by
/// trying all amounts. Whoever makes a commitment draws them; this room draws nothing.
pub type Blind = [u8; 32];

/// SHA-256(`blind` ‖ `bytes`): the form of every commitment in the ledger, to payloads, to published records and to
/// personal parts alike.
#[must_use]
pub fn commit(blind: &Blind, bytes: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(blind).chain_update(bytes).finalize().into()
}

/// SHA-256 of bytes that nobody could guess, or that are no secret: of evidence, of an item of the registry.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_is_the_digest_of_the_blind_then_the_bytes() {
        let mut joined = vec![7; 32];
        joined.extend_from_slice(b"turnover");
        let expected: [u8; 32] = Sha256::digest(&joined).into();
        assert_eq!(commit(&[7; 32], b"turnover"), expected);
    }

    #[test]
    fn a_digest_without_a_blind_is_the_one_of_fips_180_4() {
        // The digest of `abc`: appendix B.1 of the first edition.
        let due = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let found: String = sha256(b"abc").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, due);
    }

    #[test]
    fn the_same_bytes_under_another_blind_commit_differently() {
        assert_ne!(commit(&[1; 32], b"turnover"), commit(&[2; 32], b"turnover"));
    }
}
