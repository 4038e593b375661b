//! The live providers of the demonstration, with their sandboxes' real answers.

mod scene;
mod unreliable;

use unefois_proto::pb::{
    certificate::v1::{SocialVigilanceCertificate, TaxComplianceCertificate, VigilanceState},
    income::v1::{FamilyQuotient, FamilyQuotientScheme, UnemploymentPayments},
    status::v1::JobSeekerRegistration,
};
use unefois_testkit::{Person, Script, shared_data};

use self::scene::{DATASETS, Scene, payments, question, quotient, registration, taxes, vigilance};

const VIGILANCE: &str = "api_entreprise_v4_acoss_attestations_sociales";
const TAXES: &str = "api_entreprise_v4_dgfip_attestations_fiscales";
const REGISTRATION: &str = "api_particulier_v3_france_travail_statut_with_identifiant";
const PAYMENTS: &str = "api_particulier_v3_france_travail_indemnites_with_identifiant";
const QUOTIENT: &str = "api_particulier_v3_cnav_quotient_familial_with_civility";

#[tokio::test(flavor = "multi_thread")]
async fn a_vigilance_certificate_comes_with_its_document() {
    let Some(folder) = shared_data(VIGILANCE) else { return };
    let pdf = std::fs::read(folder.join("attestation_vigilance_test.pdf")).unwrap();
    let scene = Scene::of(Some(folder)).await;
    let issued: SocialVigilanceCertificate = scene.answer("commune-31555", vigilance("000000001")).await;
    assert_eq!((issued.siren.as_deref(), issued.state()), (Some("000000001"), VigilanceState::Issued));
    assert_eq!(issued.security_code.as_deref(), Some("YAB458G1B2T8IZW"));
    assert_eq!(issued.valid_until.unwrap().month, Some(7));
    let document = issued.document.unwrap();
    assert_eq!(document.sha256.unwrap().len(), 32, "the hub adds the digest");
    assert!(document.content.unwrap() == pdf, "the document has changed");
    let asked = scene.provider.all_asked().await;
    let [question, file] = asked.as_slice() else { panic!("{} questions", asked.len()) };
    assert!(question.to_lowercase().contains("authorization: bearer sandbox"));
    assert!(!file.to_lowercase().contains("authorization"), "the host of files is told the secret");

    let refused: SocialVigilanceCertificate = scene.answer("commune-31555", vigilance("000000002")).await;
    assert_eq!((refused.state(), refused.valid_from, refused.document), (VigilanceState::Refused, None, None));
    assert_eq!(scene.reason("commune-31555", vigilance("440752244")).await, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tax_certificate_comes_through_and_who_does_not_comply_is_unknown() {
    let Some(folder) = shared_data(TAXES) else { return };
    let scene = Scene::of(Some(folder)).await;
    let certificate: TaxComplianceCertificate = scene.answer("urssaf", taxes("000000001")).await;
    assert_eq!((certificate.compliant, certificate.issued_on.unwrap().day), (Some(true), Some(11)));
    assert_eq!(certificate.period_end.unwrap().month, Some(3));
    assert!(certificate.document.unwrap().content.unwrap().starts_with(b"%PDF-"));
    assert_eq!(scene.reason("urssaf", taxes("000000002")).await, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn registrations_of_job_seekers_come_through() {
    let Some(folder) = shared_data(REGISTRATION) else { return };
    let scene = Scene::of(Some(folder)).await;
    for (number, ended) in [("default", false), ("123456A", false), ("123460A", false), ("123461A", true)] {
        let record: JobSeekerRegistration = scene.answer("urssaf", registration(number)).await;
        assert_eq!((record.job_seeker_number.as_deref(), record.category), (Some(number), Some(1)));
        assert_eq!(record.registered_until.is_some(), ended, "{number}");
        assert!(record.registered_from.is_some() && record.identity.is_none(), "{number}");
    }
    assert_eq!(scene.reason("urssaf", registration("not_found")).await, "NOT_FOUND");
    // The provider knows the person by its own number only.
    let by_nir = question("d04-acre", DATASETS[2], Person::invented(77).by_nir().identifier.unwrap(), &());
    assert_eq!(scene.reason("urssaf", by_nir).await, "KEY_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_all_payments_those_of_the_month_come_through() {
    let Some(folder) = shared_data(PAYMENTS) else { return };
    let scene = Scene::of(Some(folder)).await;
    for (month, cents) in [(1, 12_340), (2, 34_510)] {
        let record: UnemploymentPayments = scene.answer("cnaf", payments("default", month)).await;
        let [payment] = record.payments.as_slice() else { panic!("{} payments", record.payments.len()) };
        assert_eq!((payment.total_cents, payment.allowances_cents), (Some(cents), Some(cents)));
        assert_eq!((payment.paid_on.as_ref().unwrap().month, payment.aids_cents), (Some(month), Some(0)));
        assert_eq!(record.month.unwrap().month, Some(month));
    }
    assert_eq!(scene.reason("cnaf", payments("default", 3)).await, "NOT_FOUND");
    assert_eq!(scene.reason("cnaf", payments("inconnu", 1)).await, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_family_quotient_of_the_sandbox_comes_through() {
    let Some(folder) = shared_data(QUOTIENT) else { return };
    let scene = Scene::of(None).await;
    let mut good = 0;
    for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        let text = std::fs::read_to_string(&file).unwrap().replace("\r\n", "\n");
        if file.extension().is_none_or(|extension| extension != "yaml") || !text.contains("\nstatus: 200\n") {
            continue;
        }
        let stated = |name: &str| -> i32 {
            let (_, value) = text.split_once(&format!("\"{name}\": ")).unwrap();
            value.split([',', '\n']).next().unwrap().parse().unwrap()
        };
        scene.provider.answers_next(Script::Case(file.clone())).await;
        let asked = quotient(stated("annee"), stated("mois"));
        let record: FamilyQuotient = scene.answer("commune-31555", asked).await;
        assert_eq!(record.quotient_euros, Some(stated("valeur")), "{}", file.display());
        let msa = text.contains("\"fournisseur\": \"MSA\"");
        assert_eq!(record.scheme() == FamilyQuotientScheme::Msa, msa, "{}", file.display());
        assert!(record.children.is_empty() && record.address.is_none(), "not granted");
        good += 1;
    }
    assert_eq!(good, 19, "the sandbox has other cases than it had");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_errors_of_a_sandbox_are_what_they_say() {
    let Some(folder) = shared_data(QUOTIENT) else { return };
    let scene = Scene::of(None).await;
    for (case, due) in [
        ("404.yaml", "NOT_FOUND"),
        ("404-identite-cas-limite-erreur-phonetique.yaml", "NOT_FOUND"),
        ("502.yaml", "PROVIDER_UNAVAILABLE"),
        ("504.yaml", "PROVIDER_UNAVAILABLE"),
        // Of another month than the one asked for.
        ("200-giraud-anne-3_enfants.yaml", "PROVIDER_ANSWER_INVALID"),
        // The last: nothing is asked for a while after it.
        ("429.yaml", "PROVIDER_UNAVAILABLE"),
    ] {
        let script = Script::Case(folder.join(case));
        assert_eq!(scene.reason_after(script, "commune-31555", quotient(2023, 5)).await, due, "{case}");
    }
}
