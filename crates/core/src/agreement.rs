//! Agreements: who may get what, on which legal basis, for which purpose (conventions, habilitations).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    agency::AgencyCode,
    code::code_type,
    dataset::{DatasetId, FieldName, Operation, SubjectKind},
    legal_basis::LegalBasis,
    purpose::Purpose,
};

code_type!(
    /// The identifier of an agreement, such as `d14-benefits`.
    AgreementId, "an agreement", 60
);

/// An agreement. It binds one consumer, one provider, one dataset and one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Agreement {
    /// Its identifier.
    pub id: AgreementId,
    /// What people call it.
    pub title: String,
    /// Who gets the data.
    pub consumer: AgencyCode,
    /// Who holds the data.
    pub provider: AgencyCode,
    /// The dataset.
    pub dataset: DatasetId,
    /// The major version of the dataset.
    #[serde(default = "first_major")]
    pub dataset_major: u32,
    /// The fields that it grants. No others leave the hub.
    pub fields: Vec<FieldName>,
    /// What it allows to do.
    pub operations: Vec<Operation>,
    /// Why.
    pub purpose: Purpose,
    /// The article of law.
    pub legal_basis: LegalBasis,
    /// Whether the subject must consent.
    #[serde(default)]
    pub consent: ConsentRule,
    /// Who may record a consent.
    #[serde(default)]
    pub consent_collected_by: ConsentCollector,
    /// The kinds of subject that it covers.
    pub population: Vec<SubjectKind>,
    /// Its first day (Europe/Paris).
    pub valid_from: Date,
    /// Its last day, included (Europe/Paris); `None` for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
    /// How many releases a day (Europe/Paris); `None` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_quota: Option<u64>,
    /// Whether it is in force.
    #[serde(default)]
    pub state: AgreementState,
}

/// Whether the subject must consent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentRule {
    /// The law suffices.
    #[default]
    NotRequired,
    /// Each exchange needs the subject's consent in force.
    Required,
}

/// Who may record a consent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentCollector {
    /// A portal only.
    #[default]
    Portal,
    /// The consumer as well, with an evidence digest.
    PortalOrConsumer,
}

/// Whether an agreement is in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgreementState {
    /// It is, between its days.
    #[default]
    InForce,
    /// Not now; it may be resumed.
    Suspended,
    /// Never again.
    Terminated,
}

fn first_major() -> u32 {
    1
}

/// SHA-256 of the agreement as it is in force, which every entry made under it names.
///
/// The digest is over lines `key=value`, in the order of the fields of [`Agreement`], each value as registry files
/// write it, lists joined by `,`, an absent value empty.
#[must_use]
pub fn policy_digest(agreement: &Agreement) -> [u8; 32] {
    let Agreement {
        id,
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
    let join = |items: Vec<&str>| items.join(",");
    let lines = [
        ("id", id.to_string()),
        ("title", title.replace('\n', " ")),
        ("consumer", consumer.to_string()),
        ("provider", provider.to_string()),
        ("dataset", dataset.to_string()),
        ("dataset-major", dataset_major.to_string()),
        ("fields", join(fields.iter().map(FieldName::as_str).collect())),
        ("operations", join(operations.iter().map(|operation| operation.code()).collect())),
        ("purpose", purpose.code().to_owned()),
        ("legal-basis", legal_basis.code().to_owned()),
        ("consent", consent.code().to_owned()),
        ("consent-collected-by", consent_collected_by.code().to_owned()),
        ("population", join(population.iter().map(|kind| kind.code()).collect())),
        ("valid-from", valid_from.to_string()),
        ("valid-until", valid_until.map(|day| day.to_string()).unwrap_or_default()),
        ("daily-quota", daily_quota.map(|quota| quota.to_string()).unwrap_or_default()),
        ("state", state.code().to_owned()),
    ];
    let mut digest = Sha256::new();
    for (key, value) in lines {
        digest.update(format!("{key}={value}\n"));
    }
    digest.finalize().into()
}

impl ConsentRule {
    /// Its code, as registry files have it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotRequired => "not-required",
            Self::Required => "required",
        }
    }
}

impl ConsentCollector {
    /// Its code, as registry files have it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::PortalOrConsumer => "portal-or-consumer",
        }
    }
}

impl AgreementState {
    /// Its code, as registry files have it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::InForce => "in-force",
            Self::Suspended => "suspended",
            Self::Terminated => "terminated",
        }
    }
}
