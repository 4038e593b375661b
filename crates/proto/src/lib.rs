//! The wire types, generated from `proto/`, and the only translations between them and the core.
//!
//! [`pb`] holds messages and clients; [`server`] holds the service traits. A typed service answers with
//! [`pb::exchange::v1::PullResponse`], the twin that has the record as bytes: see `exchange_service.proto`.

pub mod pb;
pub mod server;

mod codec;
mod consent;
mod dossier;
mod event;
mod purpose;
mod subject;
mod subscription;
mod time;

// The generated code of our packages finds other ones from the root.
pub use pb::io;

pub use consent::consent_to_wire;
pub use dossier::{InvalidDeclaration, dossier_terms_from_wire, last_day_to_wire};
pub use event::{UnknownEventKind, event_kind_from_wire, event_kind_to_wire};
pub use purpose::{UnknownPurpose, purpose_from_wire, purpose_to_wire};
pub use subject::{InvalidSubject, identifier_from_wire};
pub use subscription::{
    InvalidSubscription, filter_to_wire, new_subscription_from_wire, rejection_from_wire, subscription_to_wire,
    window_from_wire,
};
pub use time::{InvalidTimestamp, timestamp_from_micros, timestamp_from_wire, timestamp_to_wire};

/// Every file of the contract and what it imports, encoded as a `google.protobuf.FileDescriptorSet` with its options
/// and comments:
/// for server reflection and for the catalogue.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
