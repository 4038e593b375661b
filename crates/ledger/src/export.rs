//! The export of one shard: a text file that an auditor verifies offline, with the public key alone.
//!
//! ```text
//! unefois-ledger-export 1
//! entry 0 <leaf hash, base64> <leaf, base64>
//! entry 1 <leaf hash, base64> <leaf, base64>
//! checkpoint
//! <the signed checkpoint of exactly these entries, to the end of the file>
//! ```
//!
//! Lines end with one line feed, words are separated by one space, numbers are decimal, base64 is standard and padded:
//! every export has one form only. Leaf hashes stand there as they are stored, so that a changed entry is found by its
//! name and not by the root alone. Personal parts are not in the file.

mod finding;
mod lines;
mod verify;
mod writer;

pub use finding::Finding;
pub use verify::{Report, verify_export, verify_export_of_hub};
pub use writer::ExportWriter;

/// The longest line that is read, in bytes; also the longest checkpoint. Beyond it a file is refused.
pub const EXPORT_LINE_BYTES_MAX: usize = 1 << 20;

/// The first line: what the file is, and the version of its form.
const HEADER: &str = "unefois-ledger-export 1";

/// The line after the last entry.
const CHECKPOINT: &str = "checkpoint";
