//! Metrics: what happened is counted, and what an operator is shown asks for nothing that is not there.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use unefois_proto::pb::income::v1::GetCompanyTurnoverRequest;
use unefois_testkit::{
    ApiEntreprise, Collector, House, HouseSettings, Person, Script, context, pull_request, turnover_of,
};

use crate::{UNEFOIS, acknowledged};

/// The names of the series, and the labels that each may carry.
type Known = BTreeMap<String, BTreeSet<String>>;

/// A hub on which a publication, a pull and a refusal happened, and which sends to a collector.
async fn busy_house(collector: &Collector) -> House {
    let settings = HouseSettings { more: collector.settings(), ..HouseSettings::default() };
    let house = House::open_with(UNEFOIS, &settings).await;
    let person = Person::invented(81);
    acknowledged(&house.agency("urssaf").await, turnover_of(&person, 123_400)).await;
    let asked = || pull_request("d14-benefits", person.by_nir());
    house.agency("cnaf").await.exchange().pull(asked()).await.unwrap();
    house.agency("fafcea").await.exchange().pull(asked()).await.unwrap_err();
    house.connect(None).await.unwrap_err();
    house
}

fn deployed(file: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(file)).unwrap()
}

/// What a scrape shows: each series and its labels, a histogram under each of its three names.
fn known(text: &str) -> Known {
    let mut known = Known::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.trim_end_matches('}').split(',').filter_map(|label| label.split_once('='));
        known.entry(name.to_owned()).or_default().extend(labels.map(|(label, _)| label.to_owned()));
    }
    known
}

/// The names of the families of a scrape, with their help.
fn families(text: &str) -> BTreeMap<&str, &str> {
    text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split_once(' ')).collect()
}

/// The words of an expression that name a metric of a hub, each with the labels that it selects.
fn asked(expression: &str) -> Vec<(String, Vec<String>)> {
    let is_word = |byte: char| byte.is_ascii_alphanumeric() || byte == '_';
    let starts = expression.char_indices().filter(|(at, _)| {
        let rest = &expression[*at..];
        let is_start = at.checked_sub(1).is_none_or(|before| !expression[before..].starts_with(is_word));
        is_start && (rest.starts_with("unefois_") || rest.starts_with("process_"))
    });
    let asked = starts.map(|(at, _)| {
        let (name, rest) =
            expression[at..].split_at(expression[at..].find(|c| !is_word(c)).unwrap_or(expression.len() - at));
        let selected =
            rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(selected, _)| selected);
        let labels = selected.split("\",").filter_map(|label| label.split(['=', '!']).next());
        let labels = labels.map(|label| label.trim().to_owned()).filter(|label| !label.is_empty());
        (name.to_owned(), labels.collect())
    });
    asked.collect()
}

/// The labels by which an expression groups or joins.
fn grouped(expression: &str) -> Vec<String> {
    let groups = ["by (", "on ("].into_iter().flat_map(|word| expression.split(word).skip(1));
    groups
        .filter_map(|rest| rest.split_once(')'))
        .flat_map(|(labels, _)| labels.split(',').map(|label| label.trim().to_owned()))
        .collect()
}

fn check(file: &str, expression: &str, known: &Known) {
    // Prometheus adds where it scraped; `le` is of every histogram.
    let of_all = ["instance", "le"].map(ToOwned::to_owned);
    let asked = asked(expression);
    assert!(!asked.is_empty(), "{file}: `{expression}` asks for no metric of a hub");
    let mut labels_here: BTreeSet<String> = of_all.iter().cloned().collect();
    for (name, labels) in &asked {
        let has = known.get(name).unwrap_or_else(|| panic!("{file}: there is no metric `{name}`"));
        labels_here.extend(has.iter().cloned());
        for label in labels {
            assert!(has.contains(label) || of_all.contains(label), "{file}: `{name}` has no label `{label}`");
        }
    }
    for label in grouped(expression) {
        assert!(labels_here.contains(&label), "{file}: nothing in `{expression}` has a label `{label}`");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_counted() {
    let house = busy_house(&Collector::serve().await).await;
    let pull = "method=\"/unefois.exchange.v1.ExchangeService/Pull\"";
    let due = [
        ("unefois_broker_exchanges_total{outcome=\"released\",reason=\"NONE\"}".to_owned(), 1.0),
        (
            "unefois_broker_exchanges_total{outcome=\"refused\",reason=\"AGREEMENT_OF_ANOTHER_CONSUMER\"}".to_owned(),
            1.0,
        ),
        ("unefois_broker_exchanges_total{outcome=\"failed\",reason=\"INTERNAL\"}".to_owned(), 0.0),
        ("unefois_broker_publications_total{outcome=\"created\"}".to_owned(), 1.0),
        ("unefois_broker_step_seconds_count{step=\"record\"}".to_owned(), 2.0),
        ("unefois_broker_step_seconds_count{step=\"release\"}".to_owned(), 1.0),
        ("unefois_broker_batch_entries_sum".to_owned(), 2.0),
        (format!("unefois_api_call_seconds_count{{code=\"OK\",{pull}}}"), 1.0),
        (format!("unefois_api_call_seconds_count{{code=\"PERMISSION_DENIED\",{pull}}}"), 1.0),
        ("unefois_broker_queue_max_entries{queue=\"exchanges\"}".to_owned(), 4096.0),
        ("unefois_broker_ready_ratio".to_owned(), 1.0),
        ("unefois_api_handshakes_refused_total{reason=\"no_handshake\"}".to_owned(), 1.0),
    ];
    for (series, value) in due {
        house.measures(&series, |measured| measured == value).await;
    }
    assert!(house.measured("unefois_broker_shard_entries").await >= 3.0);
    assert!(house.measured("unefois_broker_commit_seconds_count").await >= 3.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_counted_while_they_are_open() {
    let house = House::open(UNEFOIS).await;
    house.measures("unefois_api_connections", |open| open == 0.0).await;
    let (cnaf, urssaf) = (house.agency("cnaf").await, house.agency("urssaf").await);
    house.measures("unefois_api_connections", |open| open == 2.0).await;
    drop((cnaf, urssaf));
    house.measures("unefois_api_connections", |open| open == 0.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_its_caller_gives_up_is_counted_as_such() {
    let provider = ApiEntreprise::serve(None).await;
    let settings = HouseSettings { provider: Some(provider.base_url()), ..HouseSettings::default() };
    let house = House::open_with(UNEFOIS, &settings).await;
    provider.answers_next(Script::Silence(Duration::from_secs(20))).await;
    let urssaf = house.agency("urssaf").await;
    let asked = GetCompanyTurnoverRequest {
        context: Some(context("company-turnover-urssaf")),
        subject: Some(Person::invented(85).by_siret()),
        year: 2023,
        field_mask: None,
    };
    let call = tokio::spawn(async move { urssaf.income().get_company_turnover(asked).await });
    let mut turn = tokio::time::interval(Duration::from_millis(10));
    while provider.asked().await.is_empty() {
        turn.tick().await;
    }
    call.abort();
    let given_up = "unefois_api_call_seconds_count\
                    {code=\"CANCELLED\",method=\"/unefois.income.v1.IncomeService/GetCompanyTurnover\"}";
    house.measures(given_up, |count| count == 1.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_expiry_of_each_certificate_is_the_one_in_use() {
    let house = House::open(UNEFOIS).await;
    let series =
        |file: &str| format!("unefois_identity_certificate_expiry_timestamp_seconds{{certificate=\"{file}\"}}");
    let started = house.measured("process_start_time_seconds").await;
    let server = house.measured(&series("server")).await - started;
    let days = 24.0 * 60.0 * 60.0;
    assert!((29.0 * days..31.0 * days).contains(&server), "{server}");
    assert!(house.measured(&series("client_ca")).await - started > 31.0 * days);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_is_described_named_by_its_room_and_unit_and_documented() {
    let collector = Collector::serve().await;
    let house = busy_house(&collector).await;
    let (_, text) = house.probed("/metrics").await;
    let rooms = ["api", "broker", "cli", "identity", "telemetry"];
    let units =
        ["bytes", "connections", "entries", "fds", "info", "number", "ratio", "reads", "seconds", "threads", "total"];
    let families = families(&text);
    for (name, help) in &families {
        let room = name.strip_prefix("unefois_").and_then(|rest| rest.split('_').next());
        assert!(name.starts_with("process_") || room.is_some_and(|room| rooms.contains(&room)), "{name}");
        assert!(units.contains(&name.rsplit('_').next().unwrap()), "{name} does not say its unit");
        assert!(help.len() > 10, "{name} is not described");
    }
    let page = deployed("telemetry.md");
    let documented: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let exported: BTreeSet<&str> = families.into_keys().collect();
    assert_eq!(documented, exported);
    // The collector is sent the same.
    let sent = |collector: &Collector| {
        let sent: BTreeSet<String> = collector.metric_names().into_iter().collect();
        exported.iter().all(|name| sent.contains(*name)).then_some(())
    };
    collector.shows("every metric", sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboard_and_alerts_ask_for_metrics_and_labels_that_exist() {
    let house = busy_house(&Collector::serve().await).await;
    let known = known(&house.probed("/metrics").await.1);
    let dashboard: serde_json::Value = serde_json::from_str(&deployed("grafana/unefois.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() > 10);
    for panel in panels {
        assert!(!panel["description"].as_str().unwrap().is_empty(), "{panel}");
        for target in panel["targets"].as_array().unwrap() {
            check("unefois.json", target["expr"].as_str().unwrap(), &known);
        }
    }
    let alerts = deployed("prometheus/alerts.yaml");
    let rules: Vec<&str> = alerts.split("- alert: ").skip(1).collect();
    assert!(rules.len() > 10);
    for rule in rules {
        let (_, expression) = rule.split_once("expr:").unwrap();
        let (expression, _) = expression.split_once("labels:").unwrap();
        check("alerts.yaml", expression.split("        for:").next().unwrap(), &known);
    }
}
