//! Traces: one exchange is one trace, from the caller's span to the ledger.

use prost::Message;
use tonic::Request;
use unefois_client::{RetryPolicy, company_turnover};
use unefois_ledger::PersonalPart;
use unefois_proto::pb::{exchange::v1::PullResponse, income::v1::GetCompanyTurnoverRequest};
use unefois_testkit::{
    ApiGouv, Collector, House, HouseSettings, Person, Script, attribute, context, pull_request, turnover_of,
};

use crate::{UNEFOIS, acknowledged};

pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(crate) const CALLER: &str = "00f067aa0ba902b7";
pub(crate) const STEPS: [&str; 6] = ["identify", "authorise", "fetch", "minimise", "record", "release"];
const PULL: &str = "unefois.exchange.v1.ExchangeService/Pull";

async fn house_with(collector: &Collector) -> House {
    let settings = HouseSettings { more: collector.settings(), ..HouseSettings::default() };
    House::open_with(UNEFOIS, &settings).await
}

/// Pulls with that `traceparent`, if any.
pub(crate) async fn pulls(house: &House, person: &Person, traceparent: Option<&str>) -> PullResponse {
    let mut request = Request::new(pull_request("d14-benefits", person.by_nir()));
    if let Some(traceparent) = traceparent {
        request.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    }
    house.agency("cnaf").await.exchange().pull(request).await.unwrap().into_inner()
}

/// The trace that the entry remembers, which the consumer's receipt opens.
pub(crate) fn remembered(answer: &PullResponse) -> String {
    let part = &answer.receipt.as_ref().unwrap().personal_part;
    PersonalPart::decode(part.as_slice()).unwrap().traceparent
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_is_one_trace_from_the_caller_to_the_ledger() {
    let collector = Collector::serve().await;
    let house = house_with(&collector).await;
    let person = Person::invented(71);
    acknowledged(&house.agency("urssaf").await, turnover_of(&person, 123_400)).await;
    let traceparent = format!("00-{TRACE}-{CALLER}-01");
    let answer = pulls(&house, &person, Some(&traceparent)).await;
    assert_eq!(remembered(&answer), traceparent);

    let ours = |collector: &Collector| {
        let spans = collector.spans().into_iter().filter(|span| hexadecimal(&span.trace_id) == TRACE);
        let spans: Vec<_> = spans.collect();
        (spans.len() == STEPS.len() + 1).then_some(spans)
    };
    let mut spans = collector.shows("the seven spans of the exchange", ours).await;
    spans.sort_by_key(|span| (span.start_time_unix_nano, span.name != PULL));
    let (root, steps) = spans.split_first().unwrap();
    assert_eq!((root.name.as_str(), hexadecimal(&root.parent_span_id).as_str()), (PULL, CALLER));
    for (key, value) in [
        ("rpc.system", "grpc"),
        ("rpc.service", "unefois.exchange.v1.ExchangeService"),
        ("rpc.method", "Pull"),
        ("rpc.grpc.status_code", "0"),
        ("unefois.caller.agency", "cnaf"),
    ] {
        assert_eq!(attribute(&root.attributes, key), Some(value), "{key}");
    }
    let names: Vec<&str> = steps.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, STEPS);
    for (step, next) in steps.iter().zip(steps.iter().skip(1)) {
        assert!(step.end_time_unix_nano <= next.start_time_unix_nano, "{} ends before {}", step.name, next.name);
    }
    for step in steps {
        assert_eq!(step.parent_span_id, root.span_id, "{}", step.name);
        assert!(step.start_time_unix_nano >= root.start_time_unix_nano, "{}", step.name);
        assert!(step.end_time_unix_nano <= root.end_time_unix_nano, "{}", step.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_exchange_says_in_its_trace_which_reason_refused_it() {
    let collector = Collector::serve().await;
    let house = house_with(&collector).await;
    let fafcea = house.agency("fafcea").await;
    fafcea.exchange().pull(pull_request("d14-benefits", Person::invented(72).by_nir())).await.unwrap_err();
    let find = |collector: &Collector| {
        let spans = collector.spans();
        let root = spans.iter().find(|span| span.name == PULL)?.clone();
        let of_root = spans.into_iter().filter(|span| span.parent_span_id == root.span_id);
        Some((root.clone(), of_root.map(|span| span.name).collect::<Vec<_>>()))
    };
    let (root, steps) = collector.shows("the refused pull", find).await;
    assert_eq!(attribute(&root.attributes, "rpc.grpc.status_code"), Some("7"));
    assert_eq!(attribute(&root.attributes, "unefois.caller.agency"), Some("fafcea"));
    assert_eq!(root.status.unwrap().code, 0, "a refusal is not an error of the hub");
    assert_eq!(steps, ["identify", "authorise", "record"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_without_a_trace_gets_one_and_a_malformed_one_is_ignored() {
    let collector = Collector::serve().await;
    let house = house_with(&collector).await;
    let person = Person::invented(73);
    acknowledged(&house.agency("urssaf").await, turnover_of(&person, 123_400)).await;
    let malformed = format!("00-{}-{CALLER}-01", "0".repeat(32));
    for traceparent in [None, Some(malformed.as_str())] {
        let own = remembered(&pulls(&house, &person, traceparent).await);
        let parts: Vec<&str> = own.split('-').collect();
        assert_eq!((parts.len(), parts[0], parts[3]), (4, "00", "01"), "{own}");
        assert_ne!(parts[1], "0".repeat(32));
        let root = |collector: &Collector| {
            collector.spans().into_iter().find(|span| hexadecimal(&span.trace_id) == parts[1] && span.name == PULL)
        };
        let root = collector.shows("the root span of the hub's own trace", root).await;
        assert_eq!(hexadecimal(&root.span_id), parts[2]);
        assert!(root.parent_span_id.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_does_not_trace_is_not_traced() {
    let collector = Collector::serve().await;
    let house = house_with(&collector).await;
    let person = Person::invented(74);
    acknowledged(&house.agency("urssaf").await, turnover_of(&person, 123_400)).await;
    let quiet = format!("00-{TRACE}-{CALLER}-00");
    assert_eq!(remembered(&pulls(&house, &person, Some(&quiet)).await), quiet);
    // Spans are sent in the order in which they end: when a later one is there, an earlier one would be.
    let later = remembered(&pulls(&house, &person, None).await);
    let traces = |collector: &Collector| -> Vec<String> {
        collector.spans().iter().map(|span| hexadecimal(&span.trace_id)).collect()
    };
    let is_later = |collector: &Collector| traces(collector).iter().any(|trace| later.contains(trace)).then_some(());
    collector.shows("the later call", is_later).await;
    assert!(!traces(&collector).contains(&TRACE.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_provider_is_told_the_trace() {
    let (collector, provider) = (Collector::serve().await, ApiGouv::serve(None).await);
    let settings =
        HouseSettings { provider: Some(provider.base_url()), more: collector.settings(), ..HouseSettings::default() };
    let house = House::open_with(UNEFOIS, &settings).await;
    let body = "{\"data\":[{\"data\":{\"chiffre_affaires\":900001.0,\"date_fin_exercice\":\"2023-12-31\"}}]}";
    provider.answers_next(Script::Answer("200 OK", "", body)).await;
    let asked = GetCompanyTurnoverRequest {
        context: Some(context("company-turnover-urssaf")),
        subject: Some(Person::invented(75).by_siret()),
        year: 2023,
        field_mask: None,
    };
    let urssaf = house.agency("urssaf").await;
    company_turnover(&urssaf, asked, &RetryPolicy::never()).await.unwrap();
    let asked = provider.asked().await;
    let sent = asked.lines().find_map(|line| line.strip_prefix("traceparent: ")).unwrap().trim().to_owned();
    let parts: Vec<&str> = sent.split('-').collect();
    let fetch =
        |collector: &Collector| collector.spans().into_iter().find(|span| hexadecimal(&span.span_id) == parts[2]);
    let fetch = collector.shows("the span that asked the provider", fetch).await;
    assert_eq!((fetch.name.as_str(), hexadecimal(&fetch.trace_id).as_str()), ("fetch", parts[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_a_traced_call_carry_the_identifier_of_its_trace() {
    let (collector, provider) = (Collector::serve().await, ApiGouv::serve(None).await);
    let more = format!("[log]\nformat = \"json\"\nlevel = \"warn\"\n{}", collector.settings());
    let settings = HouseSettings { provider: Some(provider.base_url()), more, ..HouseSettings::default() };
    let house = House::open_with(UNEFOIS, &settings).await;
    provider.answers_next(Script::Answer("500 Internal Server Error", "", "")).await;
    let mut asked = Request::new(GetCompanyTurnoverRequest {
        context: Some(context("company-turnover-urssaf")),
        subject: Some(Person::invented(78).by_siret()),
        year: 2023,
        field_mask: None,
    });
    asked.metadata_mut().insert("traceparent", format!("00-{TRACE}-{CALLER}-01").parse().unwrap());
    house.agency("urssaf").await.income().get_company_turnover(asked).await.unwrap_err();
    let log = house.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("PROVIDER_UNAVAILABLE")).collect();
    assert_eq!(lines.len(), 1, "a failure is logged once: {log}");
    assert!(lines[0].contains(&format!("\"trace_id\":\"{TRACE}\"")), "{}", lines[0]);
}
