//! One world: things happen by chance, then peace comes.

use std::collections::{BTreeMap, HashSet};

use unefois_core::{Cursor, EventId, Partition, Rejection, Settled, Tally, Tell, Telling, ToldCursor, Turn};
use unefois_core::{ImpersonalCode, Reason};

use crate::{
    chance::Chance,
    client::{Client, Handled},
    hub::{Hub, at},
    log::Log,
    rules::Rules,
};

/// Everything there is.
pub struct World {
    chance: Chance,
    log: Log,
    hub: Hub,
    client: Client,
    rules: Rules,
    /// Whether dead letters are replayed in this world.
    replays: bool,
    /// The turn under way.
    turn: Option<Turn>,
    /// The last telling that may be on its way to the client.
    sent: Telling,
    second: i64,
    came_up: BTreeMap<&'static str, u64>,
}

impl World {
    /// A world. The same seed makes the same one.
    pub fn of(seed: u64) -> Self {
        let mut world = Self {
            chance: Chance::of(seed),
            replays: seed.is_multiple_of(3),
            log: Log::default(),
            hub: Hub::new(),
            client: Client::default(),
            rules: Rules::default(),
            turn: None,
            sent: Telling(0),
            second: 1_800_000_000,
            came_up: BTreeMap::new(),
        };
        world.reconnects();
        world
    }

    /// One thing happens.
    pub fn step(&mut self) {
        match self.chance.below(20) {
            0..=2 => self.log.publish(&mut self.chance),
            3..=6 => self.reads(),
            7..=9 => self.plans(),
            10..=12 => self.writes(),
            13..=15 => self.handles(),
            16 | 17 => self.acknowledges(),
            18 => self.second += self.chance.pick(&[1, 5, 10, 31]),
            _ => self.seldom(),
        }
    }

    fn seldom(&mut self) {
        match self.chance.below(8) {
            0 => self.reconnects(),
            1 => {
                let window = self.chance.pick(&[1, 2, 8]);
                self.hub.sets_window(window);
                self.rules.window_set(self.hub.window);
            }
            2 if self.replays => self.replays(),
            3 => self.abandons(),
            4 => self.acknowledges_what_was_never_told(),
            _ => self.acknowledges_over_a_new_connection(),
        }
    }

    fn reads(&mut self) {
        self.hub.reads_replays(&self.log);
        let partition = Partition::numbered(self.chance.below(3)).unwrap();
        self.hub.reads(partition, &self.log);
    }

    fn plans(&mut self) {
        if self.turn.is_some() {
            assert!(self.hub.desk.turn(at(self.second)).is_none(), "two turns are under way");
            return;
        }
        self.turn = self.hub.desk.turn(at(self.second));
        self.rules.planned(self.turn.as_ref(), &self.hub, &self.log, &self.client);
        if let Some(turn) = &self.turn {
            self.sent = turn.telling;
        }
    }

    /// The turn is written and told; now and then the hub dies in between, and now and then a person has withdrawn.
    fn writes(&mut self) {
        let Some(turn) = self.turn.take() else { return };
        let mut refused = HashSet::new();
        let told: HashSet<EventId> = turn.tell.iter().map(|tell| tell.event).collect();
        assert_eq!(told.len(), turn.tell.len(), "an event is told twice in one turn");
        for tell in &turn.tell {
            self.rules.written(tell);
            if self.chance.one_in(40) {
                refused.insert(tell.event);
                self.rules.refused(tell.event);
                self.count("refused");
            }
        }
        for dead in &turn.dead {
            self.rules.died(dead);
            self.count(match dead.cause {
                unefois_core::DeadLetterCause::Unacknowledged => "dead: unacknowledged",
                unefois_core::DeadLetterCause::Rejected(_) => "dead: rejected",
                unefois_core::DeadLetterCause::RejectedForGood(_) => "dead: rejected for good",
            });
        }
        self.hub.writes(&turn, &refused, &self.log);
        self.rules.cursor_stands(&self.hub, &self.log, &self.client);
        if self.chance.one_in(25) {
            self.count("crash between writing and telling");
            return self.reconnects();
        }
        self.hub.desk.written(at(self.second), &refused);
        let told: Vec<Tell> = turn.tell.into_iter().filter(|tell| !refused.contains(&tell.event)).collect();
        for tell in told {
            self.rules.told(&tell, &self.hub, &self.log, &self.client);
            self.count(match tell.tally {
                Tally::First => "told first",
                Tally::Counted => "told again, counted",
                Tally::Repeated => "told again, not counted",
            });
            self.client.told.push(tell);
        }
        assert!(self.hub.desk.in_hand() <= self.rules.window_max(), "the window is full");
    }

    fn abandons(&mut self) {
        if self.turn.take().is_some() {
            self.hub.desk.abandoned();
            self.count("turn abandoned");
        }
    }

    fn handles(&mut self) {
        let Some((event, handled)) = self.client.handle(&self.log) else { return };
        let reason = ImpersonalCode::parse("no-room").unwrap();
        let rejection = match handled {
            Handled::LeftAlone => return self.count("left alone"),
            Handled::Processed => return self.rules.processed(event, &self.hub, &self.log, &self.client),
            Handled::Died => {
                // It has not handled what it died of.
                self.client.handled -= 1;
                return self.reconnects();
            }
            Handled::RejectedForNow => Rejection::ForNow(reason),
            Handled::RejectedForGood => Rejection::ForGood(reason),
        };
        let for_good = matches!(rejection, Rejection::ForGood(_));
        match self.hub.desk.reject(event.event, rejection, at(self.second)) {
            Ok(()) => {
                self.client.rejected(event, self.sent);
                self.rules.rejected(event, for_good, self.sent, &self.log);
            }
            // It became a dead letter, or was refused, while it lay there.
            Err(reason) => {
                assert_eq!(reason, Reason::EventNotTold);
                let dies = |turn: &Turn| turn.dead.iter().any(|dead| dead.event == event.event);
                let dead = self.hub.dead.contains_key(&event.event) || self.turn.as_ref().is_some_and(dies);
                assert!(dead || self.hub.refused.contains(&event.event));
            }
        }
    }

    fn acknowledges(&mut self) {
        if self.client.handled == 0 {
            return;
        }
        let handled = self.chance.below(self.client.handled);
        let cursor = self.client.acknowledges(handled).unwrap();
        self.rules.acknowledged(cursor.telling);
        self.hub.desk.acknowledge(&cursor).unwrap();
        let again = self.hub.desk.acknowledge(&cursor);
        assert_eq!(again, Ok(Settled::Nothing), "an acknowledgement that is repeated does nothing");
    }

    /// A cursor of the last connection is acknowledged over this one.
    fn acknowledges_over_a_new_connection(&mut self) {
        if let Some((cursor, processed)) = self.client.earlier.take() {
            self.client.acknowledged.extend(processed);
            if self.hub.desk.acknowledge(&cursor) == Ok(Settled::Some) {
                self.rules.acknowledged_through(&cursor.through, &self.log);
            }
            self.count("acknowledged over a new connection");
        }
    }

    fn acknowledges_what_was_never_told(&mut self) {
        let beyond = ToldCursor { through: Cursor::BEGIN, telling: Telling(self.sent.0 + 1) };
        assert_eq!(self.hub.desk.acknowledge(&beyond), Err(Reason::CursorNotTold));
        let nobody = EventId(uuid::Uuid::nil());
        let rejection = Rejection::ForNow(ImpersonalCode::parse("no-room").unwrap());
        assert_eq!(self.hub.desk.reject(nobody, rejection, at(self.second)), Err(Reason::EventNotTold));
    }

    fn replays(&mut self) {
        let dead: Vec<EventId> = self.hub.dead.keys().copied().collect();
        if !dead.is_empty() {
            let event = self.chance.pick(&dead);
            if self.hub.is_missing(event) {
                self.count("replayed");
                self.rules.replayed(event);
                self.hub.replays(event, &self.log);
            }
        }
    }

    /// The receiver, or the node that serves it, is gone; another comes.
    fn reconnects(&mut self) {
        self.turn = None;
        self.client.disconnected();
        // What it rejected and nobody wrote, it must not cover by a cursor of that connection.
        if self.client.void_through > self.hub.void_through {
            self.client.earlier = None;
        }
        // What was planned and not written was never on its way, and its numbers are drawn again.
        self.sent = self.hub.telling;
        self.client.nothing_sent_after(self.sent);
        self.rules.nothing_sent_after(self.sent);
        let window = self.chance.pick(&[1, 2, 8]);
        self.hub.connects(window, &self.log);
        self.rules.connected(self.hub.window);
        self.count("connected");
    }

    /// Nothing is published any more and nothing fails: everything is settled within a bounded time.
    pub fn comes_to_rest(&mut self) {
        self.reconnects();
        for _ in 0..600 {
            if self.log.ends().all(|end| self.hub.acknowledged.includes(end)) && self.hub.replaying.is_empty() {
                break;
            }
            self.hub.reads_replays(&self.log);
            for partition in Partition::all() {
                self.hub.reads(partition, &self.log);
            }
            self.plans();
            self.writes();
            while self.client.handled < self.client.told.len() {
                self.handles();
            }
            if let Some(last) = self.client.handled.checked_sub(1) {
                let cursor = self.client.acknowledges(last).unwrap();
                self.hub.desk.acknowledge(&cursor).unwrap();
                self.rules.acknowledged(cursor.telling);
            }
            self.second += 7;
        }
        self.plans();
        self.writes();
        assert!(self.log.ends().all(|end| self.hub.acknowledged.includes(end)), "the cursor never came to the end");
        assert!(self.hub.replaying.is_empty(), "a replay never came to its end");
        self.rules.at_rest(&self.hub, &self.log, &self.client);
    }

    fn count(&mut self, what: &'static str) {
        *self.came_up.entry(what).or_default() += 1;
    }

    /// How often each thing came up.
    pub fn came_up(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.came_up.iter().map(|(what, times)| (*what, *times)).chain(self.rules.came_up())
    }
}
