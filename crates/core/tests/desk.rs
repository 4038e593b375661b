//! The desk of deliveries, one promise at a time; `tests/deliver` has it in random worlds.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use unefois_core::{
    Arrival, Cursor, DeadLetterCause, Desk, DeskLimits, DeskTerms, EventId, Fate, Full, Gap, ImpersonalCode, Partition,
    Place, Position, Reason, Rejection, Saved, Settled, SubjectId, Tally, Telling, ToldCursor, Turn, Window,
};
use uuid::Uuid;

const TERMS: DeskTerms = DeskTerms {
    redelivery_after: SignedDuration::from_secs(30),
    attempts_max: 3,
    backoff_first: SignedDuration::from_secs(5),
};
const LIMITS: DeskLimits = DeskLimits { events_max: 10, turn_events_max: 10 };

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn event(number: u64) -> EventId {
    EventId(Uuid::from_u128(number.into()))
}

fn place(number: u64) -> Place {
    Place { partition: Partition::numbered(0).unwrap(), position: Position(number) }
}

fn through(number: u64) -> Cursor {
    let mut cursor = Cursor::BEGIN;
    cursor.raise_to(place(number));
    cursor
}

fn reason() -> ImpersonalCode {
    ImpersonalCode::parse("no-room").unwrap()
}

fn saved() -> Saved {
    let (acknowledged, telling) = (Cursor::BEGIN, Telling(0));
    Saved { acknowledged, delivered: acknowledged, telling, void_through: telling, attempts: Vec::new() }
}

/// A desk with events 1, 2, … of these subjects, and this window.
fn desk(window: u32, subjects: &[u128]) -> Desk {
    let mut desk = Desk::open(saved(), TERMS, LIMITS);
    desk.set_window(Window::of(window, 10).unwrap());
    for (number, subject) in (1..).zip(subjects) {
        arrives(&mut desk, number, *subject).unwrap();
    }
    desk
}

fn arrives(desk: &mut Desk, number: u64, subject: u128) -> Result<(), Full> {
    let subject = SubjectId(Uuid::from_u128(subject));
    let fate = Fate::Tell { event: event(number), subject, gap: Gap::None, since: None };
    desk.arrive(Arrival { place: place(number), fate })
}

/// The next turn, written.
fn turn(desk: &mut Desk, second: i64) -> Option<Turn> {
    let turn = desk.turn(at(second))?;
    desk.written(at(second), &HashSet::new());
    Some(turn)
}

/// What the next turn tells, with the number of the attempt.
fn told(desk: &mut Desk, second: i64) -> Vec<(EventId, u32)> {
    let turn = turn(desk, second);
    turn.map(|turn| turn.tell.iter().map(|tell| (tell.event, tell.attempt)).collect()).unwrap_or_default()
}

#[test]
fn nothing_is_told_without_a_window_and_no_more_than_it_holds_with_one() {
    let mut desk = Desk::open(saved(), TERMS, LIMITS);
    arrives(&mut desk, 1, 1).unwrap();
    assert!(desk.turn(at(0)).is_none());
    let mut desk = self::desk(2, &[1, 2, 3]);
    let turn = turn(&mut desk, 0).unwrap();
    assert_eq!(turn.tell.len(), 2);
    assert!(desk.turn(at(1)).is_none(), "the window is full");
    desk.acknowledge(&turn.tell[0].cursor).unwrap();
    assert_eq!(told(&mut desk, 2), [(event(3), 1)]);
}

#[test]
fn an_acknowledgement_covers_what_was_told_before_and_does_nothing_a_second_time() {
    let mut desk = desk(10, &[1, 2, 3]);
    let cursors = turn(&mut desk, 0).unwrap().tell.iter().map(|tell| tell.cursor).collect::<Vec<_>>();
    assert_eq!(desk.acknowledge(&cursors[1]), Ok(Settled::Some));
    for cursor in &cursors[..2] {
        assert_eq!(desk.acknowledge(cursor), Ok(Settled::Nothing));
    }
    assert_eq!(turn(&mut desk, 1).unwrap().acknowledged, through(2));
    let never = ToldCursor { through: through(9), telling: cursors[2].telling };
    assert_eq!(desk.acknowledge(&never), Err(Reason::CursorNotTold));
    let never = ToldCursor { through: Cursor::BEGIN, telling: Telling(4) };
    assert_eq!(desk.acknowledge(&never), Err(Reason::CursorNotTold));
}

#[test]
fn a_rejected_event_holds_back_its_subject_only() {
    let mut desk = desk(10, &[1, 1, 2]);
    turn(&mut desk, 0).unwrap();
    desk.reject(event(1), Rejection::ForNow(reason()), at(0)).unwrap();
    arrives(&mut desk, 4, 1).unwrap();
    arrives(&mut desk, 5, 2).unwrap();
    assert_eq!(desk.held_subjects().collect::<Vec<_>>(), [SubjectId(Uuid::from_u128(1))]);
    let told_meanwhile = turn(&mut desk, 1).unwrap();
    assert_eq!(told_meanwhile.tell.iter().map(|tell| tell.event).collect::<Vec<_>>(), [event(5)]);
    assert_eq!(told_meanwhile.tell[0].cursor.through, Cursor::BEGIN, "what is to be told again is not passed");
    desk.acknowledge(&told_meanwhile.tell[0].cursor).unwrap();
    assert_eq!(desk.wakes_at(), Some(at(5)));
    assert_eq!(told(&mut desk, 5), [(event(1), 2), (event(2), 1), (event(4), 1)], "in order, and again what followed");
}

#[test]
fn an_event_that_is_rejected_and_told_again_in_one_turn_has_one_row() {
    let mut desk = desk(10, &[1]);
    turn(&mut desk, 0).unwrap();
    desk.reject(event(1), Rejection::ForNow(reason()), at(0)).unwrap();
    // No turn in between wrote that it was rejected.
    let again = turn(&mut desk, 5).unwrap();
    assert_eq!(again.attempts.iter().map(|row| (row.place, row.attempts)).collect::<Vec<_>>(), [(place(1), 2)]);
    assert_eq!(again.attempts[0].rejected, Some(reason()));
}

#[test]
fn what_was_told_after_an_event_is_told_again_after_it() {
    let mut desk = desk(10, &[1]);
    turn(&mut desk, 0).unwrap();
    arrives(&mut desk, 2, 1).unwrap();
    arrives(&mut desk, 3, 2).unwrap();
    assert_eq!(told(&mut desk, 10), [(event(2), 1), (event(3), 1)]);
    assert_eq!(
        told(&mut desk, 30),
        [(event(1), 2), (event(2), 1)],
        "of the same subject, though nobody was slow with it"
    );
}

#[test]
fn only_the_first_unacknowledged_event_is_to_blame_for_a_silence() {
    let mut desk = desk(10, &[1, 2, 3]);
    assert_eq!(told(&mut desk, 0), [(event(1), 1), (event(2), 1), (event(3), 1)]);
    assert!(desk.turn(at(29)).is_none());
    assert_eq!(told(&mut desk, 30), [(event(1), 2), (event(2), 1), (event(3), 1)]);
    assert_eq!(told(&mut desk, 60), [(event(1), 3), (event(2), 1), (event(3), 1)]);
    let last = turn(&mut desk, 90).unwrap();
    assert_eq!(last.dead.iter().map(|dead| (dead.event, dead.attempts)).collect::<Vec<_>>(), [(event(1), 3)]);
    assert_eq!(last.dead[0].cause, DeadLetterCause::Unacknowledged);
    assert_eq!(last.acknowledged, through(1), "the cursor passes it");
    assert!(last.tell.iter().all(|tell| tell.tally == Tally::Repeated), "nobody else is to blame");
    assert_eq!(told(&mut desk, 120)[0], (event(2), 2), "from now on the next is");
}

#[test]
fn a_rejection_for_good_is_a_dead_letter_at_once_and_the_next_says_that_one_is_missing() {
    let mut desk = desk(10, &[1, 1, 2]);
    turn(&mut desk, 0).unwrap();
    desk.reject(event(1), Rejection::ForGood(reason()), at(0)).unwrap();
    let turn = turn(&mut desk, 0).unwrap();
    assert_eq!(turn.dead[0].cause, DeadLetterCause::RejectedForGood(reason()));
    assert_eq!(
        turn.tell.iter().map(|tell| (tell.event, tell.gap)).collect::<Vec<_>>(),
        [(event(2), Gap::MissingBefore)]
    );
    assert_eq!(desk.reject(event(1), Rejection::ForNow(reason()), at(0)), Err(Reason::EventNotTold));
}

#[test]
fn attempts_go_on_with_the_next_receiver_but_a_line_that_breaks_often_uses_none_up() {
    let mut desk = desk(10, &[1]);
    let mut durable = saved();
    for (second, attempt) in [(0, 1), (1, 1), (2, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3)] {
        let turn = turn(&mut desk, second).unwrap();
        assert_eq!(turn.tell[0].attempt, attempt, "at second {second}");
        durable.delivered = turn.delivered;
        durable.telling = turn.telling;
        if !turn.attempts.is_empty() {
            durable.attempts = turn.attempts;
        }
        desk = Desk::open(durable.clone(), TERMS, LIMITS);
        desk.set_window(Window::of(10, 10).unwrap());
        arrives(&mut desk, 1, 1).unwrap();
    }
    assert_eq!(turn(&mut desk, 91).unwrap().dead.len(), 1);
}

#[test]
fn an_event_that_may_be_told_once_is_told_again_to_the_next_receiver_and_given_up_only_after_its_time() {
    let terms = DeskTerms { attempts_max: 1, ..TERMS };
    let mut first = Desk::open(saved(), terms, LIMITS);
    first.set_window(Window::of(10, 10).unwrap());
    arrives(&mut first, 1, 1).unwrap();
    let Turn { acknowledged, delivered, telling, void_through, attempts, .. } = turn(&mut first, 0).unwrap();
    assert!(attempts.is_empty(), "of what is told once there is no row");
    let mut next = Desk::open(Saved { acknowledged, delivered, telling, void_through, attempts }, terms, LIMITS);
    next.set_window(Window::of(10, 10).unwrap());
    arrives(&mut next, 1, 1).unwrap();
    let again = turn(&mut next, 1_000).unwrap();
    assert_eq!((again.dead.len(), again.tell[0].attempt, again.tell[0].tally), (0, 1, Tally::Repeated));
    assert!(next.turn(at(1_029)).is_none());
    assert_eq!(turn(&mut next, 1_030).unwrap().dead[0].cause, DeadLetterCause::Unacknowledged);
}

/// What is durable after these turns.
fn durable(turns: &[Turn]) -> Saved {
    let Turn { acknowledged, delivered, telling, void_through, .. } = *turns.last().unwrap();
    let attempts = turns.iter().flat_map(|turn| turn.attempts.clone()).collect();
    Saved { acknowledged, delivered, telling, void_through, attempts }
}

#[test]
fn what_was_told_while_another_event_waited_is_told_again_after_a_crash_and_not_as_if_for_the_first_time() {
    let mut desk = desk(10, &[1]);
    let mut turns = vec![turn(&mut desk, 0).unwrap()];
    desk.reject(event(1), Rejection::ForNow(reason()), at(0)).unwrap();
    arrives(&mut desk, 2, 2).unwrap();
    turns.push(turn(&mut desk, 1).unwrap());
    assert_eq!((turns[1].tell[0].event, turns[1].tell[0].tally), (event(2), Tally::First));
    let terms = DeskTerms { attempts_max: 1, ..TERMS };
    let mut next = Desk::open(durable(&turns), terms, LIMITS);
    next.set_window(Window::of(10, 10).unwrap());
    for number in [1, 2] {
        arrives(&mut next, number, number.into()).unwrap();
    }
    let again = next.turn(at(1)).unwrap();
    let told: Vec<_> = again.tell.iter().map(|tell| (tell.event, tell.attempt, tell.tally)).collect();
    assert_eq!(told, [1, 2].map(|number| (event(number), 1, Tally::Repeated)));
}

#[test]
fn what_the_cursor_passed_before_it_was_of_interest_is_told_for_the_first_time_and_once() {
    let mut first = desk(10, &[1]);
    let passed = Arrival { place: place(2), fate: Fate::Pass };
    first.arrive(passed).unwrap();
    let mut turns = vec![turn(&mut first, 0).unwrap()];
    assert_eq!(turns[0].delivered, through(2));
    let subject = SubjectId(Uuid::from_u128(2));
    // Its dossier is opened, closed while it is told, and opened anew.
    for (opened, second, due) in [(5, 6, Tally::First), (5, 7, Tally::Repeated), (8, 9, Tally::First)] {
        let mut next = Desk::open(durable(&turns), TERMS, LIMITS);
        next.set_window(Window::of(10, 10).unwrap());
        arrives(&mut next, 1, 1).unwrap();
        let fate = Fate::Tell { event: event(2), subject, gap: Gap::None, since: Some(at(opened)) };
        next.arrive(Arrival { place: place(2), fate }).unwrap();
        turns.push(turn(&mut next, second).unwrap());
        let told = &turns.last().unwrap().tell;
        assert_eq!((told[0].event, told[0].tally), (event(1), Tally::Repeated));
        assert_eq!((told[1].event, told[1].attempt, told[1].tally), (event(2), 1, due), "at second {second}");
    }
}

#[test]
fn a_cursor_of_an_earlier_receiver_counts_unless_something_was_rejected_since() {
    for (void_through, left) in [(Telling(0), 1), (Telling(2), 2)] {
        let mut desk = desk(10, &[1, 2]);
        let turn = turn(&mut desk, 0).unwrap();
        let Turn { acknowledged, delivered, telling, .. } = turn;
        let saved = Saved { acknowledged, delivered, telling, void_through, attempts: Vec::new() };
        let mut next = Desk::open(saved, TERMS, LIMITS);
        next.set_window(Window::of(10, 10).unwrap());
        next.acknowledge(&turn.tell[0].cursor).unwrap();
        arrives(&mut next, 1, 1).unwrap();
        arrives(&mut next, 2, 2).unwrap();
        assert_eq!(told(&mut next, 1).len(), left);
    }
}

#[test]
fn a_cursor_from_before_the_subscription_was_set_back_does_nothing() {
    let mut desk = desk(10, &[1, 2]);
    let told = turn(&mut desk, 0).unwrap();
    let set_back = Saved { telling: told.telling, void_through: told.telling, ..saved() };
    let mut next = Desk::open(set_back, TERMS, LIMITS);
    assert_eq!(next.acknowledge(&told.tell[1].cursor), Ok(Settled::Nothing), "it was told, though not since");
    next.set_window(Window::of(10, 10).unwrap());
    arrives(&mut next, 1, 1).unwrap();
    assert_eq!(self::told(&mut next, 1), [(event(1), 1)]);
    let beyond = ToldCursor { through: through(9), telling: Telling(told.telling.0 + 1) };
    assert_eq!(next.acknowledge(&beyond), Err(Reason::CursorNotTold));
}

#[test]
fn a_full_desk_takes_no_more_and_forgets_nothing() {
    let mut desk = desk(10, &[1; 10]);
    assert_eq!((desk.room(), arrives(&mut desk, 11, 1)), (0, Err(Full)));
    assert_eq!(desk.seen(), through(10));
    desk.arrive(Arrival { place: place(11), fate: Fate::Pass }).unwrap();
    assert_eq!(desk.seen(), through(11), "what is passed needs no room");
}

#[test]
fn a_replayed_dead_letter_is_told_as_if_for_the_first_time_and_settled_by_its_own_cursor() {
    let mut desk = desk(10, &[1, 2]);
    let before = turn(&mut desk, 0).unwrap();
    desk.acknowledge(&before.tell[1].cursor).unwrap();
    turn(&mut desk, 0).unwrap();
    desk.replay(event(1), place(1), SubjectId(Uuid::from_u128(1))).unwrap();
    let again = turn(&mut desk, 1).unwrap();
    assert_eq!((again.tell[0].attempt, again.tell[0].tally), (1, Tally::First));
    assert_eq!(again.acknowledged, through(2), "the cursor does not wait for it");
    desk.acknowledge(&before.tell[1].cursor).unwrap();
    assert!(desk.turn(at(2)).is_none(), "an older cursor is not for this telling");
    desk.acknowledge(&again.tell[0].cursor).unwrap();
    assert_eq!(turn(&mut desk, 2).unwrap().replayed, [place(1)]);
}

#[test]
fn a_dead_letter_that_is_replayed_and_comes_from_the_log_too_is_told_once() {
    let mut desk = desk(10, &[]);
    desk.replay(event(1), place(1), SubjectId(Uuid::from_u128(1))).unwrap();
    arrives(&mut desk, 1, 1).unwrap();
    arrives(&mut desk, 2, 1).unwrap();
    let told = turn(&mut desk, 0).unwrap();
    assert_eq!(told.tell.iter().map(|tell| tell.event).collect::<Vec<_>>(), [event(1), event(2)]);
    desk.acknowledge(&told.tell[1].cursor).unwrap();
    let end = turn(&mut desk, 1).unwrap();
    assert_eq!((end.replayed, end.acknowledged), (vec![place(1)], through(2)));
}

#[test]
fn a_replay_that_is_refused_for_its_subject_ends_and_is_not_tried_again() {
    let mut desk = desk(10, &[]);
    let replays = |desk: &mut Desk| desk.replay(event(1), place(1), SubjectId(Uuid::from_u128(1))).unwrap();
    replays(&mut desk);
    assert_eq!(desk.turn(at(0)).unwrap().tell.len(), 1);
    desk.written(at(0), &HashSet::from([event(1)]));
    replays(&mut desk);
    let end = turn(&mut desk, 1).unwrap();
    assert_eq!((end.tell.len(), end.replayed), (0, vec![place(1)]), "it was asked for still, and is over");
    assert!(desk.turn(at(2)).is_none());
}

#[test]
fn an_event_that_is_refused_for_its_subject_is_settled_and_an_abandoned_turn_told_nobody() {
    let mut desk = desk(10, &[1, 2]);
    assert_eq!(desk.turn(at(0)).unwrap().tell.len(), 2);
    assert!(desk.turn(at(0)).is_none(), "one turn at a time");
    desk.abandoned();
    assert_eq!(desk.turn(at(1)).unwrap().tell.len(), 2);
    desk.written(at(1), &HashSet::from([event(1)]));
    assert_eq!((desk.in_hand(), desk.oldest_unacknowledged()), (1, Some(place(2))));
    assert_eq!(turn(&mut desk, 2).unwrap().acknowledged, through(1));
}
