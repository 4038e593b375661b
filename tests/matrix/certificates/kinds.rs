//! The table: every kind of bad certificate.

mod chain;
mod form;
mod key;
mod name;
mod usage;

use super::kind::Kind;
pub(crate) use name::malformed;

/// All of them.
pub(crate) fn kinds() -> Vec<Kind> {
    [form::kinds(), chain::kinds(), usage::kinds(), key::kinds(), name::kinds()].into_iter().flatten().collect()
}
