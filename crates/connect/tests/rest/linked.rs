//! A file that an answer links: fetched from the allowed hosts, without the secret, and within the limits.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use unefois_connect::{Call, InvalidAnswer, Outage, ProviderFailure, RestProvider, RestSettings};

use crate::upstream::{Reply, Upstream};
use crate::{FILE_SIZE_BYTES_MAX, SIRET, TOKEN, ask, config, interface, shipped, siret};

/// A provider whose certificates are at that address.
async fn provider(address: String) -> Upstream {
    let body = json!({ "data": { "entity_status": { "code": "ok" }, "document_url": address } }).to_string();
    Upstream::replying(Reply::new(200, body)).await
}

/// The connector to that provider, where files of these hosts may be fetched.
fn connector(provider: &Upstream, file_hosts: &[&str]) -> RestProvider {
    let file_hosts = file_hosts.iter().map(|host| (*host).to_owned()).collect();
    let settings = RestSettings { file_hosts, timeout: Duration::from_secs(2), ..config(provider.base_url()) };
    RestProvider::new(settings, interface(&shipped("social-vigilance-certificate")).unwrap()).unwrap()
}

/// What comes of a certificate whose file is at that address, where files of these hosts may be fetched.
async fn certificate(address: String, file_hosts: &[&str]) -> Result<Value, ProviderFailure> {
    let upstream = provider(address).await;
    ask_certificate(&connector(&upstream, file_hosts)).await
}

async fn ask_certificate(connector: &RestProvider) -> Result<Value, ProviderFailure> {
    ask(connector, &siret(SIRET), json!({ "siren": &SIRET[..9] }), Call::default()).await
}

/// What comes of a file that is answered so.
async fn file(reply: Reply) -> Result<Value, ProviderFailure> {
    let files = Upstream::replying(reply).await;
    certificate(format!("{}/a.pdf", files.base_url()), &[&files.address.to_string()]).await
}

#[tokio::test]
async fn a_linked_file_comes_with_the_record_and_its_host_never_sees_the_secret() {
    let files = Upstream::replying(Reply::new(200, "%PDF-1.4 and more")).await;
    let address = format!("{}/a.pdf?signature=1", files.base_url());
    let record = certificate(address, &[&files.address.to_string()]).await.unwrap();
    assert_eq!(record["document"]["content"].as_str().unwrap(), STANDARD.encode("%PDF-1.4 and more"));
    assert_eq!((files.last().path.as_str(), files.last().query.as_str()), ("/a.pdf", "signature=1"));
    assert!(!files.last().authorization.contains(TOKEN));
}

#[tokio::test]
async fn a_link_elsewhere_is_not_followed() {
    let files = Upstream::replying(Reply::new(200, "%PDF-1.4")).await;
    let allowed = files.address.to_string();
    let port = files.address.port();
    for address in [
        format!("http://localhost:{port}/a.pdf"),
        format!("http://127.0.0.1:{}/a.pdf", port ^ 1),
        format!("http://{allowed}@127.0.0.2/a.pdf"),
        format!("http://user@{allowed}/a.pdf"),
        format!("https://{allowed}/a.pdf"),
        "http://127.0.0.1/a.pdf".to_owned(),
        "http://files.example/a.pdf".to_owned(),
        "file:///etc/passwd".to_owned(),
        "//127.0.0.1/a.pdf".to_owned(),
        "/a.pdf".to_owned(),
        "not an address".to_owned(),
        String::new(),
    ] {
        let outcome = certificate(address.clone(), &[&allowed]).await;
        let Err(ProviderFailure::Invalid { what }) = outcome else { panic!("{address}: {outcome:?}") };
        assert_eq!(what, InvalidAnswer::LinkNotAllowed { field: "data.document_url".to_owned() }, "{address}");
    }
    assert_eq!(files.questions(), 0);
}

#[tokio::test]
async fn no_file_is_fetched_where_no_host_is_allowed() {
    let files = Upstream::replying(Reply::new(200, "%PDF-1.4")).await;
    let outcome = certificate(format!("{}/a.pdf", files.base_url()), &[]).await;
    assert!(
        matches!(outcome, Err(ProviderFailure::Invalid { what: InvalidAnswer::LinkNotAllowed { .. } })),
        "{outcome:?}"
    );
    assert_eq!(files.questions(), 0);
}

#[tokio::test]
async fn a_file_that_redirects_is_not_followed() {
    let elsewhere = Upstream::replying(Reply::new(200, "%PDF-1.4")).await;
    let redirect = Reply::new(302, "").header("Location", format!("{}/a.pdf", elsewhere.base_url()));
    let outcome = file(redirect).await;
    assert!(
        matches!(outcome, Err(ProviderFailure::Invalid { what: InvalidAnswer::LinkedFile { status: 302, .. } })),
        "{outcome:?}"
    );
    assert_eq!(elsewhere.questions(), 0);
}

#[tokio::test]
async fn a_file_that_is_not_to_be_had_is_not_a_record_that_does_not_exist() {
    for status in [401, 403, 404, 410] {
        let outcome = file(Reply::new(status, "")).await;
        assert!(matches!(outcome, Err(ProviderFailure::Invalid { .. })), "{status}: {outcome:?}");
    }
    for status in [429, 500, 503] {
        let outcome = file(Reply::new(status, "")).await;
        assert!(matches!(outcome, Err(ProviderFailure::Unavailable { .. })), "{status}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_host_of_files_that_was_asked_too_often_is_left_alone_and_the_provider_is_not() {
    for (headers, due) in [(vec![("Retry-After", "30")], 30), (vec![("RateLimit-Reset", "20")], 20), (vec![], 1)] {
        let reply = headers.into_iter().fold(Reply::new(429, ""), |reply, (name, text)| reply.header(name, text));
        let files = Upstream::replying(reply).await;
        let upstream = provider(format!("{}/a.pdf", files.base_url())).await;
        let connector = connector(&upstream, &[&files.address.to_string()]);
        let first = ask_certificate(&connector).await;
        assert!(
            matches!(
                first,
                Err(ProviderFailure::Unavailable { retry_after: Some(wait), source: Outage::TooManyRequests })
                    if wait == Duration::from_secs(due)
            ),
            "{first:?}"
        );
        if due == 1 {
            // Too short for a slow machine to come back in time.
            continue;
        }
        let second = ask_certificate(&connector).await;
        assert!(
            matches!(
                second,
                Err(ProviderFailure::Unavailable { retry_after: Some(wait), source: Outage::LimitUsedUp })
                    if wait <= Duration::from_secs(due)
            ),
            "{second:?}"
        );
        assert_eq!((files.questions(), upstream.questions()), (1, 2));
    }
}

#[tokio::test]
async fn a_file_that_is_too_long_slow_or_broken_off_is_given_up() {
    let long = file(Reply::new(200, "x".repeat(FILE_SIZE_BYTES_MAX + 1))).await;
    assert!(
        matches!(
            long,
            Err(ProviderFailure::Invalid { what: InvalidAnswer::TooLong { max_bytes: FILE_SIZE_BYTES_MAX } })
        ),
        "{long:?}"
    );
    let slow = file(Reply::new(200, "").after(Duration::from_secs(30))).await;
    assert!(matches!(slow, Err(ProviderFailure::Unavailable { source: Outage::TimedOut(_), .. })), "{slow:?}");
    let broken = file(Reply::new(200, "%PDF").header("Content-Length", "4000")).await;
    assert!(matches!(broken, Err(ProviderFailure::Unavailable { source: Outage::Connection(_), .. })), "{broken:?}");
}
