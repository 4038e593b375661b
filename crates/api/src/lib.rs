//! The doors: gRPC services over mutual TLS. Decode, call the broker, encode.
//!
//! A request passes [`observe`] first, which measures it, and then [`door`], which says who calls and whether that role may call this method; then the service
//! of its noun. The matrix of methods and roles is one table, [`MATRIX`]; a method that is not in it is refused.

mod admin;
mod audit;
mod catalog;
mod consent;
mod door;
mod dossier;
mod exchange;
mod health;
mod matrix;
mod metrics;
mod observe;
mod peer;
mod publication;
mod registry;
mod request;
mod server;
mod slices;
mod status;
mod subject;
mod subscription;
mod typed;

pub use admin::{Admin, AdminLimits, Draining, admin_serve};
pub use matrix::{Access, MATRIX};
pub use server::{Doors, ServeError, ServerLimits, serve};
