//! Metrics: what happened is counted, by names that nobody can make up.

pub(crate) mod delivery;

use std::time::Duration;

use unefois_proto::pb::income::v1::GetCompanyTurnoverRequest;
use unefois_testkit::{ApiGouv, Collector, House, HouseSettings, Person, Script, context, pull_request, turnover_of};

use crate::{
    UNEFOIS, acknowledged,
    subscription::{asked as subscribed, creates},
};

/// A hub on which a publication, a pull and a refusal happened, and which sends to a collector.
pub(crate) async fn busy_house(collector: &Collector) -> House {
    let more = collector.settings() + delivery::WATCHED;
    let settings = HouseSettings { more, ..HouseSettings::default() };
    let house = House::open_with(UNEFOIS, &settings).await;
    let person = Person::invented(81);
    acknowledged(&house.agency("urssaf").await, turnover_of(&person, 123_400)).await;
    let asked = || pull_request("d14-benefits", person.by_nir());
    house.agency("cnaf").await.exchange().pull(asked()).await.unwrap();
    house.agency("fafcea").await.exchange().pull(asked()).await.unwrap_err();
    house.connect(None).await.unwrap_err();
    // Of subscriptions is shown what there was when they were looked at last.
    let id = creates(&house.agency("cnaf").await, subscribed("one")).await.unwrap().subscription_id;
    let lag = format!("unefois_broker_subscription_lag_entries{{agency=\"cnaf\",subscription=\"{id}\"}}");
    house.measures(&lag, |lag| lag == 0.0).await;
    house
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
        ("unefois_broker_queue_max_entries{queue=\"under-way\"}".to_owned(), 1024.0),
        ("unefois_broker_queue_entries{queue=\"under-way\"}".to_owned(), 0.0),
        ("unefois_broker_queue_max_entries{queue=\"admission\"}".to_owned(), 16_384.0),
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
    let provider = ApiGouv::serve(None).await;
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
