//! The typed Rust SDK of a partner agency.
