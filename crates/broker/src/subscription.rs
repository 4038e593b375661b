//! Subscriptions: created, paused, resumed and deleted by the consumer of an agreement; each act is an entry.

mod change;
mod create;
mod cursor;
mod dead_letter;
mod rewind;
mod status;
mod watch;

use unefois_core::{Caller, Reason, Subscription, SubscriptionId};
use unefois_ledger::{Change, EntryKind, Outcome, PublicPart};
use unefois_store::SubscriptionFound;
use uuid::Uuid;

use crate::{entry::Draft, failure::Failure, hub::Hub};

pub(crate) use cursor::{cursor_of_text, cursor_text};
pub use dead_letter::ListedDeadLetter;
pub use rewind::ReplayFrom;
pub use status::DescribedSubscription;
pub(crate) use watch::run as watch;

impl Hub {
    /// The caller's subscription of that identifier. One of another agency is as unknown as one that never was.
    pub(crate) async fn subscription_of(
        &self,
        caller: &Caller,
        id: SubscriptionId,
    ) -> Result<SubscriptionFound, Failure> {
        let found = self.store.subscription_fetch(id).await?;
        found.filter(|found| found.subscription.agency == caller.agency).ok_or_else(unknown)
    }
}

fn unknown() -> Failure {
    Failure::new(Reason::SubscriptionUnknown)
}

/// The entry of an act on a subscription. It is about nobody, so that all of it is public.
fn entry(caller: &Caller, subscription: &Subscription, verb: &str, digest: Option<[u8; 32]>) -> Draft {
    let public = PublicPart {
        kind: EntryKind::Subscription.into(),
        outcome: Outcome::Accepted.into(),
        caller_agency: caller.agency.to_string(),
        caller_system: caller.system.clone(),
        consumer: caller.agency.to_string(),
        agreement: subscription.asked.agreement.to_string(),
        change: Some(Change {
            noun: "subscription".to_owned(),
            id: subscription.id.0.to_string(),
            verb: verb.to_owned(),
            version: 0,
            digest: digest.map(|digest| digest.to_vec()).unwrap_or_default(),
        }),
        ..PublicPart::default()
    };
    Draft::new(public, Uuid::now_v7())
}
