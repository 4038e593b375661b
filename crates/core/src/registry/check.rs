//! What a registry may not hold.

use std::collections::{HashMap, HashSet};

use super::{Registry, RegistryFile, Revocation};
use crate::{
    agency::{Agency, AgencyCode, CertificateRule, Role},
    agreement::{Agreement, AgreementState},
};

/// One rule that a registry file breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {rule}")]
pub struct InvalidRegistry {
    /// Which rule: stable, for programs.
    pub code: RegistryRule,
    /// Which item and key: `agreement.d14-benefits.purpose`.
    pub path: String,
    /// The code, then the rule in words: for a person.
    pub rule: String,
}

/// Makes the enumeration of rules and their codes in one place.
macro_rules! rules {
    ($($name:ident, $code:literal, $doc:literal;)*) => {
        /// The rules that a registry keeps. The list grows; a rule is never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RegistryRule {
            $(#[doc = concat!("`", $code, "`: ", $doc, ".")] $name,)*
        }

        impl RegistryRule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable code: `UPPER_SNAKE_CASE`.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

rules! {
    ItemDuplicate, "ITEM_DUPLICATE", "a file names an item once";
    AgencyNameClash, "AGENCY_NAME_CLASH", "a code or alias names one agency";
    CertificateRuleClash, "CERTIFICATE_RULE_CLASH", "a certificate rule is that of one system";
    AgencyUnknown, "AGENCY_UNKNOWN", "an agency that is named is registered, and named by its code";
    RoleNotHeld, "ROLE_NOT_HELD", "the parties of an agreement are a consumer and a provider";
    DatasetNotAssigned, "DATASET_NOT_ASSIGNED", "the provider of an agreement may publish its dataset";
    PurposeNotPermitted, "PURPOSE_NOT_PERMITTED", "the legal basis of an agreement permits its purpose";
    ListEmpty, "LIST_EMPTY", "an agreement grants a field, allows an operation and covers a kind of subject";
    FieldDuplicate, "FIELD_DUPLICATE", "an agreement grants a field once";
    ValidityReversed, "VALIDITY_REVERSED", "the last day of an agreement is not before its first";
    NotCatalogued, "NOT_CATALOGUED", "the catalogue has what an agreement grants";
    AgreementTerminated, "AGREEMENT_TERMINATED", "a terminated agreement stays terminated";
}

/// What was found so far. Everything is reported, not the first only: a file is mended in one go.
#[derive(Default)]
struct Findings(Vec<InvalidRegistry>);

impl Findings {
    fn add(&mut self, code: RegistryRule, path: String, words: &str) {
        self.0.push(InvalidRegistry { code, path, rule: format!("{}: {words}", code.code()) });
    }
}

/// The registry as it would be holds together. Of agreements and revocations only those of the file are judged: what
/// was applied before may have lost its footing since, and the decision refuses it then.
pub(super) fn check(
    before: &Registry,
    next: &Registry,
    file: &RegistryFile,
    catalogued: &dyn Fn(&Agreement) -> Result<(), String>,
) -> Result<(), Vec<InvalidRegistry>> {
    let mut findings = Findings::default();
    check_duplicates(file, &mut findings);
    check_names(next, &mut findings);
    for agreement in &file.agreements {
        check_parties(next, agreement, &mut findings);
        check_terms(agreement, catalogued, &mut findings);
        check_state(before, agreement, &mut findings);
    }
    for revocation in &file.revocations {
        if next.agency(&revocation.agency).is_none() {
            let path = format!("revocation.{}.agency", revocation.id());
            findings.add(
                RegistryRule::AgencyUnknown,
                path,
                &format!("no agency `{}` is registered", revocation.agency),
            );
        }
    }
    if findings.0.is_empty() { Ok(()) } else { Err(findings.0) }
}

fn check_duplicates(file: &RegistryFile, findings: &mut Findings) {
    let mut seen = HashSet::new();
    let agencies = file.agencies.iter().map(|agency| format!("agency.{}", agency.code));
    let agreements = file.agreements.iter().map(|agreement| format!("agreement.{}", agreement.id));
    let revocations = file.revocations.iter().map(Revocation::id).map(|id| format!("revocation.{id}"));
    for path in agencies.chain(agreements).chain(revocations) {
        if !seen.insert(path.clone()) {
            findings.add(RegistryRule::ItemDuplicate, path, "the file names it twice");
        }
    }
}

/// Codes, aliases and certificate rules point at one agency and system each.
fn check_names(next: &Registry, findings: &mut Findings) {
    let mut owners: HashMap<&AgencyCode, &Agency> = HashMap::new();
    let mut certificates: HashMap<&CertificateRule, String> = HashMap::new();
    // Codes before aliases, so that it is the alias that clashes.
    for agency in next.agencies() {
        owners.insert(&agency.code, agency);
    }
    for agency in next.agencies() {
        for alias in &agency.aliases {
            if let Some(other) = owners.insert(alias, agency) {
                let path = format!("agency.{}.aliases", agency.code);
                findings.add(RegistryRule::AgencyNameClash, path, &format!("`{alias}` names `{}` as well", other.code));
            }
        }
        for system in &agency.systems {
            for rule in &system.certificates {
                let owner = format!("{}/{}", agency.code, system.name);
                if let Some(other) = certificates.insert(rule, owner) {
                    let path = format!("agency.{}.systems", agency.code);
                    let words = format!("a certificate rule of `{}` is that of `{other}` as well", system.name);
                    findings.add(RegistryRule::CertificateRuleClash, path, &words);
                }
            }
        }
    }
}

fn check_parties(next: &Registry, agreement: &Agreement, findings: &mut Findings) {
    check_party(next, agreement, "consumer", (&agreement.consumer, Role::Consumer), findings);
    check_party(next, agreement, "provider", (&agreement.provider, Role::Provider), findings);
    if let Some(provider) = next.agency(&agreement.provider)
        && !provider.datasets.contains(&agreement.dataset)
    {
        findings.add(
            RegistryRule::DatasetNotAssigned,
            path(agreement, "dataset"),
            &format!("`{}` is not assigned the dataset `{}`", provider.code, agreement.dataset),
        );
    }
}

fn check_party(
    next: &Registry,
    agreement: &Agreement,
    key: &str,
    (code, role): (&AgencyCode, Role),
    findings: &mut Findings,
) {
    let Some(agency) = next.agency(code) else {
        let words = format!("no agency `{code}` is registered");
        return findings.add(RegistryRule::AgencyUnknown, path(agreement, key), &words);
    };
    // Records, consents and entries name agencies by their code: an agreement that did not would match none of them.
    if agency.code != *code {
        let words = format!("`{code}` is an alias: write `{}`", agency.code);
        findings.add(RegistryRule::AgencyUnknown, path(agreement, key), &words);
    }
    if !agency.has(role) {
        let words = format!("`{code}` is not registered as a {}", role.code());
        findings.add(RegistryRule::RoleNotHeld, path(agreement, key), &words);
    }
}

fn check_terms(agreement: &Agreement, catalogued: &dyn Fn(&Agreement) -> Result<(), String>, findings: &mut Findings) {
    let basis = agreement.legal_basis;
    if !basis.permits(agreement.purpose) {
        let words = format!("`{}` does not permit the purpose `{}`", basis.code(), agreement.purpose.code());
        findings.add(RegistryRule::PurposeNotPermitted, path(agreement, "legal-basis"), &words);
    }
    let empty = [
        (agreement.fields.is_empty(), "fields", "an agreement grants at least one field"),
        (agreement.operations.is_empty(), "operations", "an agreement allows at least one operation"),
        (agreement.population.is_empty(), "population", "an agreement covers at least one kind of subject"),
    ];
    for (_, key, words) in empty.into_iter().filter(|(is_empty, ..)| *is_empty) {
        findings.add(RegistryRule::ListEmpty, path(agreement, key), words);
    }
    let mut seen = HashSet::new();
    for field in agreement.fields.iter().filter(|field| !seen.insert(*field)) {
        let words = format!("`{field}` is granted twice");
        findings.add(RegistryRule::FieldDuplicate, path(agreement, "fields"), &words);
    }
    if agreement.valid_until.is_some_and(|last| last < agreement.valid_from) {
        let words = "the last day lies before the first";
        findings.add(RegistryRule::ValidityReversed, path(agreement, "valid-until"), words);
    }
    if let Err(words) = catalogued(agreement) {
        findings.add(RegistryRule::NotCatalogued, path(agreement, "fields"), &words);
    }
}

/// A file written before the end of an agreement must not bring it back when it is applied again.
fn check_state(before: &Registry, agreement: &Agreement, findings: &mut Findings) {
    let was = before.agreement(&agreement.id).map(|known| known.state);
    if was == Some(AgreementState::Terminated) && agreement.state != AgreementState::Terminated {
        let words = "it is terminated and stays so: a new agreement takes another identifier";
        findings.add(RegistryRule::AgreementTerminated, path(agreement, "state"), words);
    }
}

fn path(agreement: &Agreement, key: &str) -> String {
    format!("agreement.{}.{key}", agreement.id)
}
