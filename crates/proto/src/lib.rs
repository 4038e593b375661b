//! tmp
pub mod pb;
pub mod server;
