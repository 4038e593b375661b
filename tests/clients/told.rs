//! What a program of any language must hear of a subscription, and what the ledger must show of it.

use serde_json::{Value, json};
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    ledger::v1::{EntryKind, Outcome, PublicPart},
};

use crate::scene::Scene;

/// What the agreement grants of a turnover.
const GRANTED: [&str; 4] = ["siren", "period", "amounts", "status"];

/// Five changes are received over two connections, and two more are fetched: each once, but for those that the first
/// connection left unacknowledged.
pub(crate) async fn is_told_and_recorded(scene: &Scene, told: &[Value]) {
    let amounts = |step: &str| heard(told, step).map(|line| line["bnc_cents"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(amounts("first"), [1, 2, 3]);
    assert_eq!(amounts("resumed"), [2, 3, 4, 5], "all but what was acknowledged, in their order");
    assert_eq!(amounts("fetched"), [6, 7], "what was received and acknowledged is not told again");
    assert_eq!(heard(told, "left").map(|line| &line["count"]).collect::<Vec<_>>(), [0]);

    let ids = |step: &'static str| heard(told, step).map(|line| line["id"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(ids("first")[1..], ids("resumed")[..2], "an event that is told again is the same event");
    let mut all = [ids("first"), ids("resumed")[2..].to_vec(), ids("fetched")].concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 7);
    for line in told.iter().filter(|line| line["step"] != "left") {
        let what = if line["bnc_cents"] == 1 { "created" } else { "revised" };
        assert_eq!(line["type"], json!(format!("unefois.declared-turnover.{what}.v1")));
        let mut granted: Vec<&str> = line["granted"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
        granted.sort_by_key(|field| GRANTED.iter().position(|due| due == field));
        assert_eq!(granted, GRANTED, "{line}");
    }
    recorded(scene, told).await;
}

fn heard<'a>(told: &'a [Value], step: &'a str) -> impl Iterator<Item = &'a Value> {
    told.iter().filter(move |line| line["step"] == step)
}

/// One entry for each telling, in their order, and none more: the window held back what was not acknowledged.
async fn recorded(scene: &Scene, told: &[Value]) {
    let search = SearchExchangesRequest { kind: EntryKind::Delivery.into(), ..SearchExchangesRequest::default() };
    let found = scene.house.audited(search).await.into_iter().rev();
    let entries: Vec<PublicPart> = found.map(|entry| entry.public_part.unwrap()).collect();
    let due: Vec<&str> = told.iter().filter_map(|line| line["entry"].as_str()).collect();
    let ids = |bytes: &[u8]| uuid::Uuid::from_slice(bytes).unwrap().to_string();
    assert_eq!(entries.iter().map(|entry| ids(&entry.entry_id)).collect::<Vec<_>>(), due);
    assert!(entries.iter().all(|entry| entry.outcome() == Outcome::Released && entry.consumer == "cnaf"));
    let repeated = |entry: &PublicPart| (!entry.repeats.is_empty()).then(|| ids(&entry.repeats));
    let (second, third) = (Some(due[1].to_owned()), Some(due[2].to_owned()));
    let repeats: Vec<Option<String>> = entries.iter().map(repeated).collect();
    assert_eq!(repeats, [None, None, None, second, third, None, None, None, None]);
}
