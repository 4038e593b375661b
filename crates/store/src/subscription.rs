//! Subscriptions: the wish to be told, how far it was told, and who receives.

use std::time::Duration;

use crate::{
    backend::{at_once, on},
    error::Error,
    open::Store,
    positions::Positions,
    writer::Transaction,
};

/// A wish to be told of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// Its identifier.
    pub id: [u8; 16],
    /// The agency that is told.
    pub agency: String,
    /// What the agency calls it: no two live ones of an agency have one name.
    pub name: String,
    /// The agreement that it belongs to.
    pub agreement: String,
    /// The kinds of events; none means all.
    pub kinds: Vec<u8>,
    /// The numbers of the fields of which one must have changed; none means any.
    pub fields: Vec<u32>,
    /// Whether it is told about everybody, and not only where the agency has a dossier.
    pub whole_population: bool,
    /// Whether it is told at present, as a number.
    pub state: u8,
    /// How long events are kept for it, in microseconds.
    pub retention: i64,
    /// After how long what is not acknowledged is told again, in microseconds.
    pub redelivery: i64,
    /// How often an event is told at most.
    pub attempts_max: u32,
    /// When it was made, in microseconds since 1970.
    pub created_at: i64,
}

/// How far a subscription is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionCursor {
    /// Raised by all that changes what is told next; an acknowledgement does not.
    pub version: u64,
    /// Everything up to here was acknowledged, or passed.
    pub acknowledged: Positions,
    /// Everything up to here was told, or passed.
    pub delivered: Positions,
    /// Whether somebody receives now.
    pub is_received: bool,
}

/// A subscription and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionFound {
    /// The wish.
    pub row: SubscriptionRow,
    /// How far it is.
    pub cursor: SubscriptionCursor,
}

/// A step of a subscription: what is told by this transaction, and what was passed.
#[derive(Debug, Clone)]
pub struct SubscriptionAdvance {
    /// The subscription.
    pub subscription: [u8; 16],
    /// The version on which it was decided.
    pub version: u64,
    /// Everything up to here is acknowledged or passed; what was acknowledged meanwhile stays so.
    pub acknowledged: Positions,
    /// Everything up to here is told or passed; what was told before stays so.
    pub delivered: Positions,
}

/// What a subscriber says that it has.
#[derive(Debug, Clone)]
pub struct Acknowledgement {
    /// The subscription.
    pub subscription: [u8; 16],
    /// Everything up to here.
    pub up_to: Positions,
}

/// What became of an acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acknowledged {
    /// Everything up to here is acknowledged now: an older one changes nothing.
    UpTo(Positions),
    /// Some of it was never told. Nothing is changed.
    NeverTold,
    /// There is no such subscription any more.
    Gone,
}

/// One who receives: a subscription and the token of the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Receiver {
    /// The subscription.
    pub subscription: [u8; 16],
    /// A random number of this receiver.
    pub token: [u8; 16],
}

/// What became of the wish to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiverTaken {
    /// It is this receiver's now. Where several nodes are, the version of the subscription is raised: what another
    /// has decided is not told any more.
    Taken,
    /// Another one's, for so long unless it says so again.
    InUse {
        /// How long.
        left: Duration,
    },
    /// There is no such subscription any more.
    Gone,
}

impl Store {
    /// The subscription of that identifier, unless it was deleted.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn subscription_fetch(&self, id: [u8; 16]) -> Result<Option<SubscriptionFound>, Error> {
        on!(&self.0, it => it.subscription_fetch(id).await)
    }

    /// The live subscription that an agency calls so.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn subscription_of_name_fetch(
        &self,
        agency: &str,
        name: &str,
    ) -> Result<Option<SubscriptionFound>, Error> {
        on!(&self.0, it => it.subscription_of_name_fetch(agency, name).await)
    }

    /// The live subscriptions of an agency, or of all, in the order of agency and name by their bytes, from after
    /// `after` on; at most `count_max`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn subscriptions_list(
        &self,
        agency: Option<&str>,
        after: Option<(&str, &str)>,
        count_max: u32,
    ) -> Result<Vec<SubscriptionFound>, Error> {
        on!(&self.0, it => it.subscriptions_list(agency, after, count_max).await)
    }

    /// Makes this receiver the only one of its subscription, for `lease`. By the clock of PostgreSQL; on SQLite it is
    /// known to this process only, and ends with it.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn receiver_take(&self, receiver: Receiver, lease: Duration) -> Result<ReceiverTaken, Error> {
        on!(&self.0, it => it.receiver_take(receiver, lease).await)
    }

    /// Says again that these receive, for `lease` from now. Gives whether each still does, in their order: one whose
    /// lease ran out does, unless another took it.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn receivers_renew(&self, receivers: &[Receiver], lease: Duration) -> Result<Vec<bool>, Error> {
        on!(&self.0, it => it.receivers_renew(receivers, lease).await)
    }

    /// Ends the lease of a receiver; one that has lost it ends nothing.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn receiver_release(&self, receiver: Receiver) -> Result<(), Error> {
        on!(&self.0, it => it.receiver_release(receiver).await)
    }

    /// As [`Transaction::subscriptions_acknowledge_in_tx`], beside the writer of this node; `None` on SQLite, where
    /// nobody writes beside it.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn subscriptions_acknowledge(
        &self,
        acknowledgements: &[Acknowledgement],
    ) -> Result<Option<Vec<Acknowledged>>, Error> {
        match &self.0 {
            crate::backend::Backend::Sqlite(_) => Ok(None),
            crate::backend::Backend::Postgres(readers) => {
                readers.subscriptions_acknowledge(acknowledgements).await.map(Some)
            }
        }
    }
}

impl Transaction<'_> {
    /// Adds a subscription that is told what comes after `from`; gives whether its name was free.
    ///
    /// # Errors
    /// The storage failed, or the identifier is taken.
    pub async fn subscription_insert_in_tx(&mut self, row: &SubscriptionRow, from: &Positions) -> Result<bool, Error> {
        at_once!(&mut self.0, it => it.subscription_insert_in_tx(row, from))
    }

    /// How many live subscriptions an agency has.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn subscriptions_count_in_tx(&mut self, agency: &str) -> Result<u64, Error> {
        at_once!(&mut self.0, it => it.subscriptions_count_in_tx(agency))
    }

    /// Pauses or resumes: sets the state and raises the version, so that what is about to be told is decided again.
    /// Gives whether there is such a subscription.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn subscription_state_in_tx(&mut self, id: [u8; 16], state: u8) -> Result<bool, Error> {
        at_once!(&mut self.0, it => it.subscription_state_in_tx(id, state))
    }

    /// Deletes a subscription, with its cursor, attempts and dead letters. Gives whether there was one.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn subscription_delete_in_tx(&mut self, id: [u8; 16], now: i64) -> Result<bool, Error> {
        at_once!(&mut self.0, it => it.subscription_delete_in_tx(id, now))
    }

    /// Moves subscriptions on, each at most once among `advances`, and raises their versions. Gives of each, in their
    /// order, whether it was of the version that was expected; one that was not is left as it is.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn subscriptions_advance_in_tx(&mut self, advances: &[SubscriptionAdvance]) -> Result<Vec<bool>, Error> {
        at_once!(&mut self.0, it => it.subscriptions_advance_in_tx(advances))
    }

    /// Replays: what comes after `to` is told again, as if it had never been acknowledged, and its attempts are
    /// counted anew. Gives whether the subscription was of that version.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn subscription_rewind_in_tx(
        &mut self,
        id: [u8; 16],
        version: u64,
        to: &Positions,
    ) -> Result<bool, Error> {
        at_once!(&mut self.0, it => it.subscription_rewind_in_tx(id, version, to))
    }

    /// Acknowledges, each subscription at most once among these, and forgets the attempts of what is acknowledged.
    /// Several acknowledgements of one subscription add up, in whatever order they come. Gives what became of each, in
    /// their order.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn subscriptions_acknowledge_in_tx(
        &mut self,
        acknowledgements: &[Acknowledgement],
    ) -> Result<Vec<Acknowledged>, Error> {
        at_once!(&mut self.0, it => it.subscriptions_acknowledge_in_tx(acknowledgements))
    }
}
