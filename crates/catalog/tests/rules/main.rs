//! The rules of `unefois/dataset/v1/options.proto`, in contracts that are made up.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod datasets;
mod folders;
mod made_up;
mod majors;
mod records;
