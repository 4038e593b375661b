//! A live provider: *API Entreprise*, with its sandbox's real answers and with failures of every kind.

use std::time::Duration;

use prost::Message;
use tonic::{Code, Request};
use unefois_client::{Refused, RetryPolicy, company_turnover};
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    income::v1::{CompanyTurnover, GetCompanyTurnoverRequest},
    ledger::v1::{Outcome, Source},
    subject::v1::{Subject, subject::Identifier},
};
use unefois_testkit::{ApiGouv, House, HouseSettings, Script, context, shared_data};

use crate::UNEFOIS;

/// The establishment of the sandbox; its key is wrong.
const SANDBOX_SIRET: &str = "13002526500001";
const FOLDER: &str = "api_entreprise_v3_dgfip_chiffres_affaires";

fn asks(siret: &str, year: i32) -> GetCompanyTurnoverRequest {
    GetCompanyTurnoverRequest {
        context: Some(context("company-turnover-urssaf")),
        subject: Some(Subject { identifier: Some(Identifier::Siret(siret.to_owned())) }),
        year,
        field_mask: None,
    }
}

async fn house_with(provider: &ApiGouv, sandbox: &[&str]) -> House {
    let settings = HouseSettings {
        sandbox: sandbox.iter().map(|siret| format!("siret:{siret}")).collect(),
        provider: Some(provider.base_url()),
        ..HouseSettings::default()
    };
    House::open_with(UNEFOIS, &settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_turnovers_come_through_with_receipt_and_proof() {
    let Some(folder) = shared_data(FOLDER) else { return };
    let provider = ApiGouv::serve(Some(folder)).await;
    let house = house_with(&provider, &[SANDBOX_SIRET]).await;
    let urssaf = house.agency("urssaf").await;
    for year in [2022, 2023, 2024] {
        let answer = company_turnover(&urssaf, asks(SANDBOX_SIRET, year), &RetryPolicy::never()).await.unwrap();
        assert_eq!((answer.data.turnover_cents, answer.data.year), (Some(90_000_100), Some(year)));
        assert_eq!(answer.pulled.response.freshness.unwrap().source(), Source::Live);
        answer.pulled.verify(&house.public_key().await).unwrap();
    }
    let status = urssaf.income().get_company_turnover(asks("00000000000000", 2023)).await.unwrap_err();
    let refused = Refused::from_status(&status);
    assert_eq!((refused.reason.as_str(), refused.code), ("NOT_FOUND", Code::NotFound));
    let found = house.audited(SearchExchangesRequest { outcome: Outcome::NotFound.into(), ..Default::default() }).await;
    let public = found[0].public_part.clone().unwrap();
    assert_eq!(public.entry_id, refused.exchange_id.unwrap().as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_identifier_is_refused_unless_it_is_listed() {
    let provider = ApiGouv::serve(None).await;
    let house = house_with(&provider, &[]).await;
    let urssaf = house.agency("urssaf").await;
    let status = urssaf.income().get_company_turnover(asks(SANDBOX_SIRET, 2023)).await.unwrap_err();
    assert_eq!(Refused::from_status(&status).reason, "IDENTIFIER_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_costs_the_caller_a_retryable_error_and_is_recorded() {
    let provider = ApiGouv::serve(None).await;
    let house = house_with(&provider, &[]).await;
    let urssaf = house.agency("urssaf").await;
    let retryable = ("PROVIDER_UNAVAILABLE", Code::Unavailable);
    let invalid = ("PROVIDER_ANSWER_INVALID", Code::FailedPrecondition);
    let cases = [
        (Script::Answer("500 Internal Server Error", "", "{}"), retryable),
        (Script::Answer("502 Bad Gateway", "", "{}"), retryable),
        (Script::Answer("200 OK", "", "{\"data\": [{\"data\""), invalid),
        (Script::Answer("200 OK", "", "{\"data\":[{\"data\":{\"chiffre_affaires\":\"x\"}}]}"), invalid),
        (Script::Silence(Duration::from_secs(20)), retryable),
        (Script::Answer("429 Too Many Requests", "retry-after: 1\r\n", "{}"), retryable),
    ];
    for (script, due) in cases {
        provider.answers_next(script.clone()).await;
        let status = urssaf.income().get_company_turnover(asks("73282932000074", 2023)).await.unwrap_err();
        let refused = Refused::from_status(&status);
        assert_eq!((refused.reason.as_str(), refused.code), due, "{script:?}");
        assert_eq!(refused.retry_after.is_some(), due == retryable, "{script:?}");
        let search = SearchExchangesRequest { outcome: Outcome::Failed.into(), ..Default::default() };
        let public = house.audited(search).await[0].public_part.clone().unwrap();
        assert_eq!(public.entry_id, refused.exchange_id.unwrap().as_bytes(), "{script:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_of_the_caller_bounds_a_silent_provider() {
    let provider = ApiGouv::serve(None).await;
    let house = house_with(&provider, &[]).await;
    let urssaf = house.agency("urssaf").await;
    provider.answers_next(Script::Silence(Duration::from_secs(20))).await;
    let mut request = Request::new(asks("73282932000074", 2023));
    request.set_timeout(Duration::from_secs(3));
    let status = urssaf.income().get_company_turnover(request).await.unwrap_err();
    assert_eq!(Refused::from_status(&status).reason, "PROVIDER_UNAVAILABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_repeat_of_a_live_answer_does_not_ask_the_provider_again() {
    let provider = ApiGouv::serve(None).await;
    let house = house_with(&provider, &[]).await;
    let urssaf = house.agency("urssaf").await;
    let body = "{\"data\":[{\"data\":{\"chiffre_affaires\":12.34,\"date_fin_exercice\":\"2023-12-31\"}}]}";
    provider.answers_next(Script::Answer("200 OK", "", body)).await;
    let ask = || {
        let mut request = asks("73282932000074", 2023);
        request.context.as_mut().unwrap().request_id = Some("live-1".to_owned());
        request
    };
    let first = company_turnover(&urssaf, ask(), &RetryPolicy::never()).await.unwrap();
    assert_eq!(first.data.turnover_cents, Some(1_234));
    // The provider would say 404 now.
    let again = company_turnover(&urssaf, ask(), &RetryPolicy::never()).await.unwrap();
    assert_eq!(again.pulled.response.data, first.pulled.response.data);
    assert_eq!(again.pulled.receipt.index, first.pulled.receipt.index);
    let data = CompanyTurnover::decode(again.pulled.response.data.as_deref().unwrap()).unwrap();
    assert_eq!(data.fiscal_year_end.unwrap().day, Some(31));
    again.pulled.verify(&house.public_key().await).unwrap();
}
