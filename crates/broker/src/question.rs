//! A question for one record, as the doors hand it over.

use std::time::Duration;

use unefois_core::{AgreementId, Caller, ConsentId, EventKind, Identifier, Purpose};
use unefois_ledger::Receipt;
use unefois_telemetry::Trace;

/// Who looks, for which case, under which agreement.
#[derive(Debug, Clone)]
pub struct Context {
    /// The agreement under which the data is asked for.
    pub agreement: AgreementId,
    /// Why.
    pub purpose: Purpose,
    /// The consumer's reference of the case.
    pub case_reference: String,
    /// The consumer's reference of the agent who is looking.
    pub agent_reference: String,
    /// The local body that asks.
    pub local_body: Option<String>,
    /// The identifier under which the request may be repeated.
    pub request_id: Option<String>,
    /// The consent relied on.
    pub consent: Option<ConsentId>,
}

/// A question for one record of one dataset.
#[derive(Debug, Clone)]
pub struct Question {
    /// Who calls, from the certificate.
    pub caller: Caller,
    /// Why, and for which case.
    pub context: Context,
    /// The identifier of the dataset.
    pub dataset: String,
    /// The major version in which the answer is read, where the call fixes it; otherwise that of the agreement.
    pub dataset_major: Option<u32>,
    /// Whose record.
    pub subject: Identifier,
    /// The dataset's message with its key fields only.
    pub key: Vec<u8>,
    /// The fields wanted; empty: all that the agreement grants.
    pub fields: Vec<String>,
    /// The trace of the call.
    pub trace: Trace,
    /// How long the caller waits.
    pub deadline: Option<Duration>,
}

/// An answer: what may leave, and what proves that it did.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The minimised canonical bytes.
    pub data: Vec<u8>,
    /// The receipt.
    pub receipt: Receipt,
    /// How fresh the data is.
    pub freshness: Freshness,
    /// The fields that the agreement does not grant.
    pub withheld: Vec<String>,
}

/// How fresh an answer is. Instants are in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Where the data came from.
    pub source: unefois_ledger::Source,
    /// When the provider recorded it, where it says so.
    pub provider_recorded_at: Option<i64>,
    /// When the hub learned it.
    pub learned_at: i64,
    /// The revision; 0 for a live answer.
    pub revision: u64,
    /// What became of the record with it, where that was noted.
    pub change: Option<EventKind>,
}
