//! Exporting the ledger into a file that verifies offline.

use std::io::{self, Write};

use unefois_ledger::{ExportWriter, Hash};
use unefois_proto::pb::audit::v1::{ExportEntriesRequest, export_entries_response::Part};

use crate::{connect::Connection, refusal::Refused};

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportSummary {
    /// How many entries.
    pub entries: u64,
    /// The checkpoint that covers them.
    pub checkpoint: String,
}

/// Why an export is not whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The hub refused, or failed on the way.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The file cannot be written.
    #[error("the export cannot be written")]
    Write(#[from] io::Error),
    /// The stream ended before its checkpoint, or holds a hash that is none.
    #[error("the export ended before its checkpoint")]
    CutShort,
}

/// Exports the whole ledger of the hub.
///
/// # Errors
/// See [`ExportError`].
pub async fn export_to(
    connection: &Connection,
    case_reference: &str,
    to: impl Write,
) -> Result<ExportSummary, ExportError> {
    let request = ExportEntriesRequest { from_index: 0, case_reference: case_reference.to_owned() };
    let refused = |status: tonic::Status| Refused::from_status(&status);
    let mut parts = connection.audit().export_entries(request).await.map_err(refused)?.into_inner();
    let mut writer = ExportWriter::begin(to)?;
    let mut entries = 0;
    while let Some(response) = parts.message().await.map_err(refused)? {
        match response.part {
            Some(Part::Entries(some)) => {
                let leaves = some.entries.iter().zip(&some.leaf_hashes);
                for (index, (leaf, hash)) in (some.first_index..).zip(leaves) {
                    let hash = Hash::try_from(hash.as_slice()).map_err(|_length| ExportError::CutShort)?;
                    writer.entry(index, hash, leaf)?;
                    entries += 1;
                }
            }
            Some(Part::Checkpoint(checkpoint)) => {
                writer.finish(&checkpoint)?;
                return Ok(ExportSummary { entries, checkpoint });
            }
            None => {}
        }
    }
    Err(ExportError::CutShort)
}
