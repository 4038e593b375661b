//! Every dataset of the contract: documented, with an example that is a whole record.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod comments;
mod documents;
mod doubts;
mod examples;
mod minimised;
mod norms;
mod samples;
