//! The SDK of a partner agency: connect, pull, publish, export, and verify what came back.
//!
//! 1. [`Connection::open`] makes a connection of mutual TLS, with a client of every service (`connect`, `dial`, `tls`);
//! 2. [`declared_turnover`] and its sisters ask for one record, [`pull`] for a record of any dataset: under a
//!    `request_id`, so that an attempt that failed is repeated and not counted twice (`typed`, `pull`, `retry`);
//! 3. [`Pulled::verify`] checks the receipt against exactly the bytes that were received (`pull`, `receipt`);
//! 4. [`publish()`] gives records to the hub, and [`verify_acknowledgement`] proves that it keeps them (`publish`,
//!    `acknowledgement`);
//! 5. [`shards`] lists what the ledger is made of (`shard`), and [`export_to`] writes one of them into a file that verifies
//!    offline (`export`);
//! 6. [`datasets`], [`dataset`] and [`contract`] say what the hub exchanges (`catalog`);
//! 7. [`load_dossiers`] declares on whom the agency has a file open, however many there are (`dossier`);
//! 8. [`Receiver`] is told what changes, over as many connections as it takes (`subscription`);
//! 9. [`Refused`] says what a refusal means for the caller (`refusal`).
//!
//! What is deliberately absent: rules of the hub, and a way to call it without TLS.

mod acknowledgement;
mod catalog;
mod connect;
mod dial;
mod dossier;
mod export;
mod publish;
mod pull;
mod receipt;
mod refusal;
mod retry;
mod shard;
mod subscription;
mod tls;
mod typed;

pub use acknowledgement::{InvalidAcknowledgement, verify_acknowledgement};
pub use catalog::{contract, dataset, datasets};
pub use connect::{ClientSettings, ConnectError, Connection};
pub use dial::DialError;
pub use dossier::{Loaded, load_dossiers};
pub use export::{ExportError, ExportSummary, export_to};
pub use publish::{Answers, publish};
pub use pull::{PullError, Pulled, Unproven, pull};
pub use receipt::{MalformedReceipt, receipt_from_wire, receipt_to_wire};
pub use refusal::Refused;
pub use retry::RetryPolicy;
pub use shard::{Shard, ShardsError, shards};
pub use subscription::{ReceiveFrom, Receiver, ReceiverSettings, Told, cursor_of};
pub use tls::TlsError;
pub use typed::{
    Typed, artist_author_income, bank_details, company_turnover, contact_details, cross_border_income,
    declared_turnover, employer_certificate, family_quotient, home_service_approval, home_service_spending,
    job_seeker_registration, monthly_resources, self_employed_affiliation, self_employed_income,
    social_vigilance_certificate, tax_compliance_certificate, training_contribution_certificate, unemployment_payments,
    work_interruption,
};
