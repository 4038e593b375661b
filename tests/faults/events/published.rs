//! What providers published, and the hub acknowledged: by subject, the number in each revision.

use std::collections::BTreeMap;

use unefois_proto::pb::{
    calendar::v1::Date,
    publication::v1::{Acknowledgement, AcknowledgementKind, PublishRequest},
    status::v1::SelfEmployedAffiliation,
};
use unefois_testkit::{Person, affiliation_of};

use prost::Message;

/// Days that every month has, so that every number is a date.
const DAYS: u32 = 28;
const YEAR: u32 = 12 * DAYS;

/// A publication and the answer to it.
pub(super) type Acknowledged = (PublishRequest, Acknowledgement);

/// What was published of each subject, by SIRET: the number in each revision, from the first on.
#[derive(Debug, Default)]
pub(super) struct Published {
    subjects: BTreeMap<String, Vec<u32>>,
}

/// The affiliation of a person with a number in it: as the day on which the activity began, which is granted to whoever
/// subscribes here.
pub(super) fn affiliation(person: &Person, number: u32) -> PublishRequest {
    let item = affiliation_of(person);
    let record = SelfEmployedAffiliation::decode(item.data.as_slice()).unwrap();
    let record = SelfEmployedAffiliation { activity_start: Some(day(number)), ..record };
    PublishRequest { data: record.encode_to_vec(), ..item }
}

fn day(number: u32) -> Date {
    let part = |number: u32| Some(i32::try_from(number).unwrap());
    Date { year: part(1 + number / YEAR), month: part(1 + number % YEAR / DAYS), day: part(1 + number % DAYS) }
}

/// The number in a record.
pub(super) fn number_of(date: Date) -> u32 {
    let part = |part: Option<i32>| u32::try_from(part.unwrap()).unwrap() - 1;
    part(date.year) * YEAR + part(date.month) * DAYS + part(date.day)
}

impl Published {
    /// Adds what was acknowledged, in any order, once all of it is here: then no revision may be missing.
    pub(super) fn add(&mut self, all: Vec<Acknowledged>) {
        let mut new: BTreeMap<String, BTreeMap<u64, u32>> = BTreeMap::new();
        for (item, acknowledgement) in all {
            let record = SelfEmployedAffiliation::decode(item.data.as_slice()).unwrap();
            assert_ne!(acknowledgement.kind(), AcknowledgementKind::Unchanged, "no number is published twice");
            let number = number_of(record.activity_start.unwrap());
            let of_subject = new.entry(record.siret.unwrap()).or_default();
            let before = of_subject.insert(acknowledgement.revision, number);
            assert_eq!(before, None, "one publication, one revision");
        }
        for (siret, revisions) in new {
            let numbers = self.subjects.entry(siret).or_default();
            for (revision, number) in revisions {
                assert_eq!(revision, numbers.len() as u64 + 1, "every revision was acknowledged to somebody");
                numbers.push(number);
            }
        }
    }

    /// Those of whom something was published.
    pub(super) fn subjects(&self) -> impl Iterator<Item = &str> {
        self.subjects.keys().map(String::as_str)
    }

    /// The numbers in the revisions of a subject.
    pub(super) fn of(&self, siret: &str) -> &[u32] {
        self.subjects.get(siret).map_or(&[], Vec::as_slice)
    }

    /// How many revisions there are.
    pub(super) fn events(&self) -> usize {
        self.subjects.values().map(Vec::len).sum()
    }
}
