//! The one way in which several parts become the bytes of a digest or of associated data.

/// Writes each part after its length (8 bytes, big-endian).
///
/// No two different lists of parts give the same bytes: `("ab", "c")` and `("a", "bc")` differ in their lengths. The
/// first part is by convention a label that says what the others are.
pub(crate) fn write_framed(parts: &[&[u8]], mut write: impl FnMut(&[u8])) {
    for part in parts {
        let length = u64::try_from(part.len()).expect("no length in memory exceeds 64 bits");
        write(&length.to_be_bytes());
        write(part);
    }
}

/// The framed parts in a buffer of their own.
pub(crate) fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| 8 + part.len()).sum());
    write_framed(parts, |piece| bytes.extend_from_slice(piece));
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::framed;

    /// Reads framed bytes back: what can be read back in one way only is unambiguous.
    fn parts_of(mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut parts = Vec::new();
        while let Some((length, rest)) = bytes.split_first_chunk::<8>() {
            let (part, rest) = rest.split_at(usize::try_from(u64::from_be_bytes(*length)).unwrap());
            parts.push(part.to_vec());
            bytes = rest;
        }
        parts
    }

    #[test]
    fn a_part_that_moves_over_a_border_changes_the_bytes() {
        assert_ne!(framed(&[b"ab", b"c"]), framed(&[b"a", b"bc"]));
        assert_ne!(framed(&[b"a"]), framed(&[b"a", b""]));
    }

    proptest! {
        #[test]
        fn framed_parts_can_be_read_in_one_way_only(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6)) {
            let borrowed: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(parts_of(&framed(&borrowed)), parts);
        }
    }
}
