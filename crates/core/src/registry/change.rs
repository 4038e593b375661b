//! What a registry file changes, item by item, in words for a person.

use super::{
    Registry, RegistryFile, Revocation,
    difference::{self, Property},
    hexadecimal,
};
use crate::{
    agency::{Agency, CertificateRule, System},
    agreement::{Agreement, AgreementState},
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
    let revocations =
        file.revocations.iter().filter_map(|new| revocation(registry.revocations.get(&new.fingerprint), new));
    agencies.chain(agreements).chain(revocations).collect()
}

fn agency(old: Option<&Agency>, new: &Agency) -> Option<Change> {
    if old == Some(new) {
        return None;
    }
    let (verb, effect) = created_or_amended(old);
    let lines = difference::lines(old.map(agency_properties).as_deref(), &agency_properties(new));
    Some(Change { noun: Noun::Agency, id: new.code.to_string(), verb, effect, lines })
}

fn agreement(old: Option<&Agreement>, new: &Agreement) -> Option<Change> {
    if old == Some(new) {
        return None;
    }
    let (mut verb, effect) = created_or_amended(old);
    if old.is_some_and(|old| old.state != new.state) {
        verb = match new.state {
            AgreementState::InForce => Verb::Resume,
            AgreementState::Suspended => Verb::Suspend,
            AgreementState::Terminated => Verb::Terminate,
        };
    }
    let lines = difference::lines(old.map(agreement_properties).as_deref(), &agreement_properties(new));
    Some(Change { noun: Noun::Agreement, id: new.id.to_string(), verb, effect, lines })
}

fn revocation(old: Option<&Revocation>, new: &Revocation) -> Option<Change> {
    if old == Some(new) {
        return None;
    }
    let verb = if old.is_some() { Verb::Amend } else { Verb::Revoke };
    let lines = difference::lines(old.map(revocation_properties).as_deref(), &revocation_properties(new));
    Some(Change { noun: Noun::Revocation, id: new.id(), verb, effect: Effect::RemovesAuthority, lines })
}

/// An amendment may take something away; to be sure, it always counts as if it did.
fn created_or_amended<T>(old: Option<&T>) -> (Verb, Effect) {
    match old {
        None => (Verb::Create, Effect::AddsOnly),
        Some(_) => (Verb::Amend, Effect::RemovesAuthority),
    }
}

fn agency_properties(agency: &Agency) -> Vec<Property> {
    let Agency { code: _, name, aliases, roles, local_bodies, datasets, systems } = agency;
    vec![
        Property::one("name", name),
        Property::list("aliases", aliases),
        Property::list("roles", roles.iter().map(|role| role.code())),
        Property::list("local-bodies", local_bodies.iter().map(|body| format!("{} ({})", body.code, body.name))),
        Property::list("datasets", datasets),
        Property::list("systems", systems.iter().flat_map(system_items)),
    ]
}

/// A system and each of its certificate rules in full: it is by these that somebody may act in the agency's name.
fn system_items(system: &System) -> Vec<String> {
    let System { name, certificates } = system;
    let rule = |rule: &CertificateRule| match rule {
        CertificateRule::IssuerAndSubject { issuer, subject } => {
            format!("{name} (issuer `{issuer}`, subject `{subject}`)")
        }
        CertificateRule::PublicKey { sha256 } => format!("{name} (public key {})", hexadecimal::text(sha256)),
    };
    std::iter::once(name.clone()).chain(certificates.iter().map(rule)).collect()
}

fn agreement_properties(agreement: &Agreement) -> Vec<Property> {
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
        whole_population,
        valid_from,
        valid_until,
        daily_quota,
        state,
    } = agreement;
    vec![
        Property::one("title", title),
        Property::one("consumer", consumer),
        Property::one("provider", provider),
        Property::one("dataset", dataset),
        Property::one("dataset-major", dataset_major),
        Property::list("fields", fields),
        Property::list("operations", operations.iter().map(|operation| operation.code())),
        Property::one("purpose", purpose.code()),
        Property::one("legal-basis", legal_basis.code()),
        Property::one("consent", consent.code()),
        Property::one("consent-collected-by", consent_collected_by.code()),
        Property::list("population", population.iter().map(|kind| kind.code())),
        Property::maybe("whole-population", whole_population.then_some("true").as_ref()),
        Property::one("valid-from", valid_from),
        Property::maybe("valid-until", valid_until.as_ref()),
        Property::maybe("daily-quota", daily_quota.as_ref()),
        Property::one("state", state.code()),
    ]
}

fn revocation_properties(revocation: &Revocation) -> Vec<Property> {
    let Revocation { fingerprint: _, agency, reason } = revocation;
    vec![Property::one("agency", agency), Property::one("reason", reason)]
}
