//! Purposes: why data is asked for.

use serde::{Deserialize, Serialize};

/// Why data is asked for (finalité). The list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Sparing the person a question or a document (simplification).
    Simplification,
    /// Finding rights that the person does not claim (non-recours).
    NonTakeUp,
    /// Finding fraud (lutte contre la fraude).
    Fraud,
    /// Collecting contributions and debts (recouvrement).
    Collection,
    /// Auditing the exchanges themselves.
    Audit,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 5] = [Self::Simplification, Self::NonTakeUp, Self::Fraud, Self::Collection, Self::Audit];

    /// Its code, as registry files and the store have it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Simplification => "simplification",
            Self::NonTakeUp => "non-take-up",
            Self::Fraud => "fraud",
            Self::Collection => "collection",
            Self::Audit => "audit",
        }
    }

    /// The purpose of that code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::Purpose;

    #[test]
    fn codes_are_the_words_of_registry_files_and_are_read_back() {
        for purpose in Purpose::ALL {
            assert_eq!(serde_json::to_value(purpose).unwrap(), purpose.code());
            assert_eq!(Purpose::from_code(purpose.code()), Some(purpose));
        }
        assert_eq!(Purpose::from_code("NON_TAKE_UP"), None);
    }
}
