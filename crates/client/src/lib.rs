//! The SDK of a partner agency: connect, pull, publish, and verify what came back.
//!
//! [`Connection`] gives the generated clients of every service; [`pull`] and its typed sisters add what a careful
//! caller does anyway: a `request_id`, retries of what may be retried, and the bytes that a receipt commits to.

mod connect;
mod export;
mod publish;
mod pull;
mod receipt;
mod refusal;
mod typed;

pub use connect::{ClientSettings, ConnectError, Connection};
pub use export::{ExportError, ExportSummary, export_to};
pub use publish::publish;
pub use pull::{PullError, Pulled, RetryPolicy, pull};
pub use receipt::{InvalidAcknowledgement, MalformedReceipt, receipt_from_wire, verify_acknowledgement};
pub use refusal::Refused;
pub use typed::{Typed, company_turnover, declared_turnover, self_employed_affiliation};
