//! What an operator watches a hub with: dashboard, alerts and page ask for nothing that is not there.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use unefois_testkit::Collector;

use crate::metrics::busy_house;

/// The names of the series, and the labels that each may carry.
type Known = BTreeMap<String, BTreeSet<String>>;

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
