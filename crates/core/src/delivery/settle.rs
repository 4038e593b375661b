//! What became of a turn: it was written, or not.

use std::collections::HashSet;

use jiff::Timestamp;

use super::{
    arrive::Gap,
    desk::Desk,
    item::{Hand, Item, Origin, Planned},
    turn::Tally,
};
use crate::event::{EventId, SubjectId};

impl Desk {
    /// The turn under way was written at `at`. The `refused` events of it were not told, because of their subject: their
    /// refusal is written, and they are settled.
    pub fn written(&mut self, at: Timestamp, refused: &HashSet<EventId>) {
        let Some(under_way) = self.under_way.take() else { return };
        self.written = under_way.written;
        self.rejections.drain(..under_way.rejections);
        self.replayed.drain(..under_way.replayed);
        let replayed = &mut self.replayed;
        let mut bereft: HashSet<SubjectId> = HashSet::new();
        self.items.retain_mut(|item| {
            if bereft.contains(&item.subject) {
                item.gap = Gap::MissingBefore;
            }
            match item.planned.take() {
                Some(Planned::Die) => {
                    bereft.insert(item.subject);
                    false
                }
                Some(Planned::Tell { .. }) if refused.contains(&item.event) => {
                    // Nobody acknowledges it any more: its replay ends here, or it would be tried again without end.
                    if item.origin == Origin::Replay {
                        replayed.push(item.place);
                    }
                    false
                }
                Some(planned @ Planned::Tell { .. }) => {
                    told(item, planned, at);
                    true
                }
                None => true,
            }
        });
    }

    /// The turn under way was not written, for certain: nothing of it was told. Where that is not certain, the desk is
    /// opened anew from what is durable.
    pub fn abandoned(&mut self) {
        self.under_way = None;
        for item in &mut self.items {
            item.planned = None;
        }
    }
}

fn told(item: &mut Item, planned: Planned, at: Timestamp) {
    let Planned::Tell { telling, attempt, tally, overtaken } = planned else { return };
    item.attempts = attempt;
    if tally != Tally::Repeated || item.counted_at.is_none() {
        item.counted_at = Some(at);
    }
    item.last_telling = Some(telling);
    if overtaken {
        // It was rejected meanwhile, or an earlier one was: it is told once more, in its turn.
        return;
    }
    item.hand = Hand::Held(at);
    item.acknowledged_from.get_or_insert(telling);
}
