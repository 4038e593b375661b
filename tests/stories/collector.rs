//! The export of traces and metrics: what is sent where, and that it never stands in an exchange's way.

use http::Uri;
use tokio::net::TcpListener;
use unefois_testkit::{Collector, House, HouseSettings, Person, Pki, pull_request, turnover_of};

use crate::{
    UNEFOIS, acknowledged,
    trace::{CALLER, STEPS, TRACE, hexadecimal, pulls, remembered},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_queued_is_sent_when_the_hub_stops() {
    let collector = Collector::serve().await;
    let more = collector.settings().replace("50ms", "1h");
    let mut house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    let person = Person::invented(76);
    acknowledged(&house.agency("urssaf").await, turnover_of(&person, 123_400)).await;
    let traceparent = format!("00-{TRACE}-{CALLER}-01");
    pulls(&house, &person, Some(&traceparent)).await;
    house.stop();
    let ours = collector.spans().into_iter().filter(|span| hexadecimal(&span.trace_id) == TRACE).count();
    assert_eq!(ours, STEPS.len() + 1);
    let names = collector.metric_names();
    for name in ["unefois_broker_exchanges_total", "unefois_broker_step_seconds", "unefois_broker_shard_entries"] {
        assert!(names.iter().any(|sent| sent == name), "{name} is not in {names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_gone_or_silent_stands_in_nobodys_way() {
    let closed = Collector::serve().await.settings();
    // Takes connections and never says a word.
    let black_hole = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint: Uri = format!("http://{}", black_hole.local_addr().unwrap()).parse().unwrap();
    let silent = format!("[telemetry]\notlp-endpoint = \"{endpoint}\"\ntrace-ratio = 1.0\nexport-every = \"10ms\"\n");
    for settings in [closed, silent] {
        let more = format!("{settings}flush-max = \"200ms\"\nspan-queue-max = 8\nspan-batch-max = 4\n");
        let mut house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
        let person = Person::invented(77);
        acknowledged(&house.agency("urssaf").await, turnover_of(&person, 123_400)).await;
        for _ in 0..10 {
            assert!(!remembered(&pulls(&house, &person, None).await).is_empty());
        }
        house.measures("unefois_telemetry_spans_dropped_total", |dropped| dropped > 0.0).await;
        house.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_behind_tls_is_sent_everything_when_its_authority_is_the_configured_one() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (pki, stranger) = (Pki::init(&folder.path().join("pki")), Pki::init(&other.path().join("pki")));
    let collector = Collector::serve_protected(&pki.server()).await;
    for (ca, is_trusted) in [(pki.ca(), true), (stranger.ca(), false)] {
        let more = format!("{}otlp-ca = {ca:?}\n", collector.settings());
        let mut house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
        let before = collector.spans().len();
        house
            .agency("fafcea")
            .await
            .exchange()
            .pull(pull_request("d14-benefits", Person::invented(79).by_nir()))
            .await
            .unwrap_err();
        if !is_trusted {
            house.measures("unefois_telemetry_spans_dropped_total", |dropped| dropped > 0.0).await;
        }
        house.stop();
        assert_eq!(collector.spans().len() > before, is_trusted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_cannot_be_one_is_refused_at_the_start() {
    for (settings, key) in [
        ("otlp-endpoint = \"127.0.0.1:4317\"", "telemetry.otlp-endpoint"),
        ("otlp-endpoint = \"ftp://127.0.0.1:4317\"", "telemetry.otlp-endpoint"),
        ("otlp-endpoint = \"https://127.0.0.1:4317\"", "telemetry.otlp-ca"),
        ("otlp-endpoint = \"http://127.0.0.1:4317\"\ntrace-ratio = 7.0", "telemetry.trace-ratio"),
    ] {
        let more = format!("[telemetry]\n{settings}\n");
        let house = House::build(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() });
        let said = house.try_start().unwrap_err();
        assert!(said.contains(key), "{settings}: {said}");
    }
}
