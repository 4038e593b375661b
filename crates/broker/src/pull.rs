//! The pull: one record, from identification to release, one step after another.

mod authorise;
mod fetch;
mod identify;
mod redecide;
mod release;
mod repeat;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use unefois_catalog::Dataset;
use unefois_core::{Decision, Reason};

use crate::{
    failure::Failure,
    hub::Hub,
    metrics::Step,
    question::{Answer, Question},
};
use identify::Exchange;

/// How much of the caller's patience a provider may use up: the rest is for recording that it did not answer.
const PROVIDER_SHARE: f32 = 0.8;

impl Hub {
    /// Answers a question, or says why not. Every decision, and every failure of a provider, is an entry of the
    /// ledger before anybody hears of it.
    ///
    /// # Errors
    /// A [`Failure`] with the stable reason; its `exchange_id` names the entry where one was written.
    pub async fn pull(&self, question: Question) -> Result<Answer, Failure> {
        self.storage.admit()?;
        let ended = self.pull_in_its_place(question).await;
        self.metrics.pulled(&ended);
        ended
    }

    async fn pull_in_its_place(&self, question: Question) -> Result<Answer, Failure> {
        let (began, patience) = (Instant::now(), self.patience(question.deadline));
        let may_hold_document = self.catalog.majors(&question.dataset).any(Dataset::holds_document);
        let _place = if may_hold_document {
            self.places.take_with_document(patience).await?
        } else {
            self.places.take(patience).await?
        };
        let patience = patience.saturating_sub(began.elapsed());
        // Boxed where it is made: it is large, and everything around it would be moved with it.
        let in_time = Box::pin(self.pull_in_time(question, patience));
        match tokio::time::timeout(patience, in_time).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(Failure::new(Reason::DeadlineExceeded)),
        }
    }

    async fn pull_in_time(&self, question: Question, patience: Duration) -> Result<Answer, Failure> {
        let step = self.metrics.begin(Step::Identify, &question.trace);
        let exchange = Arc::new(step.ended(Exchange::identify(self, question).await)?);
        let step = exchange.begin(Step::Authorise);
        let authorised = step.ended(exchange.authorise().await)?;
        let grant = match authorised.decision {
            Decision::Grant(ref grant) => grant.clone(),
            Decision::Refusal(ref refusal) => return exchange.refuse(&authorised, refusal).await,
        };
        if exchange.may_be_a_repeat_of_a_live_answer(&grant)
            && let Some(claim) = exchange.claimed().await?
        {
            return exchange.repeat(claim, &authorised).await;
        }
        let step = exchange.begin(Step::Fetch);
        let fetched = exchange.fetch(&grant, patience.mul_f32(PROVIDER_SHARE), step.onward()).await;
        let fetched = match step.ended(fetched) {
            Ok(fetched) => fetched,
            Err(failure) if failure.reason.is_internal() => return Err(failure),
            Err(failure) => {
                // A repeat knows which of several it was told of, and that there was one where there is none any more.
                let may_have_been_told = matches!(failure.reason, Reason::RecordAmbiguous | Reason::NotFound);
                let claim = if may_have_been_told { exchange.claimed().await? } else { None };
                return match claim {
                    Some(claim) => exchange.repeat(claim, &authorised).await,
                    None => exchange.fail(&authorised, &grant, None, failure).await,
                };
            }
        };
        exchange.release(&authorised, &grant, fetched).await
    }

    /// How long a caller waits, within the limits of the hub.
    pub(crate) fn patience(&self, deadline: Option<Duration>) -> Duration {
        deadline.unwrap_or(self.limits.deadline_default).min(self.limits.deadline_max)
    }
}
