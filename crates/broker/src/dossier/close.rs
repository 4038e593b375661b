//! Closing a dossier. Everything that is told after the answer sees it closed, on every node.

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use unefois_core::{Caller, Identifier};
use unefois_store::{Reach, Transaction};
use uuid::Uuid;

use super::{DossierEntries, is_open, unknown};
use crate::{
    entry::Placed,
    failure::Failure,
    hub::Hub,
    recorder::{Act, Effect, Performed, Place},
    subject::{one_subject, pseudonym},
};

impl Hub {
    /// Closes the dossier of the caller's agency on that subject. Gives the identifier of the entry, or `None` when it
    /// was not open any more.
    ///
    /// # Errors
    /// `DOSSIER_UNKNOWN` when the agency never opened one.
    pub async fn dossier_close(
        &self,
        caller: &Caller,
        subject: &Identifier,
        case_reference: &str,
    ) -> Result<Option<Uuid>, Failure> {
        let (answer, answered) = oneshot::channel();
        let act = Close {
            hub: self.clone(),
            caller: caller.clone(),
            pseudonym: pseudonym(&self.pseudonyms, subject),
            case_reference: case_reference.to_owned(),
            answer: Some(answer),
        };
        self.recorder.perform(Box::new(act), answered).await
    }
}

struct Close {
    hub: Hub,
    caller: Caller,
    pseudonym: [u8; 32],
    case_reference: String,
    answer: Option<oneshot::Sender<Result<Option<Uuid>, Failure>>>,
}

impl Close {
    async fn write(&mut self, tx: &mut Transaction<'_>, place: Place) -> Result<Performed, Failure> {
        let Self { hub, caller, case_reference, .. } = self;
        let agency = caller.agency.as_str();
        let found = tx.subjects_list_in_tx(&[self.pseudonym]).await?;
        let subject = one_subject(found.into_iter().map(|(_, subject)| subject))?.ok_or_else(unknown)?;
        let dossiers = tx.dossiers_of_subjects_list_in_tx(agency, &[subject.root]).await?;
        if dossiers.is_empty() {
            return Err(unknown());
        }
        let mut entries = Vec::new();
        if dossiers.iter().any(|found| is_open(&found.row, place.now)) {
            tx.dossiers_close_in_tx(agency, &[subject.root], place.now.as_microsecond()).await?;
            let trace_key = hub.keys.open(subject.trace_key).await?;
            let of = DossierEntries { hub, caller, case_reference, verb: "close" };
            entries.push(of.about(subject.root, &trace_key, None));
        }
        Ok(Performed { entries, effect: Effect::Keeps })
    }
}

impl Act for Close {
    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    /// What is being told meanwhile on another node is told before it; what comes then sees it closed.
    fn reach(&self) -> Reach {
        Reach::Every
    }

    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(self.write(tx, place))
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        if let Some(answer) = self.answer.take() {
            let _gone = answer.send(outcome.map(|placed| placed.first().map(|placed| placed.id)));
        }
    }
}
