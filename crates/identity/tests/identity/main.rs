//! What the room promises, through real certificates, real files and real TLS handshakes.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod caller;
mod expiry;
mod handshake;
mod peer;
mod pkcs12;
mod pki;
mod registry;
mod reload;
mod world;
