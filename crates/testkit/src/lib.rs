//! Starts hubs, certificate authorities and providers for the tests; nothing else does.
//!
//! A [`House`] is a hub as its users know it: a real process on a data directory of its own, with agencies that call
//! it over mutual TLS. Whatever surprises a test stops it, so this room panics where others return errors.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test stops at the first surprise")]

mod admin;
mod clock;
mod collector;
mod health;
mod house;
mod person;
mod pki;
mod postgres;
mod presenter;
mod process;
mod provider;
mod proxy;
mod sqlite;
mod words;

pub use clock::clock_ahead;
pub use collector::{Collector, attribute};
pub use health::is_serving;
pub use house::{House, HouseSettings, Storage, live_providers};
pub use person::Person;
pub use pki::{Client, Pki};
pub use postgres::{PostgresCluster, PostgresDurability};
pub use presenter::{Answer, Attempt, Open, Presented, Presenter};
pub use process::HubProcess;
pub use provider::{ApiGouv, Script, shared_data};
pub use proxy::{Caught, CommitFate, PostgresProxy};
pub use sqlite::{number, python, sql, table};
pub use words::{
    affiliation_of, context, day_ahead, declaration, declared, item, month, pull_request, reason_of, revocation_of,
    turnover_of, turnover_request,
};

/// The registry of the demonstration, which most stories begin with.
pub const DEMONSTRATION_REGISTRY: &str = include_str!("../../../deploy/demonstration/registry.toml");
