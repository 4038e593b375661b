//! What a registry may not hold.

use std::collections::{HashMap, HashSet};

use super::{Registry, RegistryFile};
use crate::{
    agency::{Agency, CertificateRule, Role},
    agreement::Agreement,
};

/// One rule that a registry file breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {rule}")]
pub struct InvalidRegistry {
    /// Which item and key: `agreement.d14-benefits.purpose`.
    pub path: String,
    /// The rule, in words.
    pub rule: String,
}

fn invalid(path: String, rule: impl Into<String>) -> InvalidRegistry {
    InvalidRegistry { path, rule: rule.into() }
}

/// A file names nothing twice.
pub(super) fn duplicates(file: &RegistryFile) -> Result<(), Vec<InvalidRegistry>> {
    let mut seen = HashSet::new();
    let agencies = file.agencies.iter().map(|agency| format!("agency.{}", agency.code));
    let agreements = file.agreements.iter().map(|agreement| format!("agreement.{}", agreement.id));
    let twice: Vec<_> = agencies
        .chain(agreements)
        .filter(|path| !seen.insert(path.clone()))
        .map(|path| invalid(path, "the file names it twice"))
        .collect();
    if twice.is_empty() { Ok(()) } else { Err(twice) }
}

/// The registry as it would be holds together. Only what the file names is judged, and what depends on all of it.
pub(super) fn registry(
    next: &Registry,
    file: &RegistryFile,
    catalogued: &dyn Fn(&Agreement) -> Result<(), String>,
) -> Result<(), Vec<InvalidRegistry>> {
    let mut found = Vec::new();
    names(next, &mut found);
    for agreement in &file.agreements {
        check_agreement(next, agreement, catalogued, &mut found);
    }
    for revocation in &file.revocations {
        if next.agency(&revocation.agency).is_none() {
            found.push(invalid(format!("revocation.{}", revocation.agency), "no such agency is registered"));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Codes, aliases and certificates point at one agency each.
fn names(next: &Registry, found: &mut Vec<InvalidRegistry>) {
    let mut owners: HashMap<&str, &Agency> = HashMap::new();
    let mut certificates: HashMap<&CertificateRule, &Agency> = HashMap::new();
    for agency in next.agencies() {
        for code in std::iter::once(&agency.code).chain(&agency.aliases) {
            if let Some(other) = owners.insert(code.as_str(), agency) {
                let rule = format!("`{code}` names `{}` as well", other.code);
                found.push(invalid(format!("agency.{}.aliases", agency.code), rule));
            }
        }
        for rule in agency.systems.iter().flat_map(|system| &system.certificates) {
            if let Some(other) = certificates.insert(rule, agency) {
                let text = format!("a certificate rule is that of `{}` as well", other.code);
                found.push(invalid(format!("agency.{}.systems", agency.code), text));
            }
        }
    }
}

fn check_agreement(
    next: &Registry,
    agreement: &Agreement,
    catalogued: &dyn Fn(&Agreement) -> Result<(), String>,
    found: &mut Vec<InvalidRegistry>,
) {
    let path = |key: &str| format!("agreement.{}.{key}", agreement.id);
    let mut check = |holds: bool, key: &str, rule: String| {
        if !holds {
            found.push(invalid(path(key), rule));
        }
    };
    let party = |code, role| next.agency(code).is_some_and(|agency| agency.has(role));
    let provider = next.agency(&agreement.provider);
    check(
        party(&agreement.consumer, Role::Consumer),
        "consumer",
        format!("`{}` is not registered as a consumer", agreement.consumer),
    );
    check(
        party(&agreement.provider, Role::Provider),
        "provider",
        format!("`{}` is not registered as a provider", agreement.provider),
    );
    check(
        provider.is_none_or(|agency| agency.datasets.contains(&agreement.dataset)),
        "dataset",
        format!("`{}` is not assigned the dataset `{}`", agreement.provider, agreement.dataset),
    );
    check(
        agreement.legal_basis.permits(agreement.purpose),
        "legal-basis",
        format!(
            "PURPOSE_NOT_PERMITTED: `{}` does not permit the purpose `{}`",
            agreement.legal_basis.code(),
            agreement.purpose.code()
        ),
    );
    check(!agreement.fields.is_empty(), "fields", "an agreement grants at least one field".to_owned());
    check(!agreement.operations.is_empty(), "operations", "an agreement allows at least one operation".to_owned());
    check(!agreement.population.is_empty(), "population", "an agreement covers at least one kind".to_owned());
    check(
        agreement.valid_until.is_none_or(|last| last >= agreement.valid_from),
        "valid-until",
        "the last day lies before the first".to_owned(),
    );
    if let Err(rule) = catalogued(agreement) {
        found.push(invalid(path("fields"), rule));
    }
}
