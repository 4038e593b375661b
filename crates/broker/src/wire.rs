//! Small forms in which the broker keeps things: the codes of the ledger, chosen identifiers, a sealed live answer.

use unefois_core::Purpose;
use unefois_ledger::Source;
use unefois_vault::Pseudonyms;
use uuid::Uuid;

use crate::question::Freshness;

/// The purpose as the ledger writes it.
pub(crate) fn purpose(purpose: Purpose) -> unefois_ledger::Purpose {
    match purpose {
        Purpose::Simplification => unefois_ledger::Purpose::Simplification,
        Purpose::NonTakeUp => unefois_ledger::Purpose::NonTakeUp,
        Purpose::Fraud => unefois_ledger::Purpose::Fraud,
        Purpose::Collection => unefois_ledger::Purpose::Collection,
        Purpose::Audit => unefois_ledger::Purpose::Audit,
    }
}

/// What stands in the store for an identifier that an agency chose. A UUID stays as it is: it names nobody, and those
/// that are ordered by time cost nothing to index. Any other text may name a person, so its keyed digest stands for it.
pub(crate) fn stand_in(pseudonyms: &Pseudonyms, agency: &str, kind: &str, chosen: &str) -> String {
    if Uuid::parse_str(chosen).is_ok_and(|uuid| uuid.to_string() == chosen) {
        return chosen.to_owned();
    }
    pseudonyms.reference(agency, kind, chosen).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A live answer as it is kept for its repeat: when the hub learned it, then the minimised bytes.
pub(crate) fn sealed_answer(data: &[u8], freshness: &Freshness) -> Vec<u8> {
    [&freshness.learned_at.to_be_bytes()[..], data].concat()
}

/// What [`sealed_answer`] made.
pub(crate) fn open_answer(kept: &[u8]) -> Option<(Vec<u8>, Freshness)> {
    let (learned_at, data) = kept.split_first_chunk::<8>()?;
    let learned_at = i64::from_be_bytes(*learned_at);
    let freshness =
        Freshness { source: Source::Live, provider_recorded_at: None, learned_at, revision: 0, change: None };
    Some((data.to_vec(), freshness))
}
