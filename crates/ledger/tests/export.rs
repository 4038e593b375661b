//! The limits of an export, and what is said when it cannot be read.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::{self, BufRead, BufReader, Read};

use unefois_ledger::{
    EXPORT_LINE_BYTES_MAX, Entry, EntryKind, ExportWriter, Finding, Hash, Outcome, PublicPart, Report, SigningKey,
    Tree, leaf_hash, verify_export,
};

/// Entries enough that the words before a leaf leave a multiple of four characters to the longest line.
const BEFORE: usize = 1_000;
const WORDS_BEFORE_LEAF: usize = "entry 1000 ".len() + 44 + " ".len();

/// An entry that says this much.
fn leaf(words: usize) -> Vec<u8> {
    let public = PublicPart {
        format: 1,
        entry_id: vec![1; 16],
        kind: EntryKind::Access.into(),
        outcome: Outcome::Refused.into(),
        method: "m".repeat(words),
        ..PublicPart::default()
    };
    Entry::leaf_bytes(&public, None)
}

/// An entry of so many bytes, about a million.
fn leaf_of(bytes: usize) -> Vec<u8> {
    let overhead = leaf(bytes).len() - bytes;
    leaf(bytes - overhead)
}

fn export(leaves: &[Vec<u8>]) -> Vec<u8> {
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    let mut writer = ExportWriter::begin(Vec::new()).unwrap();
    for ((index, hash), leaf) in (0..).zip(&hashes).zip(leaves) {
        writer.entry(index, *hash, leaf).unwrap();
    }
    writer.finish(&key().sign(Tree::empty().append(&hashes).head())).unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_seed("hub.example/shard/0", &[9; 32]).unwrap()
}

fn verified(file: impl BufRead) -> Result<Report, Finding> {
    verify_export(file, &key().verifying_key(), None)
}

#[test]
fn a_line_may_be_as_long_as_the_limit_and_no_longer() {
    let with_last = |last: Vec<u8>| {
        let mut leaves = vec![leaf(1); BEFORE];
        leaves.push(last);
        export(&leaves)
    };
    let longest = (EXPORT_LINE_BYTES_MAX - WORDS_BEFORE_LEAF) / 4 * 3;
    let file = with_last(leaf_of(longest));
    let length = file.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
    assert_eq!(length, Some(EXPORT_LINE_BYTES_MAX));
    assert_eq!(verified(file.as_slice()).unwrap().checkpoint.head.size, BEFORE as u64 + 1);
    let beyond = verified(with_last(leaf_of(longest + 1)).as_slice());
    assert!(matches!(beyond, Err(Finding::Malformed { line: 1_002 })));
}

#[test]
fn a_checkpoint_longer_than_the_limit_is_refused() {
    let mut file = export(&[leaf(1)]);
    file.extend(vec![b'\n'; EXPORT_LINE_BYTES_MAX]);
    assert!(matches!(verified(file.as_slice()), Err(Finding::Checkpoint(_))));
}

/// A disk that fails.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk fails"))
    }
}

#[test]
fn a_file_that_cannot_be_read_is_unread_from_the_line_on_and_not_wrong() {
    let file = export(&[leaf(1), leaf(2)]);
    let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    // Header, two entries, the line before the checkpoint, and the checkpoint itself.
    for whole in 0..5 {
        let begins = lines[..whole].concat();
        let Err(Finding::Unread { line, .. }) = verified(BufReader::new(begins.as_slice().chain(Broken))) else {
            panic!("the file was read")
        };
        assert_eq!(line, whole as u64 + 1);
    }
}
