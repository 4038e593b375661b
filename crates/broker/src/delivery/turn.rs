//! A turn as an act of the recorder: decided again, recorded and written in one transaction, and told once it is committed.

use std::collections::{HashMap, HashSet};

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::oneshot;
use unefois_core::{Attempted, Caller, DatasetId, EventId, Reason, Subscription, Tally, Tell, Telling, Turn};
use unefois_store::{SubscriptionAdvance, Transaction};

use super::{
    decide::{Decided, OfTurn},
    entry::Minimised,
    prepare::Prepared,
    session::Session,
    trace::Spans,
};
use crate::{
    entry::{Draft, Placed},
    failure::Failure,
    hub::Hub,
    metrics::TurnCounts,
    recorder::{Act, Answers, Asks, Company, Effect, Performed, Place},
};

/// What is told of a turn, in its order.
pub(super) type ToldEvents = Vec<(Prepared, Minimised)>;

/// What became of a turn.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is durable.
    Written {
        /// When.
        at: Timestamp,
        /// What is told of it, in its order.
        told: ToldEvents,
        /// What is not told, and settled.
        refused: HashSet<EventId>,
    },
    /// Nothing of it was written, because nothing may be told or passed.
    Holds(Reason),
    /// Nothing of it was written: the subscription is another one's, or was changed.
    Moved,
}

/// One turn in the recorder.
pub(super) struct TurnAct {
    pub(super) hub: Hub,
    pub(super) caller: Caller,
    pub(super) subscription: Subscription,
    pub(super) set_back_at: Telling,
    /// The last telling to an earlier receiver.
    pub(super) opened_at: Telling,
    /// The replays that were asked for: when, in microseconds since 1970.
    pub(super) replays: HashMap<EventId, i64>,
    pub(super) dataset: DatasetId,
    /// The major version in which the events are told.
    pub(super) told_in: u32,
    pub(super) prepared: Vec<Prepared>,
    version: u64,
    turn: Turn,
    /// What the store answered to the last try.
    answers: Option<Answers>,
    /// What the last try came to.
    outcome: Option<Outcome>,
    answer: Option<oneshot::Sender<Result<Outcome, Failure>>>,
}

impl Session {
    /// Writes a turn.
    pub(super) async fn write(&mut self, turn: Turn) -> Result<Outcome, Failure> {
        let hub = self.hub.clone();
        let _place = hub.places.take_turn().await?;
        let in_force = self.hub.authority.load();
        let Some(agreement) = in_force.registry.agreement(&self.subscription.asked.agreement) else {
            return Ok(Outcome::Holds(Reason::AgreementUnknown));
        };
        let prepared = self.prepare(agreement, &turn.tell).await?;
        self.has_dead_letters |= !turn.dead.is_empty();
        let spans = Spans::begin(&self.hub.tracer, &self.caller, &prepared);
        let (answer, answered) = oneshot::channel();
        let act = TurnAct {
            hub: self.hub.clone(),
            caller: self.caller.clone(),
            subscription: self.subscription.clone(),
            set_back_at: self.set_back_at,
            opened_at: self.desk.opened_at(),
            replays: self.replays.clone(),
            dataset: agreement.dataset.clone(),
            told_in: agreement.dataset_major,
            prepared,
            version: self.version,
            turn,
            answers: None,
            outcome: None,
            answer: Some(answer),
        };
        let outcome = self.hub.recorder.perform(Box::new(act), answered).await;
        spans.end(&outcome);
        outcome
    }
}

impl TurnAct {
    async fn write(&mut self, tx: &mut Transaction<'_>, place: Place) -> Result<Performed, Failure> {
        self.outcome = None;
        let now = place.now.as_microsecond();
        let Some(answers) = self.answers.take().filter(|answers| answers.has_moved) else {
            return self.ends_with(Outcome::Moved);
        };
        let Turn { dead, attempts, replayed, .. } = &self.turn;
        let id = self.subscription.id;
        let decided = match self.decide(tx, answers.open, place.now).await? {
            OfTurn::Each(decided) => decided,
            OfTurn::Holds(reason) => return self.ends_with(Outcome::Holds(reason)),
        };
        let attempts = self.not_passed(attempts, &decided);
        tx.attempts_write_in_tx(id, &attempts).await?;
        tx.dead_letters_insert_in_tx(id, dead, now).await?;
        tx.dead_letters_replayed_in_tx(id, replayed, now).await?;
        let entries = self.recorded(decided, place.now)?;
        Ok(Performed { entries, effect: Effect::Keeps })
    }

    /// What is kept of attempts, but for what is passed in silence: a row says that there is an entry.
    fn not_passed(&self, attempts: &[Attempted], decided: &[Decided]) -> Vec<Attempted> {
        let told = self.prepared.iter().map(|prepared| prepared.tell.place).zip(decided);
        let passed: HashSet<_> =
            told.filter(|(_, decided)| matches!(decided, Decided::Passed)).map(|(place, _)| place).collect();
        attempts.iter().filter(|row| !passed.contains(&row.place)).cloned().collect()
    }

    /// The entries of what was decided.
    fn recorded(&mut self, decided: Vec<Decided>, at: Timestamp) -> Result<Vec<Draft>, Failure> {
        let (mut entries, mut told, mut refused) = (Vec::new(), Vec::new(), HashSet::new());
        for (prepared, decided) in self.prepared.iter().zip(decided) {
            match (decided, prepared.matter()) {
                (Decided::Told(grant), Some(matter)) => {
                    let (draft, minimised) = self.told(&prepared.tell, matter, &grant)?;
                    entries.push(draft);
                    told.push((prepared.clone(), minimised));
                }
                (Decided::Refused(refusal), _) => {
                    entries.push(self.refused(prepared, &refusal));
                    refused.insert(prepared.tell.event);
                }
                (Decided::Passed | Decided::Told(_), _) => drop(refused.insert(prepared.tell.event)),
            }
        }
        self.outcome = Some(Outcome::Written { at, told, refused });
        Ok(entries)
    }

    /// Counts what is durable of it: every entry is a telling or a refusal.
    fn count(&self, written: &Outcome, entries: usize) {
        let Outcome::Written { at, told, refused: _ } = written else { return };
        let metrics = &self.hub.metrics.deliveries;
        let is_first = |tell: &Tell| tell.tally == Tally::First;
        let first = told.iter().filter(|(prepared, _)| is_first(&prepared.tell)).count();
        metrics.turned(TurnCounts {
            told: first,
            told_again: told.len() - first,
            refused: entries.saturating_sub(told.len()),
            dead_lettered: self.turn.dead.len(),
        });
        for (prepared, _) in told {
            // What is replayed was late before.
            if let Some(matter) = prepared.matter()
                && is_first(&prepared.tell)
                && !self.replays.contains_key(&prepared.tell.event)
            {
                let recorded_at = Timestamp::from_microsecond(matter.row.recorded_at).unwrap_or(*at);
                metrics.delay.observe(at.duration_since(recorded_at).as_secs_f64().max(0.0));
            }
        }
    }

    /// Ends without writing anything.
    fn ends_with(&mut self, outcome: Outcome) -> Result<Performed, Failure> {
        self.outcome = Some(outcome);
        Err(Failure::new(Reason::SubscriptionInUse))
    }
}

impl Act for TurnAct {
    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn company(&self) -> Company {
        Company::Joins
    }

    fn asks(&self) -> Option<Asks> {
        let Turn { acknowledged, delivered, telling, void_through, .. } = &self.turn;
        let advance = SubscriptionAdvance {
            subscription: self.subscription.id,
            version: self.version,
            acknowledged: *acknowledged,
            delivered: *delivered,
            telling: *telling,
            void_through: *void_through,
        };
        Some(Asks { advance, agency: self.subscription.agency.to_string(), roots: self.roots_with_dossier() })
    }

    fn answered(&mut self, answers: Answers) {
        self.answers = Some(answers);
    }

    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(self.write(tx, place))
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        let answer = match (outcome, self.outcome.take()) {
            (Ok(placed), Some(written @ Outcome::Written { .. })) => {
                self.count(&written, placed.len());
                Ok(written)
            }
            (Err(_not_written), Some(reason @ (Outcome::Holds(_) | Outcome::Moved))) => Ok(reason),
            (Err(failure), _) => Err(failure),
            (Ok(_placed), _) => Err(Failure::new(Reason::Internal)),
        };
        if let Some(sender) = self.answer.take() {
            let _gone = sender.send(answer);
        }
    }
}
