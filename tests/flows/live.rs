//! The promises whose provider is asked live, each on its whole way with an answer of its real sandbox.

use serde_json::{Value, json};
use unefois_proto::pb::subject::v1::{LocalIdentifier, subject::Identifier};
use unefois_testkit::{ApiGouv, HouseSettings, Person, Script, live_providers, shared_data};

use crate::{registry, scene::Scene};

/// One interface of the demonstration.
struct Sandbox {
    dataset: &'static str,
    /// Of its answers.
    folder: &'static str,
    /// The answer, where the sandbox knows people by traits and not by what the hub asks.
    answer: Option<&'static str>,
    agreement: &'static str,
    subject: Identifier,
    /// A part of the record: its key, and what proves that the answer was read.
    record: Value,
}

fn sandboxes() -> Vec<Sandbox> {
    of_companies().into_iter().chain(of_persons()).collect()
}

fn of_companies() -> [Sandbox; 3] {
    [
        Sandbox {
            dataset: "company-turnover",
            folder: "api_entreprise_v3_dgfip_chiffres_affaires",
            answer: None,
            agreement: "company-turnover-urssaf",
            subject: Identifier::Siret("13002526500001".to_owned()),
            record: json!({ "siret": "13002526500001", "year": 2023, "turnover_cents": 90_000_100 }),
        },
        Sandbox {
            dataset: "tax-compliance-certificate",
            folder: "api_entreprise_v4_dgfip_attestations_fiscales",
            answer: None,
            agreement: "d01-osp",
            subject: Identifier::Siren("000000001".to_owned()),
            record: json!({
                "siren": "000000001",
                "compliant": true,
                "issued_on": { "year": 2023, "month": 4, "day": 11 }
            }),
        },
        Sandbox {
            dataset: "social-vigilance-certificate",
            folder: "api_entreprise_v4_acoss_attestations_sociales",
            answer: None,
            agreement: "vigilance-public-buyers",
            subject: Identifier::Siren("000000001".to_owned()),
            record: json!({
                "siren": "000000001",
                "state": "VIGILANCE_STATE_ISSUED",
                "valid_until": { "year": 2023, "month": 7, "day": 31 }
            }),
        },
    ]
}

fn of_persons() -> [Sandbox; 3] {
    let job_seeker = |number: &str| {
        Identifier::Local(LocalIdentifier { agency: "france-travail".to_owned(), value: number.to_owned() })
    };
    [
        Sandbox {
            dataset: "job-seeker-registration",
            folder: "api_particulier_v3_france_travail_statut_with_identifiant",
            answer: None,
            agreement: "d04-acre",
            subject: job_seeker("123456A"),
            record: json!({
                "job_seeker_number": "123456A",
                "category": 1,
                "registered_from": { "year": 2024, "month": 1, "day": 1 }
            }),
        },
        Sandbox {
            dataset: "unemployment-payments",
            folder: "api_particulier_v3_france_travail_indemnites_with_identifiant",
            answer: None,
            agreement: "unemployment-payments-cnaf",
            subject: job_seeker("default"),
            record: json!({
                "month": { "year": 2021, "month": 2 },
                "payments": [{
                    "paid_on": { "year": 2021, "month": 2, "day": 1 },
                    "total_cents": 34_510,
                    "allowances_cents": 34_510,
                    "aids_cents": 0,
                    "other_cents": 0
                }]
            }),
        },
        Sandbox {
            dataset: "family-quotient",
            folder: "api_particulier_v3_cnav_quotient_familial_with_civility",
            answer: Some("200-giraud-anne-3_enfants.yaml"),
            agreement: "family-quotient-cnaf",
            subject: Person::invented(77).by_nir().identifier.unwrap(),
            record: json!({
                "month": { "year": 2023, "month": 6 },
                "scheme": "FAMILY_QUOTIENT_SCHEME_CNAF",
                "quotient_euros": 1200
            }),
        },
    ]
}

impl Sandbox {
    async fn goes_its_whole_way(self) {
        let Some(folder) = shared_data(self.folder) else { return };
        let case = self.answer.map(|answer| folder.join(answer));
        let provider = ApiGouv::serve(Some(folder)).await;
        let settings = HouseSettings {
            sandbox: vec!["siret:13002526500001".to_owned(), "siren:000000001".to_owned()],
            more: live_providers(&provider.base_url(), &[self.dataset]),
            ..HouseSettings::default()
        };
        for _ in ["typed", "generic"] {
            if let Some(case) = &case {
                provider.answers_next(Script::Case(case.clone())).await;
            }
        }
        let scene = Scene::with(provider, &settings).await;
        scene.walk(self.agreement, &self.subject, self.record).goes_its_whole_way().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_of_a_live_provider_goes_its_whole_way() {
    for sandbox in sandboxes() {
        sandbox.goes_its_whole_way().await;
    }
}

#[test]
fn every_provider_of_the_demonstration_is_walked_with() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/demonstration/providers");
    let mut there: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    there.sort();
    let mut walked: Vec<&str> = sandboxes().iter().map(|sandbox| sandbox.dataset).collect();
    walked.sort_unstable();
    assert_eq!(there, walked);
    for Sandbox { dataset, agreement, .. } in sandboxes() {
        let registry = registry();
        let known = registry.agreements.iter().find(|known| known.id.as_str() == agreement).unwrap();
        assert_eq!(known.dataset.as_str(), dataset);
    }
}
