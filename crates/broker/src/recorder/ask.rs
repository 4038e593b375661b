//! What acts that share a transaction ask of the store before they are performed: all of them in two trips.

use std::collections::HashSet;

use jiff::Timestamp;
use unefois_store::{DossierAsked, SubscriptionAdvance, Transaction};

use super::Act;
use crate::failure::Failure;

/// What an act asks.
#[derive(Debug, Clone)]
pub(crate) struct Asks {
    /// How far it moves a subscription.
    pub(crate) advance: SubscriptionAdvance,
    /// Whose dossiers decide.
    pub(crate) agency: String,
    /// On these subjects, after merging; `None` where no dossier is needed.
    pub(crate) roots: Option<Vec<[u8; 16]>>,
}

/// What the store answered.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    /// Whether the subscription was as the act expected, and was moved on.
    pub(crate) has_moved: bool,
    /// Of the subjects, those on whom a dossier is open; `None` where it did not ask.
    pub(crate) open: Option<HashSet<[u8; 16]>>,
}

/// Asks for all of them, and answers each. The subscriptions first: whoever waited for one of them sees the dossiers as
/// they are when it has come.
pub(super) async fn ask_together(
    tx: &mut Transaction<'_>,
    acts: &mut [Box<dyn Act>],
    now: Timestamp,
) -> Result<(), Failure> {
    let asked: Vec<Option<Asks>> = acts.iter().map(|act| act.asks()).collect();
    let advances: Vec<SubscriptionAdvance> = asked.iter().flatten().map(|asks| asks.advance.clone()).collect();
    if advances.is_empty() {
        return Ok(());
    }
    let mut moved = tx.subscriptions_advance_in_tx(&advances).await?.into_iter();
    let dossiers: Vec<DossierAsked<'_>> = asked.iter().flatten().flat_map(dossiers_of).collect();
    let mut open = tx.dossiers_open_in_tx(&dossiers, now.as_microsecond()).await?.into_iter();
    for (act, asks) in acts.iter_mut().zip(&asked) {
        let Some(Asks { roots, .. }) = asks else { continue };
        let open = roots.as_ref().map(|roots| {
            let found = roots.iter().zip(open.by_ref().take(roots.len())).filter(|(_, is_open)| *is_open);
            found.map(|(root, _)| *root).collect()
        });
        act.answered(Answers { has_moved: moved.next().unwrap_or_default(), open });
    }
    Ok(())
}

fn dossiers_of(asks: &Asks) -> impl Iterator<Item = DossierAsked<'_>> {
    let roots = asks.roots.iter().flatten();
    roots.map(|root| DossierAsked { agency: &asks.agency, subject: *root })
}
