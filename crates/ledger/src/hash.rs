//! Hashes of leaves and trees, as RFC 6962 section 2.1 defines them.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};

/// The hash of a leaf or of a node: 32 bytes of SHA-256. Written as standard padded base64, as in C2SP checkpoints.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

/// The bytes or the text are not a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 32 bytes, in text 44 characters of base64")]
pub struct InvalidHash;

/// A tree as far as anybody outside needs to know it: how many leaves, and the root over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// The hash of a leaf: SHA-256(0x00 ‖ `leaf`).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    tlog_tiles::record_hash(leaf).into()
}

/// The root of the empty tree: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    tlog_tiles::EMPTY_HASH.into()
}

/// The hash of an inner node: SHA-256(0x01 ‖ `left` ‖ `right`).
pub(crate) fn node_hash(left: Hash, right: Hash) -> Hash {
    tlog_tiles::node_hash(left.into(), right.into()).into()
}

impl TreeHead {
    /// The head of a tree without leaves.
    #[must_use]
    pub fn empty() -> Self {
        Self { size: 0, root: empty_root() }
    }
}

impl From<tlog_tiles::Hash> for Hash {
    fn from(hash: tlog_tiles::Hash) -> Self {
        Self(hash.0)
    }
}

impl From<Hash> for tlog_tiles::Hash {
    fn from(hash: Hash) -> Self {
        Self(hash.0)
    }
}

impl From<Hash> for Vec<u8> {
    fn from(hash: Hash) -> Self {
        hash.0.to_vec()
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = InvalidHash;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidHash> {
        bytes.first_chunk().filter(|_| bytes.len() == 32).copied().map(Self).ok_or(InvalidHash)
    }
}

impl FromStr for Hash {
    type Err = InvalidHash;

    /// Reads the one canonical base64 text of a hash.
    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let Ok(bytes) = BASE64_STANDARD.decode(text) else {
            return Err(InvalidHash);
        };
        Self::try_from(bytes.as_slice())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back_from_its_text() {
        let hash = leaf_hash(b"leaf");
        assert_eq!(hash.to_string().parse(), Ok(hash));
    }

    #[test]
    fn text_that_is_no_canonical_hash_is_refused() {
        let text = Hash([0; 32]).to_string();
        // The last character before the padding carries two bits that no hash has.
        let loose = text.replace("AA=", "AB=");
        for wrong in ["", "AAAA", &text[..43], &loose] {
            assert_eq!(wrong.parse::<Hash>(), Err(InvalidHash), "{wrong}");
        }
    }

    #[test]
    fn a_hash_is_shown_as_its_text_to_developers_too() {
        let zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        assert_eq!(format!("{:?}", Hash([0; 32])), format!("Hash({zeros})"));
    }

    #[test]
    fn only_32_bytes_are_a_hash() {
        assert_eq!(Hash::try_from([7; 32].as_slice()), Ok(Hash([7; 32])));
        assert_eq!(Hash::try_from([7; 31].as_slice()), Err(InvalidHash));
        assert_eq!(Hash::try_from([7; 33].as_slice()), Err(InvalidHash));
    }
}
