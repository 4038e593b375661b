//! The closed lists that an entry refers to; a number, once given a meaning, keeps it for ever.

/// What kind of act an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum EntryKind {
    /// Not set; never written.
    Unspecified = 0,
    /// One exchange: a release, a refusal or a failure.
    Exchange = 1,
    /// A repeat of an exchange under the same `request_id`.
    Repeat = 2,
    /// A batch of published records.
    Publication = 3,
    /// A consent granted or withdrawn.
    Consent = 4,
    /// A change of the registry.
    Registry = 5,
    /// An act on a subject: a merge, an erasure.
    Subject = 6,
    /// An auditor's search or export.
    AuditQuery = 7,
    /// An access refused before it became an exchange.
    Access = 8,
    /// A person's look at the exchanges about them.
    SubjectView = 9,
    /// One telling of one event to one subscription: a release or a refusal.
    Delivery = 10,
    /// A dossier opened or closed.
    Dossier = 11,
    /// A subscription created, paused, resumed, set back or deleted, or a dead letter of it replayed.
    Subscription = 12,
}

/// What came of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Outcome {
    /// Not set; never written.
    Unspecified = 0,
    /// Data left the hub.
    Released = 1,
    /// Refused by a rule, which the entry's `reason` names.
    Refused = 2,
    /// There was nothing to give.
    NotFound = 3,
    /// The provider failed, or its answer was invalid.
    Failed = 4,
    /// An act other than a release was carried out.
    Accepted = 5,
}

/// What an agreement may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Operation {
    /// Not set: the entry is about no operation on a dataset.
    Unspecified = 0,
    /// Asking for records, one by one, in batches or as a file.
    Pull = 1,
    /// Being told of changes.
    Push = 2,
    /// Asking whether a value is right, without being given it.
    Check = 3,
    /// Asking whether a value is above or below a threshold, without being given it.
    Threshold = 4,
    /// Being given a supporting document (pièce justificative).
    Document = 5,
}

/// Why data is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Purpose {
    /// Not set: the entry has no purpose of its own.
    Unspecified = 0,
    /// Sparing the person a question or a document.
    Simplification = 1,
    /// Finding rights that the person does not claim (non-recours).
    NonTakeUp = 2,
    /// Finding fraud (lutte contre la fraude).
    Fraud = 3,
    /// Collecting contributions and debts (recouvrement).
    Collection = 4,
    /// Auditing the exchanges themselves.
    Audit = 5,
}

/// Where released data came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Source {
    /// No data was released.
    Unspecified = 0,
    /// From a record that the hub holds.
    Held = 1,
    /// From the provider, asked during the exchange.
    Live = 2,
}
