//! The closed list of legal bases with the purposes that each permits, written a second time.

use unefois_core::Purpose::{self, Audit, Collection, Fraud, NonTakeUp, Simplification};

/// Code of the legal basis, and what it permits.
pub const LAW: [(&str, &[Purpose]); 11] = [
    ("crpa-l113-12", &[Simplification]),
    ("crpa-l114-8-i", &[Simplification]),
    ("crpa-l114-8-ii", &[NonTakeUp]),
    ("crpa-l114-9", &[Simplification]),
    ("crpa-r114-9-7", &[Audit]),
    ("css-l114-12", &[Fraud, Simplification]),
    ("css-l114-12-1", &[Fraud, Simplification]),
    ("css-l114-16", &[Fraud]),
    ("css-l114-19", &[Fraud]),
    ("css-l613-4", &[Simplification]),
    ("lpf-l152", &[Collection, Fraud]),
];

/// Whether the list has that pair.
pub fn permits(code: &str, purpose: Purpose) -> bool {
    LAW.iter().any(|(listed, purposes)| *listed == code && purposes.contains(&purpose))
}
