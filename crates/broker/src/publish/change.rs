//! What a publication is to its record, and the event that tells of it.

use unefois_catalog::Dataset;
use unefois_core::{EventId, EventKind, FieldNumbers, Reason, SubjectKind};
use unefois_store::{HeldRevision, NewEvent, RevisionRow};
use uuid::Uuid;

use super::newest::Said;
use crate::failure::Failure;

/// What a provider says that a publication is, compared with what it said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicationChange {
    /// A new record, or a new value of one.
    Value,
    /// What was said last was wrong.
    Correction,
    /// What the record states has ended.
    End,
}

impl PublicationChange {
    /// What stands in the content of a publication: nothing for a value, as before there was anything else.
    pub(super) fn mark(self) -> &'static [u8] {
        match self {
            Self::Value => &[],
            Self::Correction => &[1],
            Self::End => &[2],
        }
    }

    /// What becomes of a record of which that was said.
    ///
    /// # Errors
    /// Nothing was said that could be wrong, or end.
    pub(super) fn kind(self, said: &Said) -> Result<EventKind, Failure> {
        match self {
            Self::Value if said.is_nothing() => Ok(EventKind::Created),
            Self::Value => Ok(EventKind::Revised),
            Self::Correction | Self::End if said.is_nothing() => Err(Failure::new(Reason::NotFound)),
            Self::Correction => Ok(EventKind::Corrected),
            Self::End => Ok(EventKind::Ended),
        }
    }

    /// Whether to say so once more of a record with the same value changes nothing. A value that ended and is said again
    /// goes on.
    pub(super) fn repeats(self, last: &HeldRevision) -> bool {
        match self {
            Self::Value => last.change != Some(EventKind::Ended),
            Self::Correction => last.change == Some(EventKind::Corrected),
            Self::End => last.change == Some(EventKind::Ended),
        }
    }
}

/// The fields that a revision changed since the one before it in the same major version. All that it states are among them
/// where the `last` that was said is not that one, but was said in another major version; or was an end, which concerned
/// every field.
pub(super) fn changed(
    dataset: &Dataset,
    last: Option<&HeldRevision>,
    [before, canonical]: [&[u8]; 2],
) -> Result<FieldNumbers, Failure> {
    let since = |before: &[u8]| dataset.changed_fields(before, canonical).map_err(Failure::internal);
    let mut changed: Vec<u32> = since(before)?.numbers().collect();
    if last.is_none_or(|last| last.change == Some(EventKind::Ended)) {
        changed.extend(since(&[])?.numbers());
    }
    FieldNumbers::of(changed).map_err(Failure::internal)
}

/// The event of a new revision.
pub(super) fn event_of(
    row: &RevisionRow,
    about: SubjectKind,
    kind: EventKind,
    changed: FieldNumbers,
    traceparent: Option<&str>,
) -> NewEvent {
    NewEvent {
        id: EventId(Uuid::now_v7()),
        subject: row.subject,
        root: row.subject,
        about,
        dataset: row.dataset.clone(),
        provider: row.provider.clone(),
        record: row.record,
        revision: row.held.number,
        kind,
        changed,
        traceparent: traceparent.map(str::to_owned),
    }
}
