//! Agencies: the administrations and social-security bodies that take part (organismes).

use serde::{Deserialize, Serialize};

use crate::{code::code_type, dataset::DatasetId};

code_type!(
    /// The code of an agency, such as `urssaf`.
    AgencyCode, "an agency", 40
);

/// An agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Agency {
    /// Its code.
    pub code: AgencyCode,
    /// Its name.
    pub name: String,
    /// Other codes that find it, such as a former one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<AgencyCode>,
    /// What it may be.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// The bodies through which it acts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local_bodies: Vec<LocalBody>,
    /// The datasets that it may publish.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<DatasetId>,
    /// Its systems whose certificates carry no SPIFFE name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<System>,
}

/// What an agency may be. The list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Holds data (fournisseur).
    Provider,
    /// Needs data (consommateur).
    Consumer,
    /// Speaks for the person (portail).
    Portal,
    /// Searches and proves the ledger.
    Auditor,
    /// Runs the hub; never sees a payload.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Provider, Self::Consumer, Self::Portal, Self::Auditor, Self::Operator];

    /// Its code, as registry files have it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Consumer => "consumer",
            Self::Portal => "portal",
            Self::Auditor => "auditor",
            Self::Operator => "operator",
        }
    }
}

/// A body through which a national agency acts, such as one CAF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LocalBody {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// A system of an agency, known by its certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct System {
    /// Its name.
    pub name: String,
    /// What its certificates have.
    pub certificates: Vec<CertificateRule>,
}

/// How a certificate that carries no SPIFFE name is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum CertificateRule {
    /// By its issuer and subject, as RFC 4514 writes them.
    IssuerAndSubject {
        /// The issuer.
        issuer: String,
        /// The subject.
        subject: String,
    },
    /// By the SHA-256 of its public key (SubjectPublicKeyInfo, DER).
    PublicKey {
        /// The digest.
        #[serde(rename = "public-key-sha256", with = "crate::registry::hexadecimal")]
        sha256: [u8; 32],
    },
}

impl Agency {
    /// Whether it has that role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether it acts through that body.
    #[must_use]
    pub fn acts_through(&self, local_body: &str) -> bool {
        self.local_bodies.iter().any(|body| body.code == local_body)
    }
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    fn codes_of_roles_are_the_words_of_registry_files() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.code());
        }
    }
}
