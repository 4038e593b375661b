//! The live providers of the demonstration: their sandboxes' real answers, and providers that cannot be relied on.

use std::{path::PathBuf, time::Duration};

use prost::Message;
use unefois_client::{Connection, PullError, Refused, RetryPolicy, pull};
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    calendar::v1::Month,
    certificate::v1::{SocialVigilanceCertificate, TaxComplianceCertificate, VigilanceState},
    exchange::v1::PullRequest,
    income::v1::{FamilyQuotient, FamilyQuotientScheme, UnemploymentPayments},
    ledger::v1::{Outcome, Source},
    status::v1::JobSeekerRegistration,
    subject::v1::{LocalIdentifier, Subject, subject::Identifier},
};
use unefois_testkit::{ApiGouv, House, HouseSettings, Person, Script, context, live_providers, shared_data};

use crate::UNEFOIS;

const DATASETS: [&str; 5] = [
    "social-vigilance-certificate",
    "tax-compliance-certificate",
    "job-seeker-registration",
    "unemployment-payments",
    "family-quotient",
];
const VIGILANCE: &str = "api_entreprise_v4_acoss_attestations_sociales";
const TAXES: &str = "api_entreprise_v4_dgfip_attestations_fiscales";
const REGISTRATION: &str = "api_particulier_v3_france_travail_statut_with_identifiant";
const PAYMENTS: &str = "api_particulier_v3_france_travail_indemnites_with_identifiant";
const QUOTIENT: &str = "api_particulier_v3_cnav_quotient_familial_with_civility";

/// A hub that asks one provider live.
struct Scene {
    provider: ApiGouv,
    house: House,
}

impl Scene {
    async fn of(folder: Option<PathBuf>) -> Self {
        Self::with_pause(folder, "200ms").await
    }

    /// The same, where the provider is believed when it wants to be left alone for so long.
    async fn with_pause(folder: Option<PathBuf>, pause_max: &str) -> Self {
        let provider = ApiGouv::serve(folder).await;
        let settings = HouseSettings {
            sandbox: vec!["siren:000000001".to_owned(), "siren:000000002".to_owned()],
            more: live_providers(&provider.base_url(), &DATASETS).replace("200ms", pause_max),
            ..HouseSettings::default()
        };
        let house = House::open_with(UNEFOIS, &settings).await;
        Self { provider, house }
    }

    /// What the consumer gets, its receipt verified.
    async fn answer<M: Message + Default>(&self, consumer: &str, question: PullRequest) -> M {
        let consumer = self.house.agency(consumer).await;
        let answer = pull(&consumer, question, &RetryPolicy::never()).await.unwrap();
        answer.verify(&self.house.public_key().await).unwrap();
        assert_eq!(answer.response.freshness.unwrap().source(), Source::Live);
        M::decode(answer.response.data.as_deref().unwrap()).unwrap()
    }

    async fn refusal(&self, consumer: &Connection, question: PullRequest) -> Refused {
        match pull(consumer, question, &RetryPolicy::never()).await {
            Err(PullError::Refused(refused)) => refused,
            other => panic!("{other:?}"),
        }
    }

    async fn reason(&self, consumer: &str, question: PullRequest) -> String {
        self.refusal(&self.house.agency(consumer).await, question).await.reason
    }

    /// The same, when the provider says that next.
    async fn reason_after(&self, script: Script, consumer: &str, question: PullRequest) -> String {
        self.provider.answers_next(script).await;
        self.reason(consumer, question).await
    }
}

fn question(agreement: &str, dataset: &str, identifier: Identifier, key: &impl Message) -> PullRequest {
    PullRequest {
        context: Some(context(agreement)),
        dataset: dataset.to_owned(),
        subject: Some(Subject { identifier: Some(identifier) }),
        key: key.encode_to_vec(),
        field_mask: None,
    }
}

fn vigilance(siren: &str) -> PullRequest {
    question("vigilance-public-buyers", DATASETS[0], Identifier::Siren(siren.to_owned()), &())
}

fn taxes(siren: &str) -> PullRequest {
    question("d01-osp", DATASETS[1], Identifier::Siren(siren.to_owned()), &())
}

fn job_seeker(number: &str) -> Identifier {
    Identifier::Local(LocalIdentifier { agency: "france-travail".to_owned(), value: number.to_owned() })
}

fn registration(number: &str) -> PullRequest {
    question("d04-acre", DATASETS[2], job_seeker(number), &())
}

fn payments(number: &str, month: i32) -> PullRequest {
    let key = UnemploymentPayments {
        month: Some(Month { year: Some(2021), month: Some(month) }),
        ..UnemploymentPayments::default()
    };
    question("unemployment-payments-cnaf", DATASETS[3], job_seeker(number), &key)
}

fn quotient(year: i32, month: i32) -> PullRequest {
    let key =
        FamilyQuotient { month: Some(Month { year: Some(year), month: Some(month) }), ..FamilyQuotient::default() };
    let nir = Person::invented(77).by_nir().identifier.unwrap();
    question("family-quotient-cnaf", DATASETS[4], nir, &key)
}

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
        ("429.yaml", "PROVIDER_UNAVAILABLE"),
    ] {
        let script = Script::Case(folder.join(case));
        assert_eq!(scene.reason_after(script, "commune-31555", quotient(2023, 6)).await, due, "{case}");
    }
    // Of another month than the one asked for.
    let script = Script::Case(folder.join("200-giraud-anne-3_enfants.yaml"));
    let reason = scene.reason_after(script, "commune-31555", quotient(2023, 5)).await;
    assert_eq!(reason, "PROVIDER_ANSWER_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_used_up_is_respected_until_it_is_renewed() {
    let scene = Scene::with_pause(None, "1h").await;
    let cnaf = scene.house.agency("cnaf").await;
    let used_up = Script::Answer("429 Too Many Requests", "RateLimit-Remaining: 0\r\nRateLimit-Reset: 1800\r\n", "{}");
    scene.provider.answers_next(used_up).await;
    for _ in 0..3 {
        let refused = scene.refusal(&cnaf, payments("default", 1)).await;
        assert_eq!(refused.reason, "PROVIDER_UNAVAILABLE");
        assert!(refused.retry_after.unwrap() > Duration::from_secs(1000));
    }
    assert_eq!(scene.provider.all_asked().await.len(), 1, "it was asked although its limit was used up");
    // Its limit is its own: another interface may be asked meanwhile.
    assert_eq!(scene.reason("urssaf", registration("1")).await, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_be_relied_on_costs_an_error_and_is_recorded() {
    let scene = Scene::of(None).await;
    let elsewhere = ApiGouv::serve(None).await;
    let (later, invalid) = ("PROVIDER_UNAVAILABLE", "PROVIDER_ANSWER_INVALID");
    let body = r#"{"data":{"identifiant":"1","paiements":[{"date_versement":"2021-01-01","montant_total":1}]}}"#;
    let bytes = |text: String| Script::Bytes(text.into_bytes());
    let shorter = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len() - 9);
    let longer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len() + 9);
    let twice = format!("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 5\r\n\r\n{body}");
    let redirect =
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {}/x\r\ncontent-length: 0\r\n\r\n", elsewhere.base_url());
    let long = format!("HTTP/1.1 200 OK\r\n\r\n{}{body}", " ".repeat(64 * 1024));
    for (script, due) in [
        (bytes("not HTTP at all\r\n\r\n".to_owned()), later),
        (bytes(shorter), invalid),
        (bytes(longer), later),
        (bytes(twice), later),
        (bytes(redirect), invalid),
        (bytes(long), invalid),
        (Script::Endless(Duration::from_millis(100)), later),
        (Script::Endless(Duration::ZERO), invalid),
        (Script::Silence(Duration::from_secs(20)), later),
        (Script::Answer("200 OK", "", "\u{0}\u{1}\u{2}"), invalid),
        (Script::Answer("200 OK", "", "{\"data\":{\"identifiant\":\"1\",\"paiements\":7}}"), invalid),
        (Script::Answer("422 Unprocessable Content", "", "{\"errors\":[]}"), invalid),
        (Script::Answer("401 Unauthorized", "", "{}"), later),
        (Script::Answer("500 Internal Server Error", "", "{}"), later),
        (Script::Answer("503 Service Unavailable", "retry-after: 7\r\n", "{}"), later),
    ] {
        let label = format!("{script:.300?}");
        let cnaf = scene.house.agency("cnaf").await;
        scene.provider.answers_next(script).await;
        let refused = scene.refusal(&cnaf, payments("default", 1)).await;
        assert_eq!(refused.reason, due, "{label}");
        let search = SearchExchangesRequest { outcome: Outcome::Failed.into(), ..Default::default() };
        let public = scene.house.audited(search).await[0].public_part.clone().unwrap();
        assert_eq!(public.entry_id, refused.exchange_id.unwrap().as_bytes(), "{label}");
    }
    assert!(elsewhere.all_asked().await.is_empty(), "the redirection was followed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_elsewhere_or_that_is_none_is_refused_with_its_certificate() {
    let scene = Scene::of(None).await;
    let elsewhere = ApiGouv::serve(None).await;
    let stating = |address: String| {
        let body = format!("{{\"data\":{{\"entity_status\":{{\"code\":\"ok\"}},\"document_url\":\"{address}\"}}}}");
        Script::Bytes(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes())
    };
    let script = stating(format!("{}/a.pdf", elsewhere.base_url()));
    let reason = scene.reason_after(script, "commune-31555", vigilance("000000001")).await;
    assert_eq!(reason, "PROVIDER_ANSWER_INVALID");
    assert!(elsewhere.all_asked().await.is_empty(), "a host that is not allowed was asked");
    let here = format!("{}/a.pdf", scene.provider.base_url());
    for file in ["MZ a program", ""] {
        scene.provider.answers_next(stating(here.clone())).await;
        let script = Script::Answer("200 OK", "content-type: application/pdf\r\n", file);
        let reason = scene.reason_after(script, "commune-31555", vigilance("000000001")).await;
        assert_eq!(reason, "PROVIDER_ANSWER_INVALID", "{file}");
    }
}

#[test]
fn a_mistake_in_an_interface_stops_the_start_and_is_named() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("wrong.toml");
    let good = include_str!("../../deploy/demonstration/providers/unemployment-payments.toml");
    std::fs::write(&file, good.replace("paid_on =", "payed_on =")).unwrap();
    let more = live_providers("http://127.0.0.1:1", &["unemployment-payments"]);
    let shipped = more.split('"').find(|text| text.ends_with("/unemployment-payments.toml")).unwrap().to_owned();
    let more = more.replace(&shipped, file.to_str().unwrap());
    let house = House::build(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() });
    let said = house.try_start().unwrap_err();
    for part in ["wrong.toml", r#"fields."payments".fields."payed_on""#] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
