//! Providers that cannot be relied on: what they cost is an error, and an entry of the ledger.

use std::{path::Path, time::Duration};

use prost::Message;
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest, certificate::v1::SocialVigilanceCertificate, exchange::v1::PullRequest,
    ledger::v1::Outcome,
};
use unefois_testkit::{ApiGouv, House, HouseSettings, Script, live_providers};

use super::scene::{Scene, payments, registration, vigilance};
use crate::UNEFOIS;

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
    let shorter = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len() - 9);
    let longer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len() + 9);
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
        Script::Bytes(
            format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
                .into_bytes(),
        )
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

/// The configuration of a provider that is asked by this file instead of the one of the demonstration.
fn asked_by(base_url: &str, dataset: &str, file: &Path) -> String {
    let more = live_providers(base_url, &[dataset]);
    let shipped = more.split('"').find(|text| text.ends_with(&format!("/{dataset}.toml"))).unwrap().to_owned();
    more.replace(&shipped, file.to_str().unwrap())
}

#[test]
fn a_mistake_in_an_interface_stops_the_start_and_is_named() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("wrong.toml");
    let good = include_str!("../../../deploy/demonstration/providers/unemployment-payments.toml");
    std::fs::write(&file, good.replace("paid_on =", "payed_on =")).unwrap();
    let more = asked_by("http://127.0.0.1:1", "unemployment-payments", &file);
    let house = House::build(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() });
    let said = house.try_start().unwrap_err();
    for part in ["wrong.toml", r#"fields."payments".fields."payed_on""#] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_address_of_a_provider_is_not_taken_for_an_unknown_company() {
    let scene = Scene::of(None).await;
    assert_eq!(scene.reason("commune-31555", vigilance("810000117")).await, "NOT_FOUND");
    for body in ["", "<html>no such page</html>", "{\"errors\":[{\"code\":\"00404\"}]}"] {
        let script = Script::Answer("404 Not Found", "", body);
        let reason = scene.reason_after(script, "commune-31555", vigilance("810000117")).await;
        assert_eq!(reason, "PROVIDER_ANSWER_INVALID", "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_not_asked_about_another_company_than_the_subject() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("twice.toml");
    let once = include_str!("../../../deploy/demonstration/providers/social-vigilance-certificate.toml");
    // It names the subject a second time, by its own identifier.
    let twice = once.replace("query = { ", "query = { by = \"{subject.siren}\", ");
    assert_ne!(once, twice);
    std::fs::write(&file, twice).unwrap();
    let provider = ApiGouv::serve(None).await;
    let more = asked_by(&provider.base_url(), "social-vigilance-certificate", &file);
    for scene in [Scene::of(None).await, Scene::asking(provider, more).await] {
        let other = SocialVigilanceCertificate { siren: Some("000000002".to_owned()), ..Default::default() };
        let question = PullRequest { key: other.encode_to_vec(), ..vigilance("000000001") };
        let refused = scene.refusal(&scene.house.agency("commune-31555").await, question).await;
        assert_eq!(refused.reason, "KEY_INVALID");
        assert_eq!(scene.provider.all_asked().await, [] as [&str; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_of_files_that_was_asked_too_often_says_when_to_come_back() {
    let scene = Scene::with_pause(None, "1h").await;
    let commune = scene.house.agency("commune-31555").await;
    let body: &'static str =
        format!(r#"{{"data":{{"entity_status":{{"code":"ok"}},"document_url":"{}/a"}}}}"#, scene.provider.base_url())
            .leak();
    scene.provider.answers_next(Script::Answer("200 OK", "", body)).await;
    scene.provider.answers_next(Script::Answer("429 Too Many Requests", "retry-after: 1800\r\n", "")).await;
    for asked in [2, 3] {
        let refused = scene.refusal(&commune, vigilance("810000117")).await;
        assert_eq!(refused.reason, "PROVIDER_UNAVAILABLE");
        assert!(refused.retry_after.unwrap() > Duration::from_secs(1000), "{refused:?}");
        // The provider itself may be asked; the host of its files is not.
        assert_eq!(scene.provider.all_asked().await.len(), asked);
        scene.provider.answers_next(Script::Answer("200 OK", "", body)).await;
    }
}
