//! The log of a world: what was published, and what is of interest.

use unefois_core::{EventId, Partition, Place, Position, SubjectId};
use uuid::Uuid;

use crate::chance::Chance;

/// How a receiver takes an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// It takes it.
    Good,
    /// It rejects it so many times first.
    Flaky(u32),
    /// It rejects it each time.
    Poison,
    /// It dies of it.
    Deadly,
    /// It rejects it for good.
    Hopeless,
}

/// One event of interest.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    pub event: EventId,
    pub place: Place,
    pub subject: SubjectId,
    pub nature: Nature,
}

/// What stands at the places of a partition: an event of interest, or one that is to be passed.
#[derive(Debug, Default)]
pub struct Log {
    partitions: [Vec<Option<Published>>; 3],
    events: u128,
}

impl Log {
    /// One more place somewhere.
    pub fn publish(&mut self, chance: &mut Chance) {
        let number = chance.below(self.partitions.len());
        let position = self.partitions[number].len() as u64 + 1;
        let place = Place { partition: Partition::numbered(number).unwrap(), position: Position(position) };
        self.events += 1;
        // Two subjects a partition.
        let subject = SubjectId(Uuid::from_u128((number * 2 + chance.below(2)) as u128));
        let natures = [Nature::Good, Nature::Flaky(2), Nature::Poison, Nature::Hopeless, Nature::Deadly];
        let nature = if chance.one_in(2) { Nature::Good } else { chance.pick(&natures) };
        let published = Published { event: EventId(Uuid::from_u128(self.events)), place, subject, nature };
        self.partitions[number].push((!chance.one_in(4)).then_some(published));
    }

    /// What stands at a place; `None` where nothing stands yet.
    pub fn at(&self, place: Place) -> Option<Option<Published>> {
        let before = usize::try_from(place.position.0).unwrap() - 1;
        self.partitions.get(place.partition.number())?.get(before).copied()
    }

    /// The last place of each partition that has one.
    pub fn ends(&self) -> impl Iterator<Item = Place> {
        let end = |(number, places): (usize, &Vec<_>)| Place {
            partition: Partition::numbered(number).unwrap(),
            position: Position(places.len() as u64),
        };
        self.partitions.iter().enumerate().map(end)
    }

    /// Every event of interest.
    pub fn events(&self) -> impl Iterator<Item = Published> {
        self.partitions.iter().flatten().copied().flatten()
    }

    /// The event of that identifier.
    pub fn event(&self, event: EventId) -> Published {
        self.events().find(|published| published.event == event).unwrap()
    }

    /// The events of the same subject that stand before it.
    pub fn before(&self, later: Published) -> impl Iterator<Item = Published> {
        self.events().filter(move |event| event.subject == later.subject && event.place < later.place)
    }
}
