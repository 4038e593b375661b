//! The names that lead to a value: `data.entity_status.code`.

use std::fmt;

use serde_json::Value;

/// One or more names, none of them empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(Vec<String>);

impl Path {
    /// Splits the text at its dots; `None` when a name is empty.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let names: Vec<String> = text.split('.').map(str::to_owned).collect();
        names.iter().all(|name| !name.is_empty()).then_some(Self(names))
    }

    pub(super) fn names(&self) -> &[String] {
        &self.0
    }

    /// The value to which it leads.
    pub(super) fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(value, |value, name| value.get(name))
    }

    /// The first name.
    pub(super) fn head(&self) -> &str {
        &self.0[0]
    }

    /// Whether it leads to what the other leads to, or to a message around that.
    pub(super) fn leads_to(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether one of them leads to what the other leads through.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(ours, theirs)| ours == theirs)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("."))
    }
}
