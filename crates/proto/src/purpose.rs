//! Purposes on the wire.

use unefois_core::Purpose;

use crate::pb;

/// A number that names no purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not one of the purposes")]
pub struct UnknownPurpose;

/// A purpose, from the wire.
///
/// # Errors
/// The number names none, or is 0.
pub fn purpose_from_wire(wire: i32) -> Result<Purpose, UnknownPurpose> {
    use pb::ledger::v1::Purpose as Wire;
    match Wire::try_from(wire) {
        Ok(Wire::Simplification) => Ok(Purpose::Simplification),
        Ok(Wire::NonTakeUp) => Ok(Purpose::NonTakeUp),
        Ok(Wire::Fraud) => Ok(Purpose::Fraud),
        Ok(Wire::Collection) => Ok(Purpose::Collection),
        Ok(Wire::Audit) => Ok(Purpose::Audit),
        Ok(Wire::Unspecified) | Err(_) => Err(UnknownPurpose),
    }
}

/// A purpose, to the wire.
#[must_use]
pub fn purpose_to_wire(purpose: Purpose) -> pb::ledger::v1::Purpose {
    use pb::ledger::v1::Purpose as Wire;
    match purpose {
        Purpose::Simplification => Wire::Simplification,
        Purpose::NonTakeUp => Wire::NonTakeUp,
        Purpose::Fraud => Wire::Fraud,
        Purpose::Collection => Wire::Collection,
        Purpose::Audit => Wire::Audit,
    }
}
