//! Subscriptions: an agency's wish to be told what changes, under one agreement.

mod admit;
mod interest;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{
    agency::AgencyCode,
    agreement::{Agreement, AgreementId},
    code::code_type,
    dataset::FieldName,
    event::EventKind,
    reason::Reason,
};

pub use admit::{InvalidTerms, SubscriptionLimits, admit};
pub use interest::{Interest, PassedBecause, Verdict};

/// The identifier of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId(pub Uuid);

code_type!(
    /// The name of a subscription, which one of its agency's has at a time.
    SubscriptionName, "a subscription", 60
);

/// One subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its identifier.
    pub id: SubscriptionId,
    /// Whose it is: the consumer of its agreement.
    pub agency: AgencyCode,
    /// What was asked for when it was created.
    pub asked: NewSubscription,
    /// Whether it is told anything.
    pub state: SubscriptionState,
    /// When it was created.
    pub created_at: Timestamp,
}

/// What is asked for of a new subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubscription {
    /// Its name.
    pub name: SubscriptionName,
    /// The agreement under which everything is told. Its operations include `push`.
    pub agreement: AgreementId,
    /// What it is about.
    pub filter: Filter,
    /// Whom it is about.
    pub reach: Reach,
    /// How it is told.
    pub terms: SubscriptionTerms,
}

/// What a subscription is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The kinds of events; none: all of them.
    pub kinds: BTreeSet<EventKind>,
    /// The fields whose changes matter, which the agreement grants; none: all that it grants.
    pub fields: Vec<FieldName>,
}

/// Whom a subscription is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Those on whom the agency has declared an open dossier.
    #[default]
    OpenDossiers,
    /// Everybody whom the agreement covers, where it says so.
    WholePopulation,
}

/// How a subscription is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionTerms {
    /// For how many days what was not acknowledged is kept for it.
    pub retention_days: u16,
    /// After how long without an acknowledgement an event is told again.
    pub redelivery_after: SignedDuration,
    /// After how many attempts an event becomes a dead letter.
    pub attempts_max: u32,
}

/// Whether a subscription is told anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubscriptionState {
    /// It is.
    Active,
    /// Not now; its events are kept for as long as its terms say.
    Paused,
    /// Never again; its name is free.
    Deleted,
}

/// How a subscription does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionStatus {
    /// At most so many events of its dataset are still to be told or passed.
    pub lag: u64,
    /// When the oldest of those that were told and not acknowledged was recorded.
    pub oldest_unacknowledged: Option<Timestamp>,
    /// How many dead letters wait to be replayed.
    pub dead_letters: u64,
    /// Why nothing is told at the moment, though it is active.
    pub held_because: Option<Reason>,
}

impl Filter {
    /// The fields of which the subscriber is told, in the order of the agreement: those granted that the filter names,
    /// or all of them.
    pub fn told<'a>(&'a self, agreement: &'a Agreement) -> impl Iterator<Item = &'a FieldName> {
        agreement.fields.iter().filter(|field| self.fields.is_empty() || self.fields.contains(field))
    }
}

impl Reach {
    /// Whom it is about under the agreement as it is: one that no longer grants the whole population leaves the dossiers.
    #[must_use]
    pub fn under(self, agreement: &Agreement) -> Self {
        if agreement.whole_population { self } else { Self::OpenDossiers }
    }
}

impl SubscriptionState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Active, Self::Paused, Self::Deleted];

    /// Its number, as it is stored.
    #[must_use]
    pub fn number(self) -> i16 {
        match self {
            Self::Active => 1,
            Self::Paused => 2,
            Self::Deleted => 3,
        }
    }

    /// The state of that number.
    #[must_use]
    pub fn numbered(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Deleted => "deleted",
        }
    }

    /// Tells nothing from now on; a paused one stays so.
    ///
    /// # Errors
    /// [`Reason::SubscriptionUnknown`] when it was deleted.
    pub fn pause(self) -> Result<Self, Reason> {
        self.unless_deleted().map(|_state| Self::Paused)
    }

    /// Goes on; an active one stays so.
    ///
    /// # Errors
    /// [`Reason::SubscriptionUnknown`] when it was deleted.
    pub fn resume(self) -> Result<Self, Reason> {
        self.unless_deleted().map(|_state| Self::Active)
    }

    /// Whether events may be told now.
    ///
    /// # Errors
    /// [`Reason::SubscriptionPaused`], or [`Reason::SubscriptionUnknown`] when it was deleted.
    pub fn may_receive(self) -> Result<(), Reason> {
        match self {
            Self::Active => Ok(()),
            Self::Paused => Err(Reason::SubscriptionPaused),
            Self::Deleted => Err(Reason::SubscriptionUnknown),
        }
    }

    fn unless_deleted(self) -> Result<Self, Reason> {
        match self {
            Self::Active | Self::Paused => Ok(self),
            Self::Deleted => Err(Reason::SubscriptionUnknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Reason, SubscriptionState};

    #[test]
    fn a_deleted_subscription_never_comes_back() {
        use SubscriptionState::{Active, Deleted, Paused};
        for state in [Active, Paused] {
            assert_eq!((state.pause(), state.resume()), (Ok(Paused), Ok(Active)));
        }
        assert_eq!(Deleted.pause(), Err(Reason::SubscriptionUnknown));
        assert_eq!(Deleted.resume(), Err(Reason::SubscriptionUnknown));
        assert_eq!(Active.may_receive(), Ok(()));
        assert_eq!(Paused.may_receive(), Err(Reason::SubscriptionPaused));
        assert_eq!(Deleted.may_receive(), Err(Reason::SubscriptionUnknown));
        assert_eq!(SubscriptionState::ALL.map(SubscriptionState::code), ["active", "paused", "deleted"]);
        assert_eq!([1, 2, 3].map(SubscriptionState::numbered), [Some(Active), Some(Paused), Some(Deleted)]);
        assert_eq!([0, 4].map(SubscriptionState::numbered), [None, None], "they are stored");
    }
}
