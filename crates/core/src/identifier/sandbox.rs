//! The sandbox: identifiers that are accepted although their keys are wrong.

use std::{collections::BTreeSet, fmt};

use super::{IdentifierKind, digits::without_spaces};

/// Identifiers that are accepted although their keys are wrong: those of the test services of other administrations.
/// Their length and digits are still checked. Empty unless an operator lists some; a local identifier has no key, so
/// that listing one changes nothing.
#[derive(Clone, Default)]
pub struct Sandbox {
    listed: BTreeSet<(IdentifierKind, String)>,
}

impl Sandbox {
    /// A sandbox of these identifiers, each a kind and its text (a NIR with its key). Spaces are dropped.
    #[must_use]
    pub fn of(listed: impl IntoIterator<Item = (IdentifierKind, String)>) -> Self {
        Self { listed: listed.into_iter().map(|(kind, text)| (kind, without_spaces(&text))).collect() }
    }

    /// Whether the text, without spaces, is listed.
    pub(super) fn lists(&self, kind: IdentifierKind, text: &str) -> bool {
        // Most hubs list nothing: no allocation for them.
        !self.listed.is_empty() && self.listed.contains(&(kind, text.to_owned()))
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sandbox({} identifiers)", self.listed.len())
    }
}
