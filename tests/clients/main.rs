//! Clients that we did not write: programs in other languages, with other implementations of gRPC, TLS and protobuf.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod java;
mod pkcs12;
mod program;
mod python;
mod scene;
mod story;

/// The hub under test.
pub(crate) const UNEFOIS: &str = env!("CARGO_BIN_EXE_unefois");
