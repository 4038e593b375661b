//! What is made of an answer: the exact turnover, nothing, or a refusal to guess.

use serde_json::json;
use unefois_connect::{Call, InvalidAmount, InvalidAnswer, ProviderFailure, RestProvider};

use crate::upstream::{Reply, Upstream};
use crate::{
    ANSWER_SIZE_BYTES_MAX, NOT_KNOWN, SIRET, Turnover, ask, config, connector, interface, outcome, sandbox, shipped,
    siret, turnover_of, years,
};

async fn invalid(body: &str) -> InvalidAnswer {
    match outcome(Reply::new(200, body)).await {
        Err(ProviderFailure::Invalid { what }) => what,
        other => panic!("expected an invalid answer, got {other:?}"),
    }
}

#[tokio::test]
async fn the_real_answers_of_the_sandbox_are_understood() {
    let Some(cases) = sandbox::cases("api_entreprise_v3_dgfip_chiffres_affaires") else {
        return;
    };
    let upstream = Upstream::start(move |asked| sandbox::reply(&cases, asked)).await;
    let connector = connector(&upstream);
    for year in [2022, 2023, 2024] {
        let turnover = turnover_of(&connector, year).await.unwrap();
        assert_eq!(turnover, Turnover { cents: 90_000_100, end: [year.into(), 12, 1] });
    }
    let key = json!({ "siret": "00000000000000", "year": 2023 });
    let nobody = ask(&connector, &siret("00000000000000"), key, Call::default()).await;
    assert!(matches!(nobody, Err(ProviderFailure::NotFound)), "{nobody:?}");
}

#[tokio::test]
async fn a_question_that_lacks_what_the_provider_is_asked_by_is_not_asked() {
    let upstream = Upstream::replying(Reply::new(404, NOT_KNOWN)).await;
    let outcome = ask(&connector(&upstream), &siret(SIRET), json!({ "year": 2023 }), Call::default()).await;
    assert!(matches!(&outcome, Err(ProviderFailure::NotAskable { lacks }) if lacks == "key.siret"), "{outcome:?}");
    assert_eq!(upstream.questions(), 0);
}

#[tokio::test]
async fn amounts_become_exact_cents() {
    for (euros, cents) in [("12.34", 1_234), ("1e3", 100_000), ("-5.5", -550), ("0", 0)] {
        let turnover = outcome(Reply::new(200, years(&[("2023-06-30", euros)]))).await.unwrap();
        assert_eq!(turnover, Turnover { cents, end: [2023, 6, 30] });
    }
}

#[tokio::test]
async fn a_year_that_the_answer_lacks_is_not_found() {
    for body in [years(&[]), years(&[("2022-12-31", "1"), ("2024-01-01", "2")])] {
        let outcome = outcome(Reply::new(200, body)).await;
        assert!(matches!(outcome, Err(ProviderFailure::NotFound)), "{outcome:?}");
    }
}

#[tokio::test]
async fn of_two_fiscal_years_that_ended_in_one_year_the_later_is_given() {
    for statements in [[("2023-03-31", "1"), ("2023-12-31", "2")], [("2023-12-31", "2"), ("2023-03-31", "1")]] {
        let turnover = outcome(Reply::new(200, years(&statements))).await.unwrap();
        assert_eq!(turnover, Turnover { cents: 200, end: [2023, 12, 31] });
    }
}

#[tokio::test]
async fn a_fiscal_year_stated_twice_must_be_stated_alike() {
    let alike = years(&[("2023-12-31", "2"), ("2023-12-31", "2.00")]);
    assert_eq!(outcome(Reply::new(200, alike)).await.unwrap().cents, 200);
    let differently = years(&[("2023-12-31", "2"), ("2023-12-31", "3")]);
    assert_eq!(invalid(&differently).await, InvalidAnswer::Contradiction { field: "data".to_owned() });
}

#[tokio::test]
async fn an_amount_of_another_kind_is_invalid() {
    for (euros, source) in [
        ("\"900001\"", InvalidAmount::NotANumber),
        ("true", InvalidAmount::NotANumber),
        ("0.001", InvalidAmount::FinerThanACent),
        ("-1e300", InvalidAmount::OutOfRange),
    ] {
        let what = invalid(&years(&[("2023-12-31", euros)])).await;
        assert_eq!(what, InvalidAnswer::Amount { field: "data.chiffre_affaires".to_owned(), source });
    }
}

#[tokio::test]
async fn a_date_of_another_form_is_invalid() {
    for end in ["", "2023", "20231231", "31/12/2023", "2023-12-31T00:00:00", "2023-02-30", "+023-12-31", "２-12-31"] {
        let what = invalid(&years(&[(end, "1")])).await;
        let field = "data.date_fin_exercice".to_owned();
        assert_eq!(what, InvalidAnswer::Kind { field, expected: "a date" }, "{end}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_invalid_and_not_quoted() {
    let whole = years(&[("2023-12-31", "900001")]);
    for body in ["", "<html>", &whole[..whole.len() / 2], &format!("{whole}{whole}"), &years(&[("2023-12-31", "01")])] {
        let what = invalid(body).await;
        assert!(matches!(what, InvalidAnswer::Shape { .. }), "{body}: {what:?}");
        assert!(!what.to_string().contains("2023"), "{what}");
    }
}

#[tokio::test]
async fn a_body_of_another_shape_is_invalid_and_its_place_is_named() {
    for (body, named) in [
        ("[]", "`data` is not in an object"),
        (&format!("{}{}", "[".repeat(2000), "]".repeat(2000)), "`data` is not in an object"),
        ("{}", "`data` is missing"),
        (r#"{"data": null}"#, "`data` is missing"),
        (r#"{"data": {}}"#, "`data` is not a list"),
        (r#"{"data": [1]}"#, "`data.date_fin_exercice` is not in an object"),
        (r#"{"data": [], "data": []}"#, "`data` is stated twice, differently"),
        (r#"{"data": [{"data": {"chiffre_affaires": 1}}]}"#, "`data.date_fin_exercice` is missing"),
        (r#"{"data": [{"data": {"date_fin_exercice": "2023-12-31"}}]}"#, "`data.chiffre_affaires` is missing"),
        (r#"{"data": [{"data": {"chiffre_affaires": 1, "date_fin_exercice": 20231231}}]}"#, "is not a date"),
    ] {
        let what = invalid(body).await.to_string();
        assert!(what.contains(named), "{body}: {what}");
    }
}

#[tokio::test]
async fn a_body_longer_than_allowed_is_not_read() {
    let padding = " ".repeat(ANSWER_SIZE_BYTES_MAX);
    let what = invalid(&format!("{padding}{}", years(&[("2023-12-31", "1")]))).await;
    assert_eq!(what, InvalidAnswer::TooLong { max_bytes: ANSWER_SIZE_BYTES_MAX });
}

#[tokio::test]
async fn a_status_that_the_interface_does_not_foresee_is_invalid() {
    for status in [201, 204, 206, 301, 302, 400, 409, 418] {
        let reply = Reply::new(status, "").header("Location", "/elsewhere");
        let outcome = outcome(reply).await;
        let Err(ProviderFailure::Invalid { what: InvalidAnswer::UnexpectedStatus(told) }) = outcome else {
            panic!("{status}: {outcome:?}");
        };
        assert_eq!(told, status);
    }
}

#[tokio::test]
async fn a_question_that_the_provider_refuses_is_told_apart_from_nonsense() {
    let outcome = outcome(Reply::new(422, "{\"errors\": []}")).await;
    assert!(matches!(outcome, Err(ProviderFailure::Invalid { what: InvalidAnswer::QuestionRefused })), "{outcome:?}");
}

#[tokio::test]
async fn a_404_of_a_wrong_address_is_not_taken_for_an_unknown_company() {
    for body in [
        "",
        "<html>",
        "{}",
        "[]",
        r#"{"errors": []}"#,
        r#"{"errors": {}}"#,
        r#"{"errors": [{"code": null}]}"#,
        r#"{"errors": [{"code": "03004"}]}"#,
        r#"{"code": "03003"}"#,
    ] {
        let outcome = outcome(Reply::new(404, body)).await;
        assert!(
            matches!(outcome, Err(ProviderFailure::Invalid { what: InvalidAnswer::UnexpectedStatus(404) })),
            "{body}: {outcome:?}"
        );
    }
    for body in [NOT_KNOWN, r#"{"errors": [{"code": "1"}, {"code": "03003"}]}"#] {
        let outcome = outcome(Reply::new(404, body)).await;
        assert!(matches!(outcome, Err(ProviderFailure::NotFound)), "{body}: {outcome:?}");
    }
}

#[tokio::test]
async fn an_interface_may_have_a_status_and_a_number_of_its_own_for_what_is_not_known() {
    let own = shipped("company-turnover").replace(
        "each = \"errors\"\ncode = \"code\"\ncodes = [\"03003\"]",
        "status = 422\ncode = \"why.n\"\ncodes = [\"7\"]",
    );
    let any =
        shipped("company-turnover").replace("[not-found]\neach = \"errors\"\ncode = \"code\"\ncodes = [\"03003\"]", "");
    for (text, status, body, is_not_found) in [
        (&own, 422, r#"{"why": {"n": 7}}"#, true),
        (&own, 422, r#"{"why": {"n": 8}}"#, false),
        (&own, 404, r#"{"why": {"n": 7}}"#, false),
        (&any, 404, "", true),
        (&any, 422, NOT_KNOWN, false),
    ] {
        let upstream = Upstream::replying(Reply::new(status, body)).await;
        let connector = RestProvider::new(config(upstream.base_url()), interface(text).unwrap()).unwrap();
        let outcome = turnover_of(&connector, 2023).await;
        assert_eq!(matches!(outcome, Err(ProviderFailure::NotFound)), is_not_found, "{status} {body}: {outcome:?}");
    }
}
