//! Repeats where there are two majors: the first answer or none, and an entry either way.

use serde_json::json;
use unefois_client::Refused;
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    exchange::v1::PullRequest,
    ledger::v1::{EntryKind, Outcome, PublicPart},
};
use unefois_testkit::{Person, pull_request, reason_of, turnover_of};

use super::{AGREEMENT, Both};
use crate::acknowledged;

fn numbered(agreement: &str, person: &Person) -> PullRequest {
    let mut request = pull_request(agreement, person.by_nir());
    request.context.as_mut().unwrap().request_id = Some("a-question-of-its-own".to_owned());
    request
}

/// The newest entry of a repeat.
async fn repeat_recorded(both: &Both) -> PublicPart {
    let search = SearchExchangesRequest { kind: EntryKind::Repeat.into(), ..Default::default() };
    both.house.audited(search).await[0].public_part.clone().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_answered_from_the_record_in_the_major_in_which_it_was_published() {
    let both = Both::open().await;
    let marie = Person::invented(4);
    acknowledged(&both.urssaf, both.next_of(&marie, 700)).await;
    let numbered = || numbered("d14-benefits", &marie);

    let (_, first) = both.pulls(numbered()).await;
    acknowledged(&both.urssaf, turnover_of(&marie, 1)).await;
    let (record, again) = both.pulls(numbered()).await;

    assert_eq!(first.response.data, again.response.data);
    assert_eq!(record["amounts"], json!({"bnc_cents": 700}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_after_the_agreement_moved_to_another_major_is_another_request() {
    let both = Both::open().await;
    let marie = Person::invented(6);
    acknowledged(&both.urssaf, turnover_of(&marie, 700)).await;
    // Fields that both majors have: nothing but the major changes.
    let moved_to = |major| {
        let fields = r#"fields = ["siren", "period", "services_cents", "note"]"#;
        let text = AGREEMENT.replace(fields, r#"fields = ["siren", "period"]"#);
        text.replace("dataset-major = 2", &format!("dataset-major = {major}"))
    };
    both.house.applies(&moved_to(1)).await.unwrap();
    let (_, first) = both.pulls(numbered("d14-next", &marie)).await;
    let first = first.verify(&both.house.public_key().await).unwrap().public;
    assert_eq!(first.dataset_major, 1);

    both.house.applies(&moved_to(2)).await.unwrap();
    let status = both.cnaf.exchange().pull(numbered("d14-next", &marie)).await.unwrap_err();
    assert_eq!(reason_of(&status), "REQUEST_ID_REUSED");
    let recorded = repeat_recorded(&both).await;
    assert_eq!((recorded.dataset_major, recorded.outcome()), (2, Outcome::Refused));
    assert_eq!(recorded.repeats, first.entry_id);

    // Back again, it is the request that it was.
    both.house.applies(&moved_to(1)).await.unwrap();
    let (_, again) = both.pulls(numbered("d14-next", &marie)).await;
    let again = again.verify(&both.house.public_key().await).unwrap().public;
    assert_eq!(again.entry_id, first.entry_id);
}

/// A repeat of what was told from a record of the second major, after the hub has ceased to serve it.
async fn repeats_what_can_be_told_no_more(mut both: Both, marie: &Person) {
    acknowledged(&both.urssaf, both.next_of(marie, 700)).await;
    let (_, first) = both.pulls(numbered("d14-benefits", marie)).await;
    let first = first.verify(&both.house.public_key().await).unwrap().public;

    both.house.stop();
    std::fs::remove_file(both.folder.path().join("next.proto")).unwrap();
    both.house.start();
    let cnaf = both.house.agency("cnaf").await;
    let status = cnaf.exchange().pull(numbered("d14-benefits", marie)).await.unwrap_err();

    let refused = Refused::from_status(&status);
    assert_eq!(refused.reason, "NOT_FOUND");
    let recorded = repeat_recorded(&both).await;
    assert_eq!(recorded.entry_id, refused.exchange_id.unwrap().as_bytes());
    assert_eq!((recorded.outcome(), recorded.reason.as_str()), (Outcome::NotFound, "NOT_FOUND"));
    assert_eq!(recorded.repeats, first.entry_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_of_what_can_be_told_no_more_is_recorded_as_a_repeat_that_found_nothing() {
    let both = Both::open().await;
    let marie = Person::invented(7);
    acknowledged(&both.urssaf, turnover_of(&marie, 1)).await;
    repeats_what_can_be_told_no_more(both, &marie).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_that_finds_no_record_in_any_major_is_recorded_as_a_repeat_too() {
    repeats_what_can_be_told_no_more(Both::open().await, &Person::invented(8)).await;
}
