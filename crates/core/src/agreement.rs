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
    /// Whether a subscription under it may be told about every subject that it covers, and not only about those on whom
    /// the consumer has declared an open dossier. Written out wherever the agreement is shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_population: bool,
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
/// write it, lists joined by `,`, an absent value empty. The line of `whole-population` is there only where it is granted,
/// after that of `population`: agreements without it keep the digest that they had before there was such a term.
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
        whole_population,
        valid_from,
        valid_until,
        daily_quota,
        state,
    } = agreement;
    let join = |items: Vec<&str>| items.join(",");
    let mut lines = vec![
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
    ];
    if *whole_population {
        lines.push(("whole-population", "true".to_owned()));
    }
    lines.extend([
        ("valid-from", valid_from.to_string()),
        ("valid-until", valid_until.map(|day| day.to_string()).unwrap_or_default()),
        ("daily-quota", daily_quota.map(|quota| quota.to_string()).unwrap_or_default()),
        ("state", state.code().to_owned()),
    ]);
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

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = r#"
        id = "d14-benefits"
        title = "Turnover for benefits"
        consumer = "cnaf"
        provider = "urssaf"
        dataset = "declared-turnover"
        fields = ["siren", "amounts"]
        operations = ["pull", "push"]
        purpose = "simplification"
        legal-basis = "crpa-l114-8-i"
        population = ["natural-person", "company"]
        valid-from = "2026-01-01"
    "#;

    fn agreement() -> Agreement {
        toml::from_str(TOML).unwrap()
    }

    #[test]
    fn what_a_file_leaves_out_has_the_careful_default() {
        let agreement = agreement();
        assert_eq!((agreement.dataset_major, agreement.valid_until, agreement.daily_quota), (1, None, None));
        assert_eq!(agreement.consent, ConsentRule::NotRequired);
        assert_eq!(agreement.consent_collected_by, ConsentCollector::Portal);
        assert_eq!(agreement.state, AgreementState::InForce);
        assert!(!agreement.whole_population);
    }

    #[test]
    fn a_word_outside_a_closed_list_is_refused() {
        for (known, unknown) in [
            ("\"simplification\"", "\"curiosity\""),
            ("crpa-l114-8-i", "crpa-l999"),
            ("\"pull\"", "\"copy\""),
            ("\"natural-person\"", "\"anybody\""),
            ("2026-01-01", "2026-02-30"),
        ] {
            assert!(toml::from_str::<Agreement>(&TOML.replacen(known, unknown, 1)).is_err(), "{unknown}");
        }
    }

    #[test]
    fn the_digest_is_over_the_documented_text() {
        let text = "id=d14-benefits\ntitle=Turnover for benefits\nconsumer=cnaf\nprovider=urssaf\n\
                    dataset=declared-turnover\ndataset-major=1\nfields=siren,amounts\noperations=pull,push\n\
                    purpose=simplification\nlegal-basis=crpa-l114-8-i\nconsent=not-required\n\
                    consent-collected-by=portal\npopulation=natural-person,company\nvalid-from=2026-01-01\n\
                    valid-until=\ndaily-quota=\nstate=in-force\n";
        assert_eq!(policy_digest(&agreement()), <[u8; 32]>::from(Sha256::digest(text)));
    }

    #[test]
    fn an_agreement_that_grants_the_whole_population_says_so_in_its_file_and_digest() {
        let granting: Agreement = toml::from_str(&format!("{TOML}whole-population = true")).unwrap();
        assert!(granting.whole_population);
        assert!(toml::to_string(&granting).unwrap().contains("whole-population = true"));
        assert!(!toml::to_string(&agreement()).unwrap().contains("whole-population"));
        let text = "id=d14-benefits\ntitle=Turnover for benefits\nconsumer=cnaf\nprovider=urssaf\n\
                    dataset=declared-turnover\ndataset-major=1\nfields=siren,amounts\noperations=pull,push\n\
                    purpose=simplification\nlegal-basis=crpa-l114-8-i\nconsent=not-required\n\
                    consent-collected-by=portal\npopulation=natural-person,company\nwhole-population=true\n\
                    valid-from=2026-01-01\nvalid-until=\ndaily-quota=\nstate=in-force\n";
        assert_eq!(policy_digest(&granting), <[u8; 32]>::from(Sha256::digest(text)));
    }

    #[test]
    fn each_term_counts_in_the_digest() {
        let amendments: [fn(&mut Agreement); 18] = [
            |agreement| agreement.id = AgreementId::parse("other").unwrap(),
            |agreement| agreement.title.push('!'),
            |agreement| agreement.consumer = AgencyCode::parse("other").unwrap(),
            |agreement| agreement.provider = AgencyCode::parse("other").unwrap(),
            |agreement| agreement.dataset = DatasetId::parse("other").unwrap(),
            |agreement| agreement.dataset_major = 2,
            |agreement| agreement.fields.reverse(),
            |agreement| agreement.operations.truncate(1),
            |agreement| agreement.purpose = Purpose::Fraud,
            |agreement| agreement.legal_basis = LegalBasis::from_code("crpa-l114-8-ii").unwrap(),
            |agreement| agreement.consent = ConsentRule::Required,
            |agreement| agreement.consent_collected_by = ConsentCollector::PortalOrConsumer,
            |agreement| agreement.population.truncate(1),
            |agreement| agreement.whole_population = true,
            |agreement| agreement.valid_from = "2026-01-02".parse().unwrap(),
            |agreement| agreement.valid_until = Some("2026-12-31".parse().unwrap()),
            |agreement| agreement.daily_quota = Some(0),
            |agreement| agreement.state = AgreementState::Suspended,
        ];
        let mut digests = std::collections::HashSet::from([policy_digest(&agreement())]);
        for amend in amendments {
            let mut amended = agreement();
            amend(&mut amended);
            assert!(digests.insert(policy_digest(&amended)), "{amended:?}");
        }
    }

    #[test]
    fn codes_are_the_words_of_registry_files() {
        let word = |value: serde_json::Value| value.as_str().map(str::to_owned).unwrap();
        for state in [AgreementState::InForce, AgreementState::Suspended, AgreementState::Terminated] {
            assert_eq!(word(serde_json::to_value(state).unwrap()), state.code());
        }
        for rule in [ConsentRule::NotRequired, ConsentRule::Required] {
            assert_eq!(word(serde_json::to_value(rule).unwrap()), rule.code());
        }
        for collector in [ConsentCollector::Portal, ConsentCollector::PortalOrConsumer] {
            assert_eq!(word(serde_json::to_value(collector).unwrap()), collector.code());
        }
    }
}
