//! Deliveries: which event is told to a receiver next, and how far a subscription has come.
//!
//! The [`Desk`] of one subscription holds the events that are not settled yet. Events *arrive* in the order of the log,
//! and are settled by being acknowledged, refused for their subject, or dead-lettered. What is to be written and told
//! comes in [`Turn`]s: a turn is written first, then told, and only what was written counts. The durable cursor stands
//! before the first event of each partition that is not settled; what was settled beyond it is told again after a crash.
//!
//! The rules:
//! - events of one subject are told in their order: none before an earlier one is in the receiver's hand, and what was
//!   told after an event that is told again, is told again after it;
//! - at most a window of events is in the receiver's hand;
//! - an event that was rejected waits for a while, and holds back its subject only;
//! - an event that is told again counts one more attempt where it was rejected, or where it stands first and nobody
//!   acknowledged it for as long as the terms say. Others that are told again with it are not to blame, and keep their
//!   number;
//! - an event that used up its attempts, or was rejected for good, becomes a dead letter; the next events of its subject
//!   say that one is missing before them.

mod acknowledge;
mod arrive;
mod desk;
mod item;
mod plan;
mod settle;
mod stop;
mod terms;
mod turn;

pub use acknowledge::{Rejection, Settled};
pub use arrive::{Arrival, Fate, Full, Gap};
pub use desk::{Attempted, Desk, Saved};
pub use stop::{Stop, stop_of};
pub use terms::{DeskLimits, DeskTerms, Window};
pub use turn::{DeadLetter, DeadLetterCause, Tally, Tell, Telling, ToldCursor, Turn};
