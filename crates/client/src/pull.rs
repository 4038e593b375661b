//! Pulling: one question, repeated under one `request_id` while the hub cannot answer.

use std::time::Duration;

use unefois_ledger::{InvalidPayload, InvalidReceipt, Receipt, Verified, VerifyingKey};
use unefois_proto::pb::exchange::v1::{PullRequest, PullResponse};
use uuid::Uuid;

use crate::{
    connect::Connection,
    receipt::{MalformedReceipt, receipt_from_wire},
    refusal::Refused,
};

/// How often, and how patiently, a retryable failure is retried.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    /// How many attempts there are in all.
    pub attempts_max: u32,
    /// The wait before the second attempt; it doubles each time, unless the hub names a longer one.
    pub backoff: Duration,
    /// The longest wait.
    pub backoff_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts_max: 4, backoff: Duration::from_millis(100), backoff_max: Duration::from_secs(5) }
    }
}

impl RetryPolicy {
    /// One attempt only.
    #[must_use]
    pub fn never() -> Self {
        Self { attempts_max: 1, ..Self::default() }
    }

    /// The wait after attempt number `attempt`, from 1; `None` when it was the last.
    pub(crate) fn wait(&self, attempt: u32, refused: &Refused) -> Option<Duration> {
        if attempt >= self.attempts_max || !refused.is_retryable() {
            return None;
        }
        let doubled = self.backoff.saturating_mul(2_u32.saturating_pow(attempt - 1));
        Some(doubled.max(refused.retry_after.unwrap_or_default()).min(self.backoff_max))
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The hub refused, or failed more often than the policy allows.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The answer has no receipt, or one that cannot be read: do not use its data.
    #[error("the answer carries no receipt that can be read")]
    Receipt(#[source] MalformedReceipt),
    /// The answer's record cannot be read.
    #[error("the record of the answer cannot be read")]
    Record(#[source] prost::DecodeError),
}

/// An answer and its receipt.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// The answer, with the record as the bytes that were received.
    pub response: PullResponse,
    /// The receipt.
    pub receipt: Receipt,
}

/// Why an answer proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum Unproven {
    /// The receipt does not verify.
    #[error("the receipt does not verify")]
    Receipt(#[from] InvalidReceipt),
    /// The receipt is not about these bytes.
    #[error("the receipt is not about the data of the answer")]
    Payload(#[from] InvalidPayload),
}

impl Pulled {
    /// Verifies the receipt, and that it is about exactly the bytes that were received.
    ///
    /// # Errors
    /// See [`Unproven`].
    pub fn verify(&self, key: &VerifyingKey) -> Result<Verified, Unproven> {
        let verified = self.receipt.verify(key)?;
        verified.verify_payload(self.response.data.as_deref().unwrap_or_default())?;
        Ok(verified)
    }

    pub(crate) fn of(response: PullResponse) -> Result<Self, PullError> {
        let receipt = response.receipt.clone().ok_or(MalformedReceipt).and_then(receipt_from_wire);
        Ok(Self { receipt: receipt.map_err(PullError::Receipt)?, response })
    }
}

/// Asks for one record. A request without a `request_id` gets one, so that it can be retried.
///
/// # Errors
/// See [`PullError`].
pub async fn pull(
    connection: &Connection,
    mut request: PullRequest,
    policy: &RetryPolicy,
) -> Result<Pulled, PullError> {
    if let Some(context) = &mut request.context {
        context.request_id.get_or_insert_with(|| Uuid::now_v7().to_string());
    }
    let mut client = connection.exchange();
    let mut attempt = 1;
    loop {
        match client.pull(request.clone()).await {
            Ok(response) => return Pulled::of(response.into_inner()),
            Err(status) => {
                let refused = Refused::from_status(&status);
                let Some(wait) = policy.wait(attempt, &refused) else { return Err(refused.into()) };
                tokio::time::sleep(wait).await;
                attempt += 1;
            }
        }
    }
}
