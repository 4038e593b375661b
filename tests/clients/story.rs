//! What a program of any language must tell, and what the ledger must show of it.

use prost::Message;
use serde_json::{Value, json};
use unefois_client::receipt_from_wire;
use unefois_proto::pb::{audit::v1::SearchExchangesRequest, exchange::v1::PullResponse, ledger::v1::Outcome};

use crate::scene::{PROVIDER_PAUSE_MILLIS_MAX, Scene};

/// Whether a refusal says when to try again.
enum Retry {
    Later,
    Never,
}

/// Everything that the programs have in common: publish, pull, be refused, audit.
pub(crate) async fn is_told_and_recorded(scene: &Scene, told: &[Value]) {
    published(told);
    pulled(scene, told).await;
    refused(told);
    audited(scene, told).await;
}

/// The one line of a step.
pub(crate) fn step<'a>(told: &'a [Value], name: &str) -> &'a Value {
    match steps(told, name).as_slice() {
        [line] => line,
        other => panic!("one `{name}` is due: {other:#?}"),
    }
}

fn steps<'a>(told: &'a [Value], name: &str) -> Vec<&'a Value> {
    told.iter().filter(|line| line["step"] == name).collect()
}

fn published(told: &[Value]) {
    let kind = "ACKNOWLEDGEMENT_KIND_CREATED";
    assert_eq!(step(told, "published"), &json!({"step": "published", "kind": kind, "revision": 1, "proven": true}));
    let rejected = step(told, "rejected");
    assert_eq!((&rejected["reason"], &rejected["field"]), (&json!("IDENTIFIER_INVALID"), &json!("subjects[0]")));
}

async fn pulled(scene: &Scene, told: &[Value]) {
    let typed = step(told, "typed");
    assert_eq!(typed["bnc_cents"], json!(123_400));
    assert_eq!(typed["withheld"], json!(["declared_on", "declared_with_doubt", "final_withholding"]));
    let key = scene.house.public_key().await;
    for name in ["twin", "generic"] {
        let line = step(told, name);
        assert_eq!(
            (&line["bnc_cents"], &line["proven"], &line["forged"]),
            (&json!(123_400), &json!(true), &json!(false))
        );
        let response = PullResponse::decode(unhexed(&line["response"]).as_slice()).unwrap();
        let verified = receipt_from_wire(response.receipt.unwrap()).unwrap().verify(&key).unwrap();
        verified.verify_payload(response.data.as_deref().unwrap()).unwrap();
    }
}

fn refused(told: &[Value]) {
    let due = [
        ("AGREEMENT_OF_ANOTHER_CONSUMER", "PERMISSION_DENIED", json!([]), Retry::Never),
        ("KEY_INVALID", "INVALID_ARGUMENT", json!(["period"]), Retry::Never),
        ("PROVIDER_UNAVAILABLE", "UNAVAILABLE", json!([]), Retry::Later),
    ];
    let refusals = steps(told, "refused");
    assert_eq!(refusals.len(), due.len(), "{refusals:#?}");
    for (line, (reason, code, fields, retry)) in refusals.into_iter().zip(due) {
        assert_eq!(
            (&line["reason"], &line["code"], &line["domain"]),
            (&json!(reason), &json!(code), &json!("unefois"))
        );
        assert_eq!(line["fields"], fields, "{reason}");
        let delay = line["retry_millis"].as_u64();
        match retry {
            Retry::Later => assert!((1..=PROVIDER_PAUSE_MILLIS_MAX).contains(&delay.unwrap()), "{line}"),
            Retry::Never => assert_eq!(delay, None, "{line}"),
        }
    }
}

/// The program and the test find the same entries, and each refusal that was recorded names its own.
async fn audited(scene: &Scene, told: &[Value]) {
    let found = scene.house.audited(SearchExchangesRequest { consumer: "cnaf".to_owned(), ..Default::default() }).await;
    let recorded: Vec<Value> = found
        .into_iter()
        .map(|entry| entry.public_part.unwrap())
        .map(|public| {
            let outcome = public.outcome().as_str_name();
            json!({"step": "found", "outcome": outcome, "reason": public.reason, "id": hexed(&public.entry_id)})
        })
        .collect();
    assert_eq!(steps(told, "found"), recorded.iter().collect::<Vec<_>>());
    let released = recorded.iter().filter(|line| line["outcome"] == Outcome::Released.as_str_name()).count();
    assert_eq!(released, 3, "one typed, one read as its twin, one generic");
    let refusal = steps(told, "refused").into_iter().find(|line| line["code"] == "PERMISSION_DENIED").unwrap();
    let entry = recorded.iter().find(|line| line["reason"] == refusal["reason"]).unwrap();
    assert_eq!(entry["id"].as_str().unwrap(), refusal["exchange_id"].as_str().unwrap().replace('-', ""));
}

fn hexed(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhexed(text: &Value) -> Vec<u8> {
    let digits = text.as_str().unwrap().as_bytes();
    let pairs = digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    pairs.collect()
}
