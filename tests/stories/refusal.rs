//! Refusals: each has its own stable reason, and each is an entry.

use std::time::Duration;

use prost_types::FieldMask;
use tonic::Code;
use unefois_client::Refused;
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    exchange::v1::PullRequest,
    ledger::v1::{Outcome, Purpose},
    subject::v1::{Subject, subject::Identifier},
};
use unefois_testkit::{House, Person, pull_request, turnover_of};

use crate::{UNEFOIS, acknowledged};

/// Agreements that are not as `d14-benefits` is, each with the line in which it differs.
const DIFFERENT_AGREEMENTS: [(&str, &str, &str); 7] = [
    ("early", "valid-from = \"2020-01-01\"", "valid-from = \"2999-01-01\""),
    ("over", "valid-from = \"2020-01-01\"", "valid-from = \"2020-01-01\"\nvalid-until = \"2020-12-31\""),
    ("suspended", "", "state = \"suspended\""),
    ("terminated", "", "state = \"terminated\""),
    ("push-only", "operations = [\"pull\"]", "operations = [\"push\"]"),
    ("companies", "population = [\"natural-person\"]", "population = [\"company\"]"),
    ("two-a-day", "", "daily-quota = 2"),
];

const AGREEMENT: &str = r#"
[[agreement]]
id = "ID"
title = "an agreement that differs"
consumer = "cnaf"
provider = "urssaf"
dataset = "declared-turnover"
fields = ["period"]
operations = ["pull"]
purpose = "simplification"
legal-basis = "crpa-l114-8-i"
population = ["natural-person"]
valid-from = "2020-01-01"
"#;

fn different_agreements() -> String {
    let different = DIFFERENT_AGREEMENTS.iter().map(|(id, line, other)| {
        let agreement = AGREEMENT.replace("ID", id);
        if line.is_empty() { format!("{agreement}{other}\n") } else { agreement.replace(line, other) }
    });
    different.collect()
}

async fn refusal(house: &House, agency: &str, request: PullRequest) -> Refused {
    let connection = house.agency(agency).await;
    Refused::from_status(&connection.exchange().pull(request).await.unwrap_err())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_refuses_with_its_own_reason_and_an_entry() {
    let house = House::open(UNEFOIS).await;
    house.applies(&different_agreements()).await.unwrap();
    let marie = Person::invented(10);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let ask = |agreement: &str| pull_request(agreement, marie.by_nir());
    let with = |change: fn(&mut PullRequest)| {
        let mut request = ask("d14-benefits");
        change(&mut request);
        request
    };
    let cases = [
        ("cnaf", ask("nothing"), "AGREEMENT_UNKNOWN"),
        ("fafcea", ask("d14-benefits"), "AGREEMENT_OF_ANOTHER_CONSUMER"),
        ("cnaf", ask("early"), "AGREEMENT_NOT_YET_IN_FORCE"),
        ("cnaf", ask("over"), "AGREEMENT_EXPIRED"),
        ("cnaf", ask("suspended"), "AGREEMENT_SUSPENDED"),
        ("cnaf", ask("terminated"), "AGREEMENT_TERMINATED"),
        ("cnaf", ask("d09-cnaf"), "DATASET_NOT_COVERED"),
        ("cnaf", ask("push-only"), "OPERATION_NOT_COVERED"),
        ("cnaf", ask("companies"), "POPULATION_NOT_COVERED"),
        ("cnaf", with(|ask| ask.context.as_mut().unwrap().set_purpose(Purpose::Fraud)), "PURPOSE_NOT_COVERED"),
        ("cnaf", with(|ask| ask.context.as_mut().unwrap().local_body = Some("caf-99".into())), "LOCAL_BODY_UNKNOWN"),
        (
            "cnaf",
            with(|ask| ask.field_mask = Some(FieldMask { paths: vec!["declared_on".into()] })),
            "FIELD_NOT_GRANTED",
        ),
        ("france-travail", ask("d13-unemployment"), "CONSENT_REQUIRED"),
    ];
    for (agency, request, due) in cases {
        let refused = refusal(&house, agency, request).await;
        assert_eq!((refused.reason.as_str(), refused.code), (due, Code::PermissionDenied));
        let found = house.audited(SearchExchangesRequest { reason: due.to_owned(), ..Default::default() }).await;
        let public = found[0].public_part.clone().unwrap();
        assert_eq!(public.entry_id, refused.exchange_id.unwrap().as_bytes(), "{due}");
        assert_eq!((public.outcome(), public.released_fields.len()), (Outcome::Refused, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_quota_is_never_exceeded_and_survives_a_restart() {
    let mut house = House::open(UNEFOIS).await;
    house.applies(&different_agreements()).await.unwrap();
    let marie = Person::invented(11);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let cnaf = house.agency("cnaf").await;
    let asked = (0..8).map(|_| {
        let mut service = cnaf.exchange();
        let request = pull_request("two-a-day", marie.by_nir());
        async move { service.pull(request).await }
    });
    let answers = futures::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
    for status in answers.into_iter().filter_map(Result::err) {
        let refused = Refused::from_status(&status);
        assert_eq!((refused.reason.as_str(), refused.code), ("QUOTA_EXCEEDED", Code::ResourceExhausted));
        let delay = refused.retry_after.unwrap();
        assert!(delay > Duration::ZERO && delay <= Duration::from_secs(25 * 3600), "until midnight: {delay:?}");
    }
    house.stop();
    house.start();
    let refused = refusal(&house, "cnaf", pull_request("two-a-day", marie.by_nir())).await;
    assert_eq!(refused.reason, "QUOTA_EXCEEDED");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_gets_a_stable_reason_and_names_its_field() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(12);
    let with = |change: fn(&mut PullRequest)| {
        let mut request = pull_request("d14-benefits", marie.by_nir());
        change(&mut request);
        request
    };
    let cases = [
        (with(|ask| ask.dataset = "nothing".into()), "DATASET_UNKNOWN", ""),
        (with(|ask| ask.context = None), "CONTEXT_INCOMPLETE", "context"),
        (with(|ask| ask.subject = None), "CONTEXT_INCOMPLETE", "subject"),
        (with(|ask| ask.subject = Some(Subject { identifier: None })), "IDENTIFIER_INVALID", "subject"),
        (
            with(|ask| ask.subject = Some(Subject { identifier: Some(Identifier::Nir("255081416802539".into())) })),
            "IDENTIFIER_INVALID",
            "subject",
        ),
        (with(|ask| ask.key = Vec::new()), "KEY_INVALID", "period"),
        (with(|ask| ask.key = vec![0xff]), "KEY_INVALID", ""),
        (
            with(|ask| ask.field_mask = Some(FieldMask { paths: vec!["amounts.bnc_cents".into()] })),
            "FIELD_UNKNOWN",
            "field_mask",
        ),
        (
            with(|ask| ask.context.as_mut().unwrap().case_reference = String::new()),
            "CONTEXT_INCOMPLETE",
            "context.case_reference",
        ),
        (
            with(|ask| ask.context.as_mut().unwrap().agent_reference = "x".repeat(20_000)),
            "ARGUMENT_TOO_LONG",
            "context.agent_reference",
        ),
        (
            with(|ask| ask.context.as_mut().unwrap().request_id = Some("x".repeat(37))),
            "ARGUMENT_INVALID",
            "context.request_id",
        ),
        (with(|ask| ask.context.as_mut().unwrap().purpose = 99), "CONTEXT_INCOMPLETE", "context.purpose"),
    ];
    for (request, due, field) in cases {
        let refused = refusal(&house, "cnaf", request).await;
        assert_eq!((refused.reason.as_str(), refused.code), (due, Code::InvalidArgument));
        let named = refused.violations.first().map(|(field, _)| field.as_str()).unwrap_or_default();
        assert_eq!(named, field, "{due}");
        assert!(!refused.to_string().contains("255081416802539"), "an error never quotes an identifier");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_published_is_not_found_and_recorded() {
    let house = House::open(UNEFOIS).await;
    let stranger = Person::invented(13);
    let refused = refusal(&house, "cnaf", pull_request("d14-benefits", stranger.by_nir())).await;
    assert_eq!((refused.reason.as_str(), refused.code), ("NOT_FOUND", Code::NotFound));
    let search = SearchExchangesRequest { subject: Some(stranger.by_nir()), ..Default::default() };
    let found = house.audited(search).await;
    assert!(found.iter().any(|entry| entry.public_part.as_ref().unwrap().outcome() == Outcome::NotFound));
}
