//! A receiver: it handles what it is told in order, and acknowledges what it has handled.

use std::collections::{BTreeMap, BTreeSet};

use unefois_core::{EventId, Tell, Telling, ToldCursor};

use crate::log::{Log, Nature, Published};

/// What it does with one telling.
#[derive(Debug, PartialEq, Eq)]
pub enum Handled {
    /// It has it.
    Processed,
    /// It rejects it for now.
    RejectedForNow,
    /// It rejects it for good.
    RejectedForGood,
    /// It is gone.
    Died,
    /// It had it, or it will be told again after an earlier event of the subject that it rejected.
    LeftAlone,
}

/// A rejection.
#[derive(Debug)]
struct Rejected {
    event: Published,
    /// Which telling of it was rejected.
    at: Telling,
    /// The last telling that may have been on its way.
    sent: Telling,
}

impl Rejected {
    fn is_followed_by(&self, event: Published, telling: Telling) -> bool {
        let follows = event.subject == self.event.subject && event.place >= self.event.place;
        follows && telling > self.at && telling <= self.sent
    }
}

/// A receiver, with all that it remembers.
#[derive(Debug, Default)]
pub struct Client {
    /// What it was told over this connection, in order.
    pub told: Vec<Tell>,
    /// How much of that it has handled.
    pub handled: usize,
    /// What it has processed, and not rejected since.
    pub processed: BTreeSet<EventId>,
    /// What it acknowledged after it had processed it.
    pub acknowledged: BTreeSet<EventId>,
    /// What it rejected: what was told after that, and was on its way already, it leaves alone, because it will be told
    /// again.
    rejected: Vec<Rejected>,
    /// The last telling before its last rejection.
    pub void_through: Telling,
    rejections: BTreeMap<EventId, u32>,
    /// The last cursor of an earlier connection up to which it had handled everything, and what it had processed by then.
    pub earlier: Option<(ToldCursor, BTreeSet<EventId>)>,
}

impl Client {
    /// Handles the next telling.
    pub fn handle(&mut self, log: &Log) -> Option<(Published, Handled)> {
        let tell = self.told.get(self.handled)?;
        let (event, telling) = (log.event(tell.event), tell.cursor.telling);
        self.handled += 1;
        let left_alone = self.rejected.iter().any(|rejected| rejected.is_followed_by(event, telling));
        if self.processed.contains(&event.event) || left_alone {
            return Some((event, Handled::LeftAlone));
        }
        let times = self.rejections.entry(event.event).or_default();
        *times += 1;
        let handled = match event.nature {
            Nature::Flaky(most) if *times <= most => Handled::RejectedForNow,
            Nature::Poison => Handled::RejectedForNow,
            Nature::Deadly => Handled::Died,
            Nature::Hopeless => Handled::RejectedForGood,
            Nature::Good | Nature::Flaky(_) => {
                self.processed.insert(event.event);
                return Some((event, Handled::Processed));
            }
        };
        Some((event, handled))
    }

    /// The hub knows of its rejection. `sent` is the last telling that may be on its way already.
    pub fn rejected(&mut self, event: Published, sent: Telling) {
        let at = self.told[self.handled - 1].cursor.telling;
        self.rejected.push(Rejected { event, at, sent });
        self.void_through = sent;
    }

    /// Nothing after that telling was ever sent.
    pub fn nothing_sent_after(&mut self, telling: Telling) {
        for rejected in &mut self.rejected {
            rejected.sent = rejected.sent.min(telling);
        }
    }

    /// The cursor of one of the tellings that it handled, and what it acknowledges.
    pub fn acknowledges(&mut self, handled: usize) -> Option<ToldCursor> {
        let last = self.told[..self.handled].get(handled)?;
        let events = self.told[..=handled].iter().map(|tell| tell.event);
        let processed: Vec<_> = events.filter(|event| self.processed.contains(event)).collect();
        self.acknowledged.extend(processed);
        Some(last.cursor)
    }

    /// The connection is gone; what it was told and did not handle is lost.
    pub fn disconnected(&mut self) {
        if let Some(last) = self.handled.checked_sub(1) {
            let events = self.told[..=last].iter().map(|tell| tell.event);
            let processed = events.filter(|event| self.processed.contains(event)).collect();
            self.earlier = Some((self.told[last].cursor, processed));
        }
        self.told.clear();
        self.handled = 0;
    }
}
