//! Whether a subscription may be created.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use super::{NewSubscription, SubscriptionTerms};
use crate::{
    agency::Role,
    agreement::Agreement,
    dataset::Operation,
    decision::{is_assigned, not_in_force},
    exchange::Caller,
    reason::Reason,
    registry::Registry,
};

/// How a subscription may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionLimits {
    /// The days of retention.
    pub retention_days: RangeInclusive<u16>,
    /// The time after which an event is told again.
    pub redelivery_after: RangeInclusive<SignedDuration>,
    /// The attempts before an event becomes a dead letter.
    pub attempts_max: RangeInclusive<u32>,
}

/// Terms that are outside the limits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` is from {least} to {most}")]
pub struct InvalidTerms {
    /// The field of the contract.
    pub field: &'static str,
    /// The least that it may be.
    pub least: String,
    /// The most that it may be.
    pub most: String,
}

impl SubscriptionLimits {
    /// Whether terms are within the limits.
    ///
    /// # Errors
    /// The first that are not.
    pub fn check(&self, terms: &SubscriptionTerms) -> Result<(), InvalidTerms> {
        let SubscriptionTerms { retention_days, redelivery_after, attempts_max } = terms;
        within("retention_days", retention_days, &self.retention_days)?;
        within("redelivery_after", redelivery_after, &self.redelivery_after)?;
        within("attempts_max", attempts_max, &self.attempts_max)
    }
}

fn within<T: PartialOrd + std::fmt::Display>(
    field: &'static str,
    value: &T,
    limits: &RangeInclusive<T>,
) -> Result<(), InvalidTerms> {
    if limits.contains(value) {
        return Ok(());
    }
    Err(InvalidTerms { field, least: limits.start().to_string(), most: limits.end().to_string() })
}

/// Whether the caller may create the subscription at `now`, and under which agreement: one in force that is its own, that
/// allows `push` and grants every field that the filter names, and the whole population where that is asked for.
///
/// # Errors
/// The reason of the first rule that fails, in the order of an exchange's decision.
pub fn admit<'a>(
    asked: &NewSubscription,
    caller: &Caller,
    registry: &'a Registry,
    now: Timestamp,
) -> Result<&'a Agreement, Reason> {
    if registry.is_revoked(&caller.certificate) {
        return Err(Reason::CertificateRevoked);
    }
    let consumer = registry.agency(&caller.agency).filter(|agency| agency.has(Role::Consumer));
    let consumer = consumer.ok_or(Reason::RoleNotHeld)?;
    let agreement = registry.agreement(&asked.agreement).ok_or(Reason::AgreementUnknown)?;
    if agreement.consumer != consumer.code {
        return Err(Reason::AgreementOfAnotherConsumer);
    }
    if let Some(reason) = not_in_force(agreement, now) {
        return Err(reason);
    }
    let rules = [
        (is_assigned(registry, agreement), Reason::ProviderNotAssigned),
        (agreement.operations.contains(&Operation::Push), Reason::OperationNotCovered),
        (agreement.legal_basis.permits(agreement.purpose), Reason::PurposeNotPermitted),
        (asked.filter.fields.iter().all(|field| agreement.fields.contains(field)), Reason::FilterNotGranted),
        (asked.reach.under(agreement) == asked.reach, Reason::WholePopulationNotGranted),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, reason)) => Err(reason),
        None => Ok(agreement),
    }
}

#[cfg(test)]
mod tests;
