//! What is made of an answer: the exact turnover, nothing, or a refusal to guess.

use jiff::civil::date;
use unefois_connect::{Call, CompanyTurnover, InvalidAmount, InvalidAnswer, ProviderFailure};

use crate::upstream::{Reply, Upstream};
use crate::{ANSWER_SIZE_BYTES_MAX, SIRET, connector, outcome, sandbox, turnover_of, years};

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
        let expected = CompanyTurnover {
            siret: SIRET.to_owned(),
            year,
            turnover_cents: 90_000_100,
            fiscal_year_end: date(year, 12, 1),
        };
        assert!(turnover == expected, "{year}: {turnover:?}");
    }
    let nobody = connector.company_turnover("00000000000000", 2023, Call::default()).await;
    assert!(matches!(nobody, Err(ProviderFailure::NotFound)), "{nobody:?}");
}

#[tokio::test]
async fn text_that_is_no_siret_is_not_found_without_a_question() {
    let upstream = Upstream::replying(Reply::new(200, "{}")).await;
    let connector = connector(&upstream);
    for text in ["", "123", "130025265000010", "1300252650000x", "../../../../../", "１３００２"] {
        let outcome = connector.company_turnover(text, 2023, Call::default()).await;
        assert!(matches!(outcome, Err(ProviderFailure::NotFound)), "{outcome:?}");
    }
    assert_eq!(upstream.questions(), 0);
}

#[tokio::test]
async fn amounts_become_exact_cents() {
    for (euros, cents) in [("12.34", 1_234), ("1e3", 100_000), ("-5.5", -550), ("0", 0)] {
        let turnover = outcome(Reply::new(200, years(&[("2023-06-30", euros)]))).await.unwrap();
        assert_eq!(turnover.turnover_cents, cents);
        assert_eq!(turnover.fiscal_year_end, date(2023, 6, 30));
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
        assert_eq!((turnover.turnover_cents, turnover.fiscal_year_end), (200, date(2023, 12, 31)));
    }
}

#[tokio::test]
async fn a_fiscal_year_stated_twice_must_be_stated_alike() {
    let alike = years(&[("2023-12-31", "2"), ("2023-12-31", "2.00")]);
    assert_eq!(outcome(Reply::new(200, alike)).await.unwrap().turnover_cents, 200);
    let differently = years(&[("2023-12-31", "2"), ("2023-12-31", "3")]);
    assert_eq!(invalid(&differently).await, InvalidAnswer::Contradiction { field: "chiffre_affaires" });
}

#[tokio::test]
async fn an_amount_of_another_kind_is_invalid() {
    for (euros, source) in [
        ("\"900001\"", InvalidAmount::NotANumber),
        ("null", InvalidAmount::NotANumber),
        ("0.001", InvalidAmount::FinerThanACent),
        ("-1e300", InvalidAmount::OutOfRange),
    ] {
        let what = invalid(&years(&[("2023-12-31", euros)])).await;
        assert_eq!(what, InvalidAnswer::Amount { field: "chiffre_affaires", source });
    }
}

#[tokio::test]
async fn a_date_of_another_form_is_invalid() {
    for end in ["", "2023", "20231231", "31/12/2023", "2023-12-31T00:00:00", "2023-02-30", "+023-12-31", "２-12-31"] {
        let what = invalid(&years(&[(end, "1")])).await;
        assert_eq!(what, InvalidAnswer::Date { field: "date_fin_exercice" }, "{end}");
    }
}

#[tokio::test]
async fn a_body_of_another_shape_is_invalid_and_not_quoted() {
    let whole = years(&[("2023-12-31", "900001")]);
    for body in [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"data": {}}"#,
        r#"{"data": [{"data": {"chiffre_affaires": 1}}]}"#,
        r#"{"data": [{"data": {"chiffre_affaires": 1, "date_fin_exercice": 20231231}}]}"#,
        r#"{"data": [{"data": {"chiffre_affaires": 01, "date_fin_exercice": "2023-12-31"}}]}"#,
        &whole[..whole.len() / 2],
        &format!("{whole}{whole}"),
    ] {
        let what = invalid(body).await;
        assert!(matches!(what, InvalidAnswer::Shape { .. }), "{body}: {what:?}");
        assert!(!what.to_string().contains("2023"), "{what}");
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
    for status in [201, 204, 206, 301, 302, 400, 409, 418, 422] {
        let reply = Reply::new(status, "").header("Location", "/elsewhere");
        let outcome = outcome(reply).await;
        let Err(ProviderFailure::Invalid { what: InvalidAnswer::UnexpectedStatus(told) }) = outcome else {
            panic!("{status}: {outcome:?}");
        };
        assert_eq!(told, status);
    }
}
