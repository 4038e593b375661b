//! What a subscriber was told, held to what it may be told.

use std::collections::BTreeMap;

use prost::Message;
use unefois_proto::pb::{
    io::cloudevents::v1::cloud_event::{Data, cloud_event_attribute_value::Attr},
    status::v1::SelfEmployedAffiliation,
    subscription::v1::Delivery,
};

use super::published::{Published, number_of};

/// What must never be told, or not told so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// A revision, or the end of all, before one that is due: it was not told, or told and not acknowledged.
    Skipped { siret: String, revision: u64, due: u64 },
    /// A revision, after a later one or after one that is not the one before it, on one connection.
    Reordered { siret: String, revision: u64, after: u64 },
    /// A revision whose acknowledgement was answered.
    CameBack { siret: String, revision: u64, acknowledged: u64 },
    /// An event, as another one or with another record than when it was told before.
    Changed { siret: String, revision: u64 },
    /// Another record than was published as this revision.
    Falsified { siret: String, revision: u64, number: u32, due: u32 },
    /// A revision that was not published, or none that was.
    Missing { siret: String, told: usize, due: usize },
}

/// One event as it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ToldEvent {
    pub(super) siret: String,
    /// From 1 on, without a gap.
    pub(super) revision: u64,
    /// What the provider counted, of this subject.
    pub(super) number: u32,
    pub(super) id: String,
}

/// All that a subscriber was told.
#[derive(Debug, Default)]
pub(super) struct Heard {
    subjects: BTreeMap<String, Subject>,
    /// How many events it was told, each counted once.
    pub(super) events: usize,
}

/// What it was told of one subject.
#[derive(Debug, Default)]
struct Subject {
    /// By revision, from 1 on: the number in the record, and the identifier of the event.
    told: Vec<(u32, String)>,
    /// The last one on this connection.
    newest: Option<u64>,
    /// Up to which revision it said that it has them: the hub may have heard it.
    said: u64,
    /// And up to which the hub answered.
    answered: u64,
}

impl ToldEvent {
    pub(super) fn of(delivery: &Delivery) -> Self {
        let event = delivery.event.as_ref().unwrap();
        let record = match &event.data {
            Some(Data::ProtoData(any)) => SelfEmployedAffiliation::decode(any.value.as_slice()).unwrap(),
            other => panic!("{other:?}"),
        };
        let revision = match event.attributes["revision"].attr.as_ref() {
            Some(Attr::CeString(text)) => text.parse().unwrap(),
            other => panic!("{other:?}"),
        };
        let number = number_of(record.activity_start.unwrap());
        Self { siret: record.siret.unwrap(), revision, number, id: event.id.clone() }
    }
}

impl Heard {
    /// A new connection: what was not acknowledged begins again.
    pub(super) fn begins(&mut self) {
        for subject in self.subjects.values_mut() {
            subject.newest = None;
        }
    }

    /// One event was told.
    pub(super) fn hears(&mut self, event: ToldEvent) -> Result<(), Broken> {
        let ToldEvent { siret, revision, number, id } = event;
        let subject = self.subjects.entry(siret.clone()).or_default();
        match subject.newest {
            Some(after) if revision != after + 1 => return Err(Broken::Reordered { siret, revision, after }),
            None if revision <= subject.answered => {
                return Err(Broken::CameBack { siret, revision, acknowledged: subject.answered });
            }
            None if revision > subject.said + 1 => {
                return Err(Broken::Skipped { siret, revision, due: subject.said + 1 });
            }
            _ => {}
        }
        subject.newest = Some(revision);
        let place = usize::try_from(revision - 1).unwrap();
        match subject.told.get(place) {
            Some((had, of)) if (*had, of) != (number, &id) => Err(Broken::Changed { siret, revision }),
            Some(_again) => Ok(()),
            // Never further than one behind the last: either it follows one on this connection, or what was said.
            None => {
                subject.told.push((number, id));
                self.events += 1;
                Ok(())
            }
        }
    }

    /// It says that it has everything that it was told on this connection.
    pub(super) fn says(&mut self) {
        for subject in self.subjects.values_mut() {
            subject.said = subject.said.max(subject.newest.unwrap_or(0));
        }
    }

    /// What it said last on this connection was answered. What it said on others may not have been heard.
    pub(super) fn is_answered(&mut self) {
        for subject in self.subjects.values_mut() {
            subject.answered = subject.answered.max(subject.newest.unwrap_or(0));
        }
    }

    /// It was told that there is nothing more: then it has said that it has everything, and the hub knows it.
    pub(super) fn nothing_is_left(&mut self) -> Result<(), Broken> {
        for (siret, subject) in &mut self.subjects {
            let revision = subject.told.len() as u64;
            if subject.said != revision {
                return Err(Broken::Skipped { siret: siret.clone(), revision, due: subject.said + 1 });
            }
            subject.answered = revision;
        }
        Ok(())
    }

    /// Whether it was told exactly what was published.
    pub(super) fn is_all_of(&self, published: &Published) -> Result<(), Broken> {
        for siret in published.subjects().chain(self.subjects.keys().map(String::as_str)) {
            let told = self.subjects.get(siret).map_or(&[][..], |subject| subject.told.as_slice());
            let due = published.of(siret);
            if told.len() != due.len() {
                return Err(Broken::Missing { siret: siret.to_owned(), told: told.len(), due: due.len() });
            }
            for ((revision, (number, _)), due) in (1..).zip(told).zip(due) {
                if number != due {
                    let (siret, number, due) = (siret.to_owned(), *number, *due);
                    return Err(Broken::Falsified { siret, revision, number, due });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(revision: u64, number: u32) -> ToldEvent {
        ToldEvent { siret: "A".to_owned(), revision, number, id: format!("event {revision}") }
    }

    /// Was told three revisions on one connection, and has those up to the second.
    fn told_three() -> Heard {
        let mut heard = Heard::default();
        heard.hears(event(1, 7)).unwrap();
        heard.hears(event(2, 8)).unwrap();
        heard.says();
        heard.is_answered();
        heard.hears(event(3, 9)).unwrap();
        heard.begins();
        heard
    }

    #[test]
    fn what_was_not_acknowledged_may_be_told_again_and_nothing_else() {
        let siret = || "A".to_owned();
        assert_eq!(told_three().hears(event(3, 9)), Ok(()));
        let came_back = Broken::CameBack { siret: siret(), revision: 2, acknowledged: 2 };
        assert_eq!(told_three().hears(event(2, 8)), Err(came_back));
        assert_eq!(told_three().hears(event(4, 10)), Err(Broken::Skipped { siret: siret(), revision: 4, due: 3 }));
        assert_eq!(told_three().hears(event(3, 10)), Err(Broken::Changed { siret: siret(), revision: 3 }));
        assert_eq!(told_three().nothing_is_left(), Err(Broken::Skipped { siret: siret(), revision: 3, due: 3 }));
    }

    #[test]
    fn one_connection_tells_each_revision_after_the_one_before() {
        for next in [2, 3, 5] {
            let mut heard = told_three();
            heard.hears(event(3, 9)).unwrap();
            let reordered = Broken::Reordered { siret: "A".to_owned(), revision: next, after: 3 };
            assert_eq!(heard.hears(event(next, 9)), Err(reordered));
        }
    }
}
