//! The registry: an immutable snapshot of agencies, agreements and revocations, and the changes that lead to the next.

mod change;
mod check;
mod difference;
pub(crate) mod hexadecimal;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::{
    agency::{Agency, AgencyCode, CertificateRule},
    agreement::{Agreement, AgreementId, policy_digest},
};

pub use change::{Change, Effect, Noun, Verb};
pub use check::{InvalidRegistry, RegistryRule};

/// SHA-256 of a certificate (DER).
pub type Fingerprint = [u8; 32];

/// A certificate that is no longer good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Revocation {
    /// SHA-256 of the certificate (DER).
    #[serde(with = "hexadecimal")]
    pub fingerprint: Fingerprint,
    /// Whose it was.
    pub agency: AgencyCode,
    /// Why, in words.
    pub reason: String,
}

impl Revocation {
    /// Its identifier: the fingerprint in hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        hexadecimal::text(&self.fingerprint)
    }
}

/// What a registry file holds: the tables `agency`, `agreement` and `revocation`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryFile {
    /// Agencies.
    #[serde(default, rename = "agency", skip_serializing_if = "Vec::is_empty")]
    pub agencies: Vec<Agency>,
    /// Agreements.
    #[serde(default, rename = "agreement", skip_serializing_if = "Vec::is_empty")]
    pub agreements: Vec<Agreement>,
    /// Revocations.
    #[serde(default, rename = "revocation", skip_serializing_if = "Vec::is_empty")]
    pub revocations: Vec<Revocation>,
}

/// Who takes part and who may get what, as it is in force.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    version: u64,
    agencies: BTreeMap<AgencyCode, Agency>,
    aliases: HashMap<AgencyCode, AgencyCode>,
    agreements: BTreeMap<AgreementId, Agreement>,
    /// The digest of each agreement: every decision under it names it.
    digests: HashMap<AgreementId, [u8; 32]>,
    revocations: BTreeMap<Fingerprint, Revocation>,
    systems: HashMap<CertificateRule, (AgencyCode, String)>,
}

impl Registry {
    /// A registry of that version with everything that a file holds.
    #[must_use]
    pub fn of(version: u64, file: RegistryFile) -> Self {
        let RegistryFile { agencies, agreements, revocations } = file;
        let mut registry = Self { version, ..Self::default() };
        for agency in agencies {
            registry.put_agency(agency);
        }
        registry.digests =
            agreements.iter().map(|agreement| (agreement.id.clone(), policy_digest(agreement))).collect();
        registry.agreements = agreements.into_iter().map(|agreement| (agreement.id.clone(), agreement)).collect();
        registry.revocations = revocations.into_iter().map(|revocation| (revocation.fingerprint, revocation)).collect();
        registry
    }

    /// Its version: raised by each file that changed something.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The agency of that code, or of which it is an alias.
    #[must_use]
    pub fn agency(&self, code: &AgencyCode) -> Option<&Agency> {
        self.agencies.get(code).or_else(|| self.agencies.get(self.aliases.get(code)?))
    }

    /// The agreement of that identifier.
    #[must_use]
    pub fn agreement(&self, id: &AgreementId) -> Option<&Agreement> {
        self.agreements.get(id)
    }

    /// The digest of an agreement of this registry.
    pub(crate) fn digest_of(&self, agreement: &Agreement) -> [u8; 32] {
        self.digests.get(&agreement.id).copied().unwrap_or_else(|| policy_digest(agreement))
    }

    /// Every agency, by code.
    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.values()
    }

    /// Every agreement, by identifier.
    pub fn agreements(&self) -> impl Iterator<Item = &Agreement> {
        self.agreements.values()
    }

    /// Whether that certificate was revoked.
    #[must_use]
    pub fn is_revoked(&self, certificate: &Fingerprint) -> bool {
        self.revocations.contains_key(certificate)
    }

    /// The agency and system whose certificates match that rule.
    #[must_use]
    pub fn system(&self, rule: &CertificateRule) -> Option<(&Agency, &str)> {
        let (code, name) = self.systems.get(rule)?;
        Some((self.agencies.get(code)?, name))
    }

    /// Everything, as a file that leads to it.
    #[must_use]
    pub fn to_file(&self) -> RegistryFile {
        RegistryFile {
            agencies: self.agencies.values().cloned().collect(),
            agreements: self.agreements.values().cloned().collect(),
            revocations: self.revocations.values().cloned().collect(),
        }
    }

    /// What a file would change. What the file does not name stays as it is.
    ///
    /// `catalogued` says whether the catalogue has what an agreement grants, and what it lacks in words.
    ///
    /// # Errors
    /// Every rule that the registry would break, see [`RegistryRule`].
    pub fn plan(
        &self,
        file: &RegistryFile,
        catalogued: &dyn Fn(&Agreement) -> Result<(), String>,
    ) -> Result<Vec<Change>, Vec<InvalidRegistry>> {
        check::check(self, &self.with(file), file, catalogued)?;
        Ok(change::between(self, file))
    }

    /// The next version: this one with everything that the file holds put in place.
    #[must_use]
    pub fn with(&self, file: &RegistryFile) -> Self {
        let mut merged = self.to_file();
        let RegistryFile { agencies, agreements, revocations } = file;
        // An agency leaves aliases and certificates behind it; of the rest, the last of one identifier holds.
        merged.agencies.retain(|kept| !agencies.iter().any(|new| new.code == kept.code));
        merged.agencies.extend(agencies.iter().cloned());
        merged.agreements.extend(agreements.iter().cloned());
        merged.revocations.extend(revocations.iter().cloned());
        Self::of(self.version + 1, merged)
    }

    fn put_agency(&mut self, agency: Agency) {
        for alias in &agency.aliases {
            self.aliases.insert(alias.clone(), agency.code.clone());
        }
        for system in &agency.systems {
            for rule in &system.certificates {
                self.systems.insert(rule.clone(), (agency.code.clone(), system.name.clone()));
            }
        }
        self.agencies.insert(agency.code.clone(), agency);
    }
}

#[cfg(test)]
mod tests;
