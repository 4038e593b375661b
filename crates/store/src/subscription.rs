//! Subscriptions: the wish to be told, and how far it was told.

use crate::{
    backend::{Backend, at_once, on},
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
            Backend::Sqlite(_) => Ok(None),
            Backend::Postgres(readers) => readers.subscriptions_acknowledge(acknowledgements).await.map(Some),
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
