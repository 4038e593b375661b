//! A kind of bad certificate: how it is made, and how it must be refused.

use tonic::Code;
use unefois_testkit::{Answer, Attempt};

use super::{
    sound::{Make, Sound},
    world::World,
};

/// A kind of bad certificate.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The rule that it breaks, by its number in `deploy/certificates.md`.
    pub(crate) rule: &'static str,
    /// What it would be if nothing were wrong with it: that is accepted.
    pub(crate) sound: Sound,
    pub(crate) make: Make,
    pub(crate) refusal: Refusal,
}

/// How it must be refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// In the handshake, with that alert; the hub's log says why.
    Alert(&'static str, &'static str),
    /// In the handshake, with an alert that may be lost: the hub closes on what it has not read. Its log says why.
    Cut(&'static str),
    /// By the door: the certificate is trusted, and nobody's.
    Unknown,
}

impl Refusal {
    /// What is wrong with how the attempt ended; `None` when it ended so.
    pub(crate) async fn complaint(&self, world: &World, name: &str, attempt: Attempt) -> Option<String> {
        let Attempt { from, answer, resumed: _ } = attempt;
        let (alert, why) = match self {
            Self::Unknown => {
                let due = Answer::Refused("CERTIFICATE_UNKNOWN".to_owned(), Code::Unauthenticated);
                return (answer != due).then(|| format!("{name}: {answer:?}"));
            }
            Self::Alert(alert, why) => (Some(Answer::Alert((*alert).to_owned())), why),
            Self::Cut(why) => (None, why),
        };
        if !matches!(answer, Answer::Alert(_) | Answer::Closed) {
            return Some(format!("{name}: it is let through the handshake: {answer:?}"));
        }
        let logged = world.logged_refusal(from).await;
        let due = logged.contains(why) && alert.is_none_or(|alert| alert == answer);
        (!due).then(|| format!("{name}: {answer:?}, and in the log: {logged}"))
    }
}
