//! What the settings become: the question as the provider sees it, what must not be set, and what is never shown.

use std::time::Duration;

use unefois_connect::{InvalidRestSettings, RestSettings, Secret, TrustedRoots};

use crate::upstream::{Reply, Upstream};
use crate::{NOT_KNOWN, SIRET, TOKEN, config, connector, log, open, turnover_of, with_parameter, years};

#[tokio::test]
async fn the_question_carries_token_year_and_encoded_parameters() {
    let upstream = Upstream::replying(Reply::new(404, NOT_KNOWN)).await;
    let with_prefix = open(config(format!("{}/prefix/", upstream.base_url()))).unwrap();
    let _ = turnover_of(&with_prefix, 2023).await;
    let asked = upstream.last();
    assert_eq!(asked.path, format!("/prefix/v3/dgfip/etablissements/{SIRET}/chiffres_affaires"));
    assert_eq!(
        asked.query,
        "context=Tests%20d%27%C3%A9changes&object=unefois%20%26%20co&recipient=13002526500013&year=2023"
    );
    assert_eq!(asked.authorization, format!("Bearer {TOKEN}"));
}

#[tokio::test]
async fn neither_siret_nor_answer_nor_token_is_ever_logged_or_shown() {
    let log = log::Captured::start();
    let mut shown = String::new();
    let body = years(&[("2023-12-31", "7654321")]);
    for (status, body) in
        [(200, body.as_str()), (200, "7654321"), (401, &body), (500, &body), (404, &body), (429, &body)]
    {
        let upstream = Upstream::replying(Reply::new(status, body)).await;
        let connector = connector(&upstream);
        // An answer is the record itself: what may be shown is why there is none.
        let outcome = turnover_of(&connector, 2023).await.map(drop);
        shown += &format!("{connector:?} {outcome:?} {:?}", config(upstream.base_url()));
    }
    shown += &log.text();
    for secret in [SIRET, "7654321", TOKEN] {
        assert!(!shown.contains(secret), "`{secret}` in {shown}");
    }
}

#[test]
fn http_is_for_loopback_hosts_only() {
    for base_url in ["http://127.0.0.1:8080", "http://localhost", "http://LOCALHOST:1/x/", "http://[::1]:80"] {
        open(config(base_url.to_owned())).unwrap();
    }
    for base_url in [
        "http://entreprise.api.gouv.fr",
        "http://10.0.0.1",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://user@localhost",
        "http://localhost:99999",
        "http://localhost:",
        "http://localhost?x=1",
        "http://localhost#x",
        "http://localhost/a/../b",
        "http://localhost/./b",
        "http://localhost//b",
        "http://local host",
        "ftp://localhost",
        "localhost",
        "/path",
        "http://",
        "",
    ] {
        let refused = open(config(base_url.to_owned()));
        assert!(matches!(refused, Err(InvalidRestSettings::BaseUrl)), "{base_url}: {refused:?}");
    }
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    let good = || config("http://localhost".to_owned());
    let secret = |text: &str| Secret::new(text.to_owned());
    let host = |host: &str| vec![host.to_owned()];
    for (config, name) in [
        (RestSettings { secret: secret(""), ..good() }, "secret"),
        (RestSettings { secret: secret("two\nlines"), ..good() }, "secret"),
        (RestSettings { parameters: with_parameter("context", Some("")), ..good() }, "`parameters.context`"),
        (
            RestSettings { parameters: with_parameter("object", Some(&"x".repeat(513))), ..good() },
            "`parameters.object`",
        ),
        (RestSettings { parameters: with_parameter("recipient", None), ..good() }, "`parameters.recipient`"),
        (RestSettings { parameters: with_parameter("other", Some("x")), ..good() }, "`parameters.other`"),
        (RestSettings { file_hosts: host("https://files.example"), ..good() }, "`file-hosts`"),
        (RestSettings { file_hosts: host("user@files.example"), ..good() }, "`file-hosts`"),
        (RestSettings { file_hosts: host(""), ..good() }, "`file-hosts`"),
        (RestSettings { timeout: Duration::ZERO, ..good() }, "`timeout`"),
        (RestSettings { answer_size_bytes_max: 0, ..good() }, "`answer-size-bytes-max`"),
        (RestSettings { file_size_bytes_max: 0, ..good() }, "`file-size-bytes-max`"),
        (RestSettings { in_flight_max: 0, ..good() }, "`in-flight-max`"),
        (RestSettings { pause_max: Duration::ZERO, ..good() }, "`pause-max`"),
    ] {
        let refused = open(config).unwrap_err();
        assert!(refused.to_string().contains(name), "{refused}");
    }
}

#[test]
fn authorities_that_are_none_are_refused() {
    for pem in ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let refused = open(RestSettings {
            trusted_roots: TrustedRoots::Pem(pem.into()),
            ..config("https://provider.example".to_owned())
        });
        assert!(matches!(refused, Err(InvalidRestSettings::TrustedRoots(_))), "{refused:?}");
    }
}
