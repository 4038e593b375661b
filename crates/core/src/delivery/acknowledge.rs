//! What a receiver says of events: it has them, or it cannot take one.

use jiff::Timestamp;

use super::{
    desk::Desk,
    item::{Hand, Item, Origin, Planned},
    turn::{DeadLetterCause, ToldCursor},
};
use crate::{code::ImpersonalCode, event::EventId, reason::Reason};

/// Why a receiver cannot take an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// Not now: it is to be told again.
    ForNow(ImpersonalCode),
    /// Never: it becomes a dead letter at once.
    ForGood(ImpersonalCode),
}

/// What an acknowledgement settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Something.
    Some,
    /// Nothing: all that it covers was settled before.
    Nothing,
}

impl Desk {
    /// The receiver has everything that was told up to this cursor, but for what it rejected.
    ///
    /// A cursor of this receiver covers the tellings up to its own. One of an earlier receiver covers the places up to its
    /// own, and nothing where something was rejected after it was told, or the subscription was set back: which events it
    /// was for cannot be known any more.
    ///
    /// # Errors
    /// [`Reason::CursorNotTold`]: no event was told with this cursor.
    pub fn acknowledge(&mut self, up_to: &ToldCursor) -> Result<Settled, Reason> {
        let ToldCursor { through, telling } = *up_to;
        // The subscription may have been set back before the places of such a cursor.
        if telling <= self.opened_at && telling <= self.void_through {
            return Ok(Settled::Nothing);
        }
        let told = telling <= self.written.telling && through <= self.written.delivered;
        if !told {
            return Err(Reason::CursorNotTold);
        }
        let (before, floor) = (self.items.len(), self.floor);
        if telling > self.opened_at {
            self.settle_where(|item| item.acknowledged_from.is_some_and(|first| first <= telling));
        } else {
            self.floor = floor.join(&through);
            self.settle_where(|item| item.origin == Origin::Log && through.includes(item.place));
        }
        let nothing = self.items.len() == before && self.floor == floor;
        Ok(if nothing { Settled::Nothing } else { Settled::Some })
    }

    /// The receiver cannot take an event. While it waits to be told again, later events of its subject are held back, and
    /// told again after it where they were told before.
    ///
    /// # Errors
    /// [`Reason::EventNotTold`]: no such event was told, or it is settled.
    pub fn reject(&mut self, event: EventId, rejection: Rejection, now: Timestamp) -> Result<(), Reason> {
        // One that dies in the turn under way is settled: what follows it is told in that turn.
        let told = |item: &Item| item.attempts > 0 && item.planned != Some(Planned::Die);
        let found = self.items.iter().position(|item| item.event == event && told(item));
        let at = found.ok_or(Reason::EventNotTold)?;
        let (item, later) = self.items[at..].split_first_mut().expect("found above");
        let waits = matches!(item.hand, Hand::Waiting(_));
        let follows_a_rejected_one = item.hand == Hand::Due && item.last_telling.is_some();
        match rejection {
            Rejection::ForGood(reason) => item.doom_for(DeadLetterCause::RejectedForGood(reason)),
            Rejection::ForNow(_) if waits || follows_a_rejected_one => return Ok(()),
            Rejection::ForNow(reason) if item.attempts >= self.terms.attempts_max => {
                item.doom_for(DeadLetterCause::Rejected(reason));
            }
            Rejection::ForNow(reason) => {
                let until = now.checked_add(self.terms.backoff(item.attempts)).unwrap_or(Timestamp::MAX);
                item.hand = Hand::Waiting(until);
                item.rejected = Some(reason);
                self.rejections.push(event);
            }
        }
        self.void_through = self.drawn;
        item.take_back();
        for follower in later.iter_mut().filter(|later| later.subject == item.subject) {
            follower.take_back();
            if follower.is_held() {
                follower.hand = Hand::Due;
            }
        }
        Ok(())
    }

    fn settle_where(&mut self, mut is_settled: impl FnMut(&Item) -> bool) {
        let replayed = &mut self.replayed;
        self.items.retain(|item| {
            // One that dies in the turn under way is written as a dead letter, whatever comes now.
            let settled = is_settled(item) && item.planned != Some(Planned::Die);
            if settled && item.origin == Origin::Replay {
                replayed.push(item.place);
            }
            !settled
        });
    }
}
