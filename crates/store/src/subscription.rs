//! Subscriptions: the wish to be told, and how far it was told.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use unefois_core::{
    AgencyCode, AgreementId, Cursor, EventKind, FieldName, Filter, NewSubscription, Reach, Subscription,
    SubscriptionId, SubscriptionName, SubscriptionState, SubscriptionTerms, Telling,
};
use uuid::Uuid;

use crate::{
    backend::{at_once, on},
    error::{Error, unsigned},
    open::Store,
    writer::Transaction,
};

/// How far a subscription is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionCursor {
    /// Raised by all that changes what is told next.
    pub version: u64,
    /// Everything up to here is settled.
    pub acknowledged: Cursor,
    /// Everything up to here was told, or passed.
    pub delivered: Cursor,
    /// The last telling.
    pub telling: Telling,
    /// The last telling whose cursor means nothing any more.
    pub void_through: Telling,
    /// The last telling before it was set back; 0 where it never was.
    pub set_back_at: Telling,
    /// Whether somebody receives now.
    pub is_received: bool,
}

/// A subscription and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionFound {
    /// The wish.
    pub subscription: Subscription,
    /// How far it is.
    pub cursor: SubscriptionCursor,
}

/// A step of a subscription: what is told by this transaction, and what was passed or settled.
#[derive(Debug, Clone)]
pub struct SubscriptionAdvance {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The version on which it was decided.
    pub version: u64,
    /// Everything up to here is settled.
    pub acknowledged: Cursor,
    /// Everything up to here is told or passed.
    pub delivered: Cursor,
    /// The last telling.
    pub telling: Telling,
    /// The last telling whose cursor means nothing any more.
    pub void_through: Telling,
}

/// A live row of `subscription` and its row of `subscription_cursor`, as both backends hold them, but for the cursors.
pub(crate) struct SubscriptionColumns {
    pub(crate) id: [u8; 16],
    pub(crate) agency: String,
    pub(crate) name: String,
    pub(crate) agreement: String,
    pub(crate) kinds: Vec<u8>,
    pub(crate) fields: String,
    pub(crate) whole_population: bool,
    pub(crate) state: i16,
    pub(crate) retention_days: i64,
    pub(crate) redelivery: i64,
    pub(crate) attempts_max: i64,
    pub(crate) created_at: i64,
    pub(crate) version: i64,
    pub(crate) telling: i64,
    pub(crate) void_through: i64,
    pub(crate) set_back_at: i64,
}

/// Between the names of fields, which hold none.
const SEPARATOR: &str = ",";

impl SubscriptionColumns {
    /// What is found, with both cursors and whether somebody receives.
    pub(crate) fn found(
        self,
        [acknowledged, delivered]: [Cursor; 2],
        is_received: bool,
    ) -> Result<SubscriptionFound, Error> {
        let cursor = SubscriptionCursor {
            version: unsigned(self.version, "version")?,
            acknowledged,
            delivered,
            telling: Telling(unsigned(self.telling, "telling")?),
            void_through: Telling(unsigned(self.void_through, "telling")?),
            set_back_at: Telling(unsigned(self.set_back_at, "telling")?),
            is_received,
        };
        let subscription = self.subscription().ok_or(Error::Malformed { what: "subscription" })?;
        Ok(SubscriptionFound { subscription, cursor })
    }

    fn subscription(self) -> Option<Subscription> {
        let kinds: Option<BTreeSet<EventKind>> =
            self.kinds.iter().map(|number| EventKind::numbered(i16::from(*number))).collect();
        let fields = self.fields.split(SEPARATOR).filter(|name| !name.is_empty()).map(FieldName::from).collect();
        let terms = SubscriptionTerms {
            retention_days: u16::try_from(self.retention_days).ok()?,
            redelivery_after: SignedDuration::from_micros(self.redelivery),
            attempts_max: u32::try_from(self.attempts_max).ok()?,
        };
        let asked = NewSubscription {
            name: SubscriptionName::parse(&self.name).ok()?,
            agreement: AgreementId::parse(&self.agreement).ok()?,
            filter: Filter { kinds: kinds?, fields },
            reach: if self.whole_population { Reach::WholePopulation } else { Reach::OpenDossiers },
            terms,
        };
        Some(Subscription {
            id: SubscriptionId(Uuid::from_bytes(self.id)),
            agency: AgencyCode::parse(&self.agency).ok()?,
            asked,
            state: SubscriptionState::numbered(self.state)?,
            created_at: Timestamp::from_microsecond(self.created_at).ok()?,
        })
    }
}

/// The columns of a filter: kinds and fields.
pub(crate) fn filter_columns(filter: &Filter) -> (Vec<u8>, String) {
    let kinds = filter.kinds.iter().filter_map(|kind| u8::try_from(kind.number()).ok()).collect();
    (kinds, filter.fields.iter().map(FieldName::as_str).collect::<Vec<_>>().join(SEPARATOR))
}

/// The columns of terms: days, microseconds and attempts.
pub(crate) fn terms_columns(terms: &SubscriptionTerms) -> Result<(i32, i64, i32), Error> {
    let SubscriptionTerms { retention_days, redelivery_after, attempts_max } = terms;
    let malformed = || Error::Malformed { what: "subscription" };
    let redelivery = i64::try_from(redelivery_after.as_micros()).map_err(|_out_of_range| malformed())?;
    let attempts = i32::try_from(*attempts_max).map_err(|_out_of_range| malformed())?;
    Ok((i32::from(*retention_days), redelivery, attempts))
}

impl Store {
    /// The subscription of that identifier, unless it was deleted.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn subscription_fetch(&self, id: SubscriptionId) -> Result<Option<SubscriptionFound>, Error> {
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
}

impl Transaction<'_> {
    /// Adds a subscription that is told what comes after `from`; gives whether its name was free.
    ///
    /// # Errors
    /// The storage failed, or the identifier is taken.
    pub async fn subscription_insert_in_tx(
        &mut self,
        subscription: &Subscription,
        from: &Cursor,
    ) -> Result<bool, Error> {
        at_once!(&mut self.0, it => it.subscription_insert_in_tx(subscription, from))
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
    pub async fn subscription_state_in_tx(
        &mut self,
        id: SubscriptionId,
        state: SubscriptionState,
    ) -> Result<bool, Error> {
        at_once!(&mut self.0, it => it.subscription_state_in_tx(id, state))
    }

    /// Deletes a subscription, with its cursor, attempts and dead letters. Gives whether there was one.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn subscription_delete_in_tx(&mut self, id: SubscriptionId, now: i64) -> Result<bool, Error> {
        at_once!(&mut self.0, it => it.subscription_delete_in_tx(id, now))
    }

    /// Moves subscriptions on, each at most once among `advances`, raises their versions, and forgets the attempts of
    /// what is settled. Gives of each, in their order, whether it was of the version that was expected; one that was not
    /// is left as it is. None goes back, whatever it is told.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn subscriptions_advance_in_tx(&mut self, advances: &[SubscriptionAdvance]) -> Result<Vec<bool>, Error> {
        at_once!(&mut self.0, it => it.subscriptions_advance_in_tx(advances))
    }

    /// Replays: what comes after `to` is told again, as if it had never been told, and its attempts are counted anew.
    /// No cursor of an earlier telling means anything any more. Gives whether the subscription was of that version.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn subscription_rewind_in_tx(
        &mut self,
        id: SubscriptionId,
        version: u64,
        to: &Cursor,
    ) -> Result<bool, Error> {
        at_once!(&mut self.0, it => it.subscription_rewind_in_tx(id, version, to))
    }
}
