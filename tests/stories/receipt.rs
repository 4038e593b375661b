//! Receipts: no byte of one can be changed, and none proves what another is about.

use prost::Message;
use unefois_client::{Pulled, RetryPolicy, pull, receipt_from_wire};
use unefois_ledger::VerifyingKey;
use unefois_proto::pb::ledger::v1::ExchangeReceipt;
use unefois_testkit::{House, Person, pull_request, turnover_of};

use crate::{UNEFOIS, acknowledged};

async fn pulled(house: &House, person: &Person, cents: i64) -> Pulled {
    acknowledged(&house.agency("urssaf").await, turnover_of(person, cents)).await;
    let request = pull_request("d14-benefits", person.by_nir());
    pull(&house.agency("cnaf").await, request, &RetryPolicy::never()).await.unwrap()
}

/// Whether the bytes of a receipt, as they travelled, prove that `data` was released.
fn proves(wire: &[u8], data: &[u8], key: &VerifyingKey) -> bool {
    let Ok(wire) = ExchangeReceipt::decode(wire) else { return false };
    let Ok(receipt) = receipt_from_wire(wire) else { return false };
    receipt.verify(key).is_ok_and(|verified| verified.verify_payload(data).is_ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_a_receipt_can_be_changed_and_none_left_out() {
    let house = House::open(UNEFOIS).await;
    let answer = pulled(&house, &Person::invented(90), 12).await;
    let key = house.public_key().await;
    let data = answer.response.data.unwrap();
    let wire = answer.response.receipt.unwrap().encode_to_vec();
    assert!(proves(&wire, &data, &key));
    for at in 0..wire.len() {
        let mut changed = wire.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(!proves(&changed, &data, &key), "byte {at} of {}", wire.len());
    }
    for at in (0..wire.len()).step_by(50) {
        assert!(!proves(&wire[..at], &data, &key), "cut at {at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_about_its_own_answer_and_its_own_hub() {
    let (house, other) = (House::open(UNEFOIS).await, House::open(UNEFOIS).await);
    let marie = pulled(&house, &Person::invented(91), 1).await;
    let paul = pulled(&house, &Person::invented(92), 1).await;
    let key = house.public_key().await;
    let mixed = Pulled { response: marie.response.clone(), receipt: paul.receipt.clone() };
    assert!(mixed.verify(&key).is_err(), "the receipt of another person's answer");
    let mut moved = marie.clone();
    moved.receipt.index = paul.receipt.index;
    assert!(moved.verify(&key).is_err(), "the place of another entry");
    let mut opened = marie.clone();
    opened.receipt.personal_part.clone_from(&paul.receipt.personal_part);
    opened.receipt.personal_blind.clone_from(&paul.receipt.personal_blind);
    assert!(opened.verify(&key).is_err(), "the personal part of another entry");
    assert!(marie.verify(&other.public_key().await).is_err(), "another hub of the same name");
    marie.verify(&key).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_consumer_says_of_itself_is_in_the_receipt_and_the_rest_is_what_the_hub_decided() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(93);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 5)).await;
    let mut request = pull_request("d14-benefits", marie.by_siren());
    request.context.as_mut().unwrap().local_body = Some("caf-974".to_owned());
    let answer = pull(&house.agency("cnaf").await, request, &RetryPolicy::never()).await.unwrap();
    let verified = answer.verify(&house.public_key().await).unwrap();
    let public = verified.public;
    let facts = [&public.caller_agency, &public.consumer, &public.provider, &public.local_body, &public.agreement];
    assert_eq!(facts, ["cnaf", "cnaf", "urssaf", "caf-974", "d14-benefits"]);
    let rules = [&public.caller_system, &public.dataset, &public.legal_basis, &public.reason];
    assert_eq!(rules, ["main", "declared-turnover", "crpa-l114-8-i", ""]);
    assert_eq!((public.policy_digest.len(), public.entry_id.len()), (32, 16));
    let personal = verified.personal.unwrap();
    assert_eq!((personal.case_reference.as_str(), personal.agent_reference.as_str()), ("DOSSIER-4711", "AGENT-0815"));
    assert_eq!((personal.revision, personal.record_id.len(), personal.subject_pseudonym.len()), (1, 16, 32));
}
