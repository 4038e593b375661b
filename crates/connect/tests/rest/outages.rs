//! A provider that cannot answer now: its own faults, its limits and ours, and time that runs out.

use std::time::Duration;

use unefois_connect::{Call, Outage, ProviderFailure, RestSettings, TrustedRoots};

use crate::upstream::{Reply, Upstream};
use crate::{NOT_KNOWN, config, connector, log, open, outcome, turnover_of, turnover_within, years};

async fn unavailable(reply: Reply) -> (Option<Duration>, Outage) {
    match outcome(reply).await {
        Err(ProviderFailure::Unavailable { retry_after, source }) => (retry_after, source),
        other => panic!("expected an outage, got {other:?}"),
    }
}

#[tokio::test]
async fn faults_of_the_provider_are_outages() {
    for status in [500, 502, 503, 504] {
        let (retry_after, source) = unavailable(Reply::new(status, "oops")).await;
        assert_eq!(retry_after, None);
        assert!(matches!(source, Outage::Status(told) if told == status), "{source:?}");
    }
    let maintenance = Reply::new(503, "").header("Retry-After", "17").header("RateLimit-Reset", "3");
    assert_eq!(unavailable(maintenance).await.0, Some(Duration::from_secs(17)));
}

#[tokio::test]
async fn a_provider_asked_too_often_is_left_alone_for_as_long_as_it_says() {
    let upstream = Upstream::replying(Reply::new(429, "").header("Retry-After", "30")).await;
    let connector = connector(&upstream);
    let first = turnover_of(&connector, 2023).await;
    assert!(
        matches!(
            first,
            Err(ProviderFailure::Unavailable { retry_after: Some(wait), source: Outage::TooManyRequests })
                if wait == Duration::from_secs(30)
        ),
        "{first:?}"
    );
    let second = turnover_of(&connector, 2023).await;
    assert!(
        matches!(
            second,
            Err(ProviderFailure::Unavailable { retry_after: Some(wait), source: Outage::LimitUsedUp })
                if wait <= Duration::from_secs(30) && wait > Duration::from_secs(20)
        ),
        "{second:?}"
    );
    assert_eq!(upstream.questions(), 1);
}

#[tokio::test]
async fn a_limit_used_up_by_a_good_answer_is_respected_until_it_is_renewed() {
    let body = years(&[("2023-12-31", "1")]);
    let reply = Reply::new(200, body).header("RateLimit-Remaining", "0").header("RateLimit-Reset", "1");
    let upstream = Upstream::replying(reply).await;
    let connector = connector(&upstream);
    turnover_of(&connector, 2023).await.unwrap();
    let paused = turnover_of(&connector, 2023).await;
    assert!(matches!(paused, Err(ProviderFailure::Unavailable { source: Outage::LimitUsedUp, .. })), "{paused:?}");
    assert_eq!(upstream.questions(), 1);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    turnover_of(&connector, 2023).await.unwrap();
}

#[tokio::test]
async fn a_slow_provider_is_given_up_at_the_callers_deadline() {
    let upstream = Upstream::replying(Reply::new(200, "{}").after(Duration::from_secs(30))).await;
    let connector = connector(&upstream);
    let deadline = Duration::from_millis(100);
    let begin = tokio::time::Instant::now();
    let outcome = turnover_within(&connector, 2023, Call::within(deadline)).await;
    assert!(begin.elapsed() < Duration::from_secs(3));
    assert!(
        matches!(
            outcome,
            Err(ProviderFailure::Unavailable { retry_after: None, source: Outage::TimedOut(after) }) if after == deadline
        ),
        "{outcome:?}"
    );
    let no_time = turnover_within(&connector, 2023, Call::within(Duration::ZERO)).await;
    assert!(matches!(no_time, Err(ProviderFailure::Unavailable { source: Outage::TimedOut(_), .. })), "{no_time:?}");
    assert_eq!(upstream.questions(), 1);
}

#[tokio::test]
async fn a_slow_provider_is_given_up_at_the_connectors_own_time_out() {
    let upstream = Upstream::replying(Reply::new(200, "{}").after(Duration::from_secs(30))).await;
    let timeout = Duration::from_millis(100);
    let connector = open(RestSettings { timeout, ..config(upstream.base_url()) }).unwrap();
    let outcome = turnover_within(&connector, 2023, Call::within(Duration::from_secs(20))).await;
    assert!(
        matches!(
            outcome,
            Err(ProviderFailure::Unavailable { source: Outage::TimedOut(after), .. }) if after == timeout
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn questions_over_the_limit_are_sent_back_at_once() {
    let body = years(&[("2023-12-31", "1")]);
    let upstream = Upstream::replying(Reply::new(200, body).after(Duration::from_millis(300))).await;
    let connector = open(RestSettings { in_flight_max: 1, ..config(upstream.base_url()) }).unwrap();
    let (first, second) = tokio::join!(turnover_of(&connector, 2023), turnover_of(&connector, 2023));
    first.unwrap();
    assert!(
        matches!(
            second,
            Err(ProviderFailure::Unavailable { retry_after: Some(_), source: Outage::Busy { in_flight_max: 1 } })
        ),
        "{second:?}"
    );
    turnover_of(&connector, 2023).await.unwrap();
    assert_eq!(upstream.questions(), 2);
}

#[tokio::test]
async fn a_question_given_up_makes_room_for_the_next() {
    let upstream = Upstream::replying(Reply::new(404, NOT_KNOWN).after(Duration::from_millis(200))).await;
    let connector = open(RestSettings { in_flight_max: 1, ..config(upstream.base_url()) }).unwrap();
    let given_up = turnover_within(&connector, 2023, Call::within(Duration::from_millis(20))).await;
    assert!(matches!(given_up, Err(ProviderFailure::Unavailable { .. })), "{given_up:?}");
    let next = turnover_of(&connector, 2023).await;
    assert!(matches!(next, Err(ProviderFailure::NotFound)), "{next:?}");
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_an_outage() {
    let upstream = Upstream::replying(Reply::new(200, "")).await;
    let base_url = upstream.base_url();
    drop(upstream);
    tokio::task::yield_now().await;
    let connector = open(config(base_url)).unwrap();
    let outcome = turnover_of(&connector, 2023).await;
    assert!(matches!(outcome, Err(ProviderFailure::Unavailable { source: Outage::Connection(_), .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_outage() {
    let reply = Reply::new(200, years(&[("2023-12-31", "1")])).header("Content-Length", "4000");
    let (_, source) = unavailable(reply).await;
    assert!(matches!(source, Outage::Connection(_)), "{source:?}");
}

#[tokio::test]
async fn a_provider_without_tls_is_not_spoken_to_over_https() {
    let upstream = Upstream::replying(Reply::new(200, "")).await;
    let trusted_roots = TrustedRoots::Pem(include_bytes!("authority.pem").to_vec());
    let base_url = upstream.base_url().replace("http:", "https:");
    let connector = open(RestSettings { trusted_roots, ..config(base_url) }).unwrap();
    let outcome = turnover_of(&connector, 2023).await;
    assert!(matches!(outcome, Err(ProviderFailure::Unavailable { source: Outage::Connection(_), .. })), "{outcome:?}");
    assert_eq!(upstream.questions(), 0);
}

#[tokio::test]
async fn a_refused_secret_is_an_outage_and_calls_for_the_operator() {
    for status in [401, 403] {
        let log = log::Captured::start();
        let (retry_after, source) = unavailable(Reply::new(status, "")).await;
        assert_eq!(retry_after, None);
        assert!(matches!(source, Outage::SecretRefused(told) if told == status), "{source:?}");
        assert!(log.text().contains("ERROR") && log.text().contains("our secret was refused"), "{}", log.text());
    }
}
