//! Exporting a shard of the ledger into a file that verifies offline.

use std::io::{self, Write};

use futures::{Stream, StreamExt};
use tonic::Status;
use unefois_ledger::{ExportWriter, Hash};
use unefois_proto::pb::audit::v1::{
    ExportEntriesRequest, ExportEntriesResponse, ExportedEntries, export_entries_response::Part,
};

use crate::{connect::Connection, refusal::Refused, shard::Shard};

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportSummary {
    /// How many entries.
    pub entries: u64,
    /// The signed checkpoint that the hub says covers them; [`verify_export`](unefois_ledger::verify_export) checks it.
    pub checkpoint: String,
}

/// Why there is no export; what was written of it cannot be verified.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The hub refused, or failed on the way.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The export cannot be written.
    #[error("the export cannot be written")]
    Write(#[from] io::Error),
    /// The hub ended the export without its checkpoint.
    #[error("the export ended after {entries} entries, without a checkpoint: ask for it again")]
    CutShort {
        /// How many entries there were.
        entries: u64,
    },
    /// A part of the export is not what the contract says.
    #[error("the part of the export after {entries} entries cannot be read")]
    Malformed {
        /// How many entries came before it.
        entries: u64,
    },
}

/// Exports a shard of the ledger (`AuditService.ExportEntries`), from its first entry, in the form that
/// [`verify_export`](unefois_ledger::verify_export) reads. `case_reference` is the auditor's reference of the enquiry. The
/// whole ledger is the exports of all [`shards`](crate::shards()) that have entries; the hub refuses that of an empty one.
///
/// Writing blocks the task: give it a buffered writer. Nothing is judged here; verifying finds what is wrong.
///
/// # Errors
///
/// [`ExportError`].
pub async fn export_to(
    connection: &Connection,
    shard: &Shard,
    case_reference: &str,
    to: impl Write,
) -> Result<ExportSummary, ExportError> {
    let (origin, case_reference) = (shard.origin().to_owned(), case_reference.to_owned());
    let request = ExportEntriesRequest { from_index: 0, case_reference, origin };
    let parts = connection.audit().export_entries(request).await.map_err(refused)?;
    write_parts(parts.into_inner(), to).await
}

async fn write_parts(
    mut parts: impl Stream<Item = Result<ExportEntriesResponse, Status>> + Unpin,
    to: impl Write,
) -> Result<ExportSummary, ExportError> {
    let mut writer = ExportWriter::begin(to)?;
    let mut entries = 0;
    while let Some(response) = parts.next().await.transpose().map_err(refused)? {
        match response.part {
            Some(Part::Entries(some)) => entries += write_entries(&mut writer, &some, entries)?,
            Some(Part::Checkpoint(checkpoint)) => {
                writer.finish(&checkpoint)?;
                return Ok(ExportSummary { entries, checkpoint });
            }
            None => return Err(ExportError::Malformed { entries }),
        }
    }
    Err(ExportError::CutShort { entries })
}

/// Writes the entries that follow the first `before`; gives how many.
fn write_entries(
    writer: &mut ExportWriter<impl Write>,
    some: &ExportedEntries,
    before: u64,
) -> Result<u64, ExportError> {
    let ExportedEntries { first_index, entries, leaf_hashes } = some;
    let malformed = || ExportError::Malformed { entries: before };
    if entries.len() != leaf_hashes.len() {
        return Err(malformed());
    }
    let mut written = 0;
    for (entry, hash) in entries.iter().zip(leaf_hashes) {
        let hash = Hash::try_from(hash.as_slice()).map_err(|_invalid| malformed())?;
        let index = first_index.checked_add(written).ok_or_else(malformed)?;
        writer.entry(index, hash, entry)?;
        written += 1;
    }
    Ok(written)
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn refused(status: Status) -> Refused {
    Refused::from_status(&status)
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, stream};
    use tonic::Code;
    use unefois_ledger::{
        ENTRY_FORMAT, Entry, EntryKind, Outcome, PublicPart, SigningKey, Tree, leaf_hash, verify_export,
    };

    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed("hub.example/shard/0", &[7; 32]).unwrap()
    }

    fn leaf(number: u8) -> Vec<u8> {
        let public = PublicPart {
            format: ENTRY_FORMAT,
            entry_id: vec![number; 16],
            kind: EntryKind::Exchange.into(),
            outcome: Outcome::Refused.into(),
            ..PublicPart::default()
        };
        Entry::leaf_bytes(&public, None)
    }

    fn entries(numbers: std::ops::Range<u8>) -> ExportedEntries {
        let entries: Vec<_> = numbers.clone().map(leaf).collect();
        let leaf_hashes = entries.iter().map(|leaf| leaf_hash(leaf).into()).collect();
        ExportedEntries { first_index: numbers.start.into(), entries, leaf_hashes }
    }

    fn checkpoint() -> Part {
        let leaves: Vec<_> = (0..5).map(|number| leaf_hash(&leaf(number))).collect();
        Part::Checkpoint(key().sign(Tree::empty().append(&leaves).head()))
    }

    fn export(parts: Vec<Result<Part, Status>>) -> (Result<ExportSummary, ExportError>, Vec<u8>) {
        let mut file = Vec::new();
        let parts = parts.into_iter().map(|part| part.map(|part| ExportEntriesResponse { part: Some(part) }));
        let written = write_parts(stream::iter(parts), &mut file).now_or_never().unwrap();
        (written, file)
    }

    #[test]
    fn an_export_verifies_offline() {
        let parts = vec![Ok(Part::Entries(entries(0..2))), Ok(Part::Entries(entries(2..5))), Ok(checkpoint())];
        let (written, file) = export(parts);
        assert_eq!(written.unwrap().entries, 5);
        assert_eq!(verify_export(file.as_slice(), &key().verifying_key(), None).unwrap().checkpoint.head.size, 5);
    }

    #[test]
    fn an_export_without_its_checkpoint_is_cut_short() {
        let (written, _) = export(vec![Ok(Part::Entries(entries(0..2)))]);
        assert!(matches!(written, Err(ExportError::CutShort { entries: 2 })), "{written:?}");
    }

    #[test]
    fn an_entry_without_its_hash_is_not_left_out() {
        let mut short = entries(2..5);
        short.leaf_hashes.pop();
        let (written, _) = export(vec![Ok(Part::Entries(entries(0..2))), Ok(Part::Entries(short)), Ok(checkpoint())]);
        assert!(matches!(written, Err(ExportError::Malformed { entries: 2 })), "{written:?}");
    }

    #[test]
    fn a_hub_that_fails_on_the_way_is_heard() {
        let (written, _) = export(vec![Ok(Part::Entries(entries(0..2))), Err(Status::unavailable("over"))]);
        let found = matches!(&written, Err(ExportError::Refused(refused)) if refused.code == Code::Unavailable);
        assert!(found, "{written:?}");
    }
}
