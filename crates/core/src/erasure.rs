//! Erasure: how much of what the hub keeps of a subject is destroyed.

/// How much is erased. The public part of the ledger stays in any case, and proves what it proved before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErasureScope {
    /// What providers stated: every record and revision, and kept live answers (RGPD article 17; CRPA article R114-9-7
    /// lets data taken under L114-8 II live 12 months).
    Payload,
    /// The same, and everything by which the subject can be found or named: identifiers, consents, search rows and the
    /// personal part of every entry. CRPA article R114-9-7 has traces kept for 36 months.
    PayloadAndTrace,
}

impl ErasureScope {
    /// The verb of the ledger's entry.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Payload => "erase-payload",
            Self::PayloadAndTrace => "erase",
        }
    }
}
