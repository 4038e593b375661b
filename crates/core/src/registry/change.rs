//! What a registry file changes, item by item, in words for a person.

use super::{Registry, RegistryFile};
use crate::{
    agency::{Agency, Role},
    agreement::{Agreement, AgreementState},
    code::list,
};

/// One change of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What kind of item.
    pub noun: Noun,
    /// Its identifier.
    pub id: String,
    /// What happens to it.
    pub verb: Verb,
    /// Whether somebody may do less afterwards.
    pub effect: Effect,
    /// What differs, a line each.
    pub lines: Vec<String>,
}

/// The kinds of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noun {
    /// An agency.
    Agency,
    /// An agreement.
    Agreement,
    /// A revocation.
    Revocation,
}

/// What happens to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It is new.
    Create,
    /// It differs.
    Amend,
    /// An agreement is no longer in force for now.
    Suspend,
    /// An agreement is in force again.
    Resume,
    /// An agreement has ended.
    Terminate,
    /// A certificate is no longer good.
    Revoke,
}

/// What a change does to authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Everybody may do what they could do before.
    AddsOnly,
    /// Somebody may do less; every decision made before it is made again.
    RemovesAuthority,
}

impl Noun {
    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Agreement => "agreement",
            Self::Revocation => "revocation",
        }
    }
}

impl Verb {
    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Amend => "amend",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Terminate => "terminate",
            Self::Revoke => "revoke",
        }
    }
}

/// What the file changes; an item that is as the file says already gives no change.
pub(super) fn between(registry: &Registry, file: &RegistryFile) -> Vec<Change> {
    let agencies = file.agencies.iter().filter_map(|new| agency(registry.agencies.get(&new.code), new));
    let agreements = file.agreements.iter().filter_map(|new| agreement(registry.agreement(&new.id), new));
    let revocations = file.revocations.iter().filter(|new| registry.revocation(&new.fingerprint).is_none());
    let revocations = revocations.map(|new| Change {
        noun: Noun::Revocation,
        id: new.id(),
        verb: Verb::Revoke,
        effect: Effect::RemovesAuthority,
        lines: vec![format!("agency: {}", new.agency), format!("reason: {}", new.reason)],
    });
    agencies.chain(agreements).chain(revocations).collect()
}

fn agency(old: Option<&Agency>, new: &Agency) -> Option<Change> {
    if old == Some(new) {
        return None;
    }
    let (verb, effect) = created_or_amended(old.is_some());
    let lines = differences(old.map(agency_lines).as_deref(), agency_lines(new));
    Some(Change { noun: Noun::Agency, id: new.code.to_string(), verb, effect, lines })
}

fn agreement(old: Option<&Agreement>, new: &Agreement) -> Option<Change> {
    if old == Some(new) {
        return None;
    }
    let (mut verb, effect) = created_or_amended(old.is_some());
    if let Some(old) = old
        && old.state != new.state
    {
        verb = match new.state {
            AgreementState::InForce => Verb::Resume,
            AgreementState::Suspended => Verb::Suspend,
            AgreementState::Terminated => Verb::Terminate,
        };
    }
    let lines = differences(old.map(agreement_lines).as_deref(), agreement_lines(new));
    Some(Change { noun: Noun::Agreement, id: new.id.to_string(), verb, effect, lines })
}

/// An amendment may take something away; to be sure, it always counts as if it did.
fn created_or_amended(existed: bool) -> (Verb, Effect) {
    if existed { (Verb::Amend, Effect::RemovesAuthority) } else { (Verb::Create, Effect::AddsOnly) }
}

fn differences(old: Option<&[(&'static str, String)]>, new: Vec<(&'static str, String)>) -> Vec<String> {
    let before = |key: &str| old?.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone());
    new.into_iter()
        .filter_map(|(key, value)| match before(key) {
            Some(before) if before == value => None,
            Some(before) if !before.is_empty() => Some(format!("{key}: {before} → {value}")),
            Some(_) | None if value.is_empty() => None,
            Some(_) | None => Some(format!("{key}: {value}")),
        })
        .collect()
}

fn agency_lines(agency: &Agency) -> Vec<(&'static str, String)> {
    let Agency { code: _, name, aliases, roles, local_bodies, datasets, systems } = agency;
    let names = |items: Vec<&str>| items.join(", ");
    vec![
        ("name", name.clone()),
        ("aliases", list(aliases)),
        ("roles", names(roles.iter().copied().map(Role::code).collect())),
        ("local-bodies", names(local_bodies.iter().map(|body| body.code.as_str()).collect())),
        ("datasets", list(datasets)),
        ("systems", names(systems.iter().map(|system| system.name.as_str()).collect())),
    ]
}

fn agreement_lines(agreement: &Agreement) -> Vec<(&'static str, String)> {
    let names = |items: Vec<&str>| items.join(", ");
    let Agreement {
        id: _,
        title,
        consumer,
        provider,
        dataset,
        dataset_major,
        fields,
        operations,
        purpose,
        legal_basis,
        consent,
        consent_collected_by,
        population,
        valid_from,
        valid_until,
        daily_quota,
        state,
    } = agreement;
    vec![
        ("title", title.clone()),
        ("consumer", consumer.to_string()),
        ("provider", provider.to_string()),
        ("dataset", format!("{dataset} (major {dataset_major})")),
        ("fields", list(fields)),
        ("operations", names(operations.iter().map(|operation| operation.code()).collect())),
        ("purpose", purpose.code().to_owned()),
        ("legal-basis", legal_basis.code().to_owned()),
        ("consent", consent.code().to_owned()),
        ("consent-collected-by", consent_collected_by.code().to_owned()),
        ("population", names(population.iter().map(|kind| kind.code()).collect())),
        ("valid-from", valid_from.to_string()),
        ("valid-until", valid_until.map(|day| day.to_string()).unwrap_or_default()),
        ("daily-quota", daily_quota.map(|quota| quota.to_string()).unwrap_or_default()),
        ("state", state.code().to_owned()),
    ]
}
