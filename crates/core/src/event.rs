//! Events: what providers' records went through that is worth telling.

mod fields;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{agency::AgencyCode, cursor::Place, dataset::DatasetId};

pub use fields::{FieldNumbers, InvalidFieldNumbers};

/// The identifier of an event: a UUID that tells nothing of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub Uuid);

/// The subject's file inside the hub: random, and never shown to anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubjectId(pub Uuid);

/// What became of a record. The list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    /// Its first revision.
    Created,
    /// A new revision: something is different now.
    Revised,
    /// A new revision that says that the one before it was wrong (correction).
    Corrected,
    /// What it states has ended.
    Ended,
}

/// One event, as it was published. The payload stays with the record's revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its identifier.
    pub id: EventId,
    /// Where it stands.
    pub place: Place,
    /// Whom it is about.
    pub subject: SubjectId,
    /// The dataset.
    pub dataset: DatasetId,
    /// The major version of the dataset in which the record was published: `changed` counts its fields.
    pub dataset_major: u32,
    /// Who published it.
    pub provider: AgencyCode,
    /// The record.
    pub record: Uuid,
    /// Its revision.
    pub revision: u64,
    /// What became of the record.
    pub kind: EventKind,
    /// The top-level fields that differ from the revision before.
    pub changed: FieldNumbers,
    /// When the hub recorded it.
    pub recorded_at: Timestamp,
    /// The W3C `traceparent` of the publication, where it was traced.
    pub traceparent: Option<String>,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Created, Self::Revised, Self::Corrected, Self::Ended];

    /// Its code, as it stands in the type of a CloudEvent.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Revised => "revised",
            Self::Corrected => "corrected",
            Self::Ended => "ended",
        }
    }

    /// Its number, as it is stored.
    #[must_use]
    pub fn number(self) -> i16 {
        match self {
            Self::Created => 1,
            Self::Revised => 2,
            Self::Corrected => 3,
            Self::Ended => 4,
        }
    }

    /// The kind of that number.
    #[must_use]
    pub fn numbered(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The type of the CloudEvent that tells of it: `unefois.<dataset>.<kind>.v<major>`, with the major version in which
    /// it is told.
    #[must_use]
    pub fn cloud_event_type(self, dataset: &DatasetId, major: u32) -> String {
        format!("unefois.{dataset}.{}.v{major}", self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::{DatasetId, EventKind};

    #[test]
    fn a_kind_is_known_by_its_number_and_its_code() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::numbered(kind.number()), Some(kind));
            assert_eq!(kind.code(), format!("{kind:?}").to_lowercase());
        }
        assert_eq!(EventKind::ALL.map(EventKind::number), [1, 2, 3, 4], "they are stored");
        assert_eq!([0, 5].map(EventKind::numbered), [None, None]);
    }

    #[test]
    fn the_type_of_a_cloud_event_names_dataset_kind_and_major() {
        let dataset = DatasetId::parse("declared-turnover").unwrap();
        let told = EventKind::Corrected.cloud_event_type(&dataset, 2);
        assert_eq!(told, "unefois.declared-turnover.corrected.v2");
    }
}
