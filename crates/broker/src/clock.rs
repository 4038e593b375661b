//! The one place where the hub reads the time.

use jiff::Timestamp;

/// Tells the time. Rules take the instant as an argument; this is where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    read: fn() -> Timestamp,
}

impl Clock {
    /// The clock of the machine.
    #[must_use]
    pub fn system() -> Self {
        #[allow(clippy::disallowed_methods, reason = "the one place where the hub reads the time")]
        Self { read: Timestamp::now }
    }

    /// The present instant, to the microsecond: what the store and the ledger keep.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = (self.read)();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}
