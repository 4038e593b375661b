//! Auditing: searched, paged, exported, proved.

use unefois_ledger::{Checkpoint, Hash, TreeHead, check_consistency, check_inclusion, leaf_hash, verify_export};
use unefois_proto::pb::{
    audit::v1::{GetCheckpointRequest, GetConsistencyProofRequest, GetInclusionProofRequest, SearchExchangesRequest},
    ledger::v1::Outcome,
    subject::v1::ListExchangesRequest,
};
use unefois_testkit::{House, Person, pull_request, reason_of, turnover_of};

use crate::{UNEFOIS, acknowledged};

/// A hub in which CNAF has pulled the turnover of a person so many times.
async fn house_with_pulls(person: &Person, count: usize) -> House {
    let house = House::open(UNEFOIS).await;
    acknowledged(&house.agency("urssaf").await, turnover_of(person, 1)).await;
    pulls(&house, person, count).await;
    house
}

async fn pulls(house: &House, person: &Person, count: usize) {
    let cnaf = house.agency("cnaf").await;
    for _ in 0..count {
        let mut request = pull_request("d14-benefits", person.by_nir());
        request.context.as_mut().unwrap().local_body = Some("caf-31".to_owned());
        cnaf.exchange().pull(request).await.unwrap();
    }
}

fn hashes(path: &[Vec<u8>]) -> Vec<Hash> {
    path.iter().map(|hash| Hash::try_from(hash.as_slice()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_filters_counts_and_pages_while_the_ledger_grows() {
    let marie = Person::invented(70);
    let house = house_with_pulls(&marie, 25).await;
    let auditor = house.agency("cour-des-comptes").await;
    let mut request = SearchExchangesRequest {
        consumer: "cnaf".to_owned(),
        local_body: "caf-31".to_owned(),
        dataset: "declared-turnover".to_owned(),
        outcome: Outcome::Released.into(),
        page_size: 10,
        case_reference: "enquiry".to_owned(),
        ..Default::default()
    };
    let mut indexes = Vec::new();
    loop {
        let page = auditor.audit().search_exchanges(request.clone()).await.unwrap().into_inner();
        if request.page_token.is_empty() {
            assert_eq!(page.counts.iter().map(|count| count.count).collect::<Vec<_>>(), [25]);
        }
        indexes.extend(page.entries.iter().map(|entry| entry.index));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
        pulls(&house, &marie, 5).await;
    }
    assert_eq!(indexes.len(), 25, "the pages show the ledger as it was at the first");
    assert!(indexes.is_sorted_by(|newer, older| newer > older));
    let other = SearchExchangesRequest { consumer: "cnam".to_owned(), page_token: "00".repeat(32), ..request };
    let status = auditor.audit().search_exchanges(other).await.unwrap_err();
    assert_eq!(reason_of(&status), "PAGE_TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_is_searched_by_any_identifier_and_every_search_is_an_entry() {
    let marie = Person::invented(71);
    let house = house_with_pulls(&marie, 3).await;
    pulls_nothing(&house, &Person::invented(72)).await;
    let search =
        |subject| SearchExchangesRequest { subject: Some(subject), consumer: "cnaf".to_owned(), ..Default::default() };
    assert_eq!(house.audited(search(marie.by_siren())).await.len(), 3);
    assert_eq!(house.audited(search(Person::invented(72).by_nir())).await.len(), 1);
    let everything = house.audited(SearchExchangesRequest::default()).await;
    let searches = everything
        .iter()
        .filter(|entry| entry.public_part.as_ref().unwrap().method == "/unefois.audit.v1.AuditService/SearchExchanges");
    assert!(searches.count() >= 2);
}

async fn pulls_nothing(house: &House, person: &Person) {
    let cnaf = house.agency("cnaf").await;
    cnaf.exchange().pull(pull_request("d14-benefits", person.by_nir())).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_verifies_offline_and_any_changed_byte_is_found() {
    let house = house_with_pulls(&Person::invented(73), 8).await;
    let key = house.public_key().await;
    let earlier = verify_export(house.exported().await.as_slice(), &key, None).unwrap().checkpoint;
    let export = house.exported().await;
    let report = verify_export(export.as_slice(), &key, Some(&earlier)).unwrap();
    assert!(report.checkpoint.head.size > earlier.head.size);
    for at in (0..export.len()).step_by(7) {
        let mut changed = export.clone();
        changed[at] ^= 1;
        assert!(verify_export(changed.as_slice(), &key, None).is_err(), "byte {at}");
    }
    let text = String::from_utf8(export).unwrap();
    let line = text.lines().find(|line| line.starts_with("entry 9 ")).unwrap();
    let last = line.chars().rev().find(char::is_ascii_alphanumeric).unwrap();
    let other = if last == 'A' { 'B' } else { 'A' };
    let at = line.rfind(last).unwrap();
    let changed = format!("{}{other}{}", &line[..at], &line[at + 1..]);
    let finding = verify_export(text.replace(line, &changed).as_bytes(), &key, None).unwrap_err();
    assert!(finding.to_string().contains("entry 9"), "{finding}");
}

#[tokio::test(flavor = "multi_thread")]
async fn inclusion_and_consistency_are_proved_for_any_size() {
    let house = house_with_pulls(&Person::invented(74), 20).await;
    let auditor = house.agency("cour-des-comptes").await;
    let key = house.public_key().await;
    let newest = auditor.audit().get_checkpoint(GetCheckpointRequest::default()).await.unwrap().into_inner();
    let head = Checkpoint::open(&newest.checkpoint, &key).unwrap().head;
    for index in 0..head.size {
        let request = GetInclusionProofRequest { index, tree_size: head.size, ..Default::default() };
        let proof = auditor.audit().get_inclusion_proof(request).await.unwrap().into_inner();
        check_inclusion(head, index, leaf_hash(&proof.entry), &hashes(&proof.path)).unwrap();
    }
    pulls(&house, &Person::invented(74), 3).await;
    let request = GetConsistencyProofRequest { from_size: head.size, ..Default::default() };
    let proof = auditor.audit().get_consistency_proof(request).await.unwrap().into_inner();
    let later: TreeHead = Checkpoint::open(&proof.checkpoint, &key).unwrap().head;
    assert!(later.size > head.size);
    check_consistency(head, later, &hashes(&proof.path)).unwrap();
    let request = GetInclusionProofRequest { index: later.size, ..Default::default() };
    let status = auditor.audit().get_inclusion_proof(request).await.unwrap_err();
    assert_eq!(reason_of(&status), "ARGUMENT_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_who_got_what_and_who_was_refused() {
    let marie = Person::invented(75);
    let house = house_with_pulls(&marie, 2).await;
    let fafcea = house.agency("fafcea").await;
    fafcea.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap_err();
    let portal = house.agency("portail").await;
    let request = ListExchangesRequest {
        subject: Some(marie.by_nir()),
        case_reference: "session".to_owned(),
        page_size: 2,
        page_token: String::new(),
    };
    let first = portal.subject().list_exchanges(request.clone()).await.unwrap().into_inner();
    assert_eq!(first.exchanges.len(), 2);
    let request = ListExchangesRequest { page_token: first.next_page_token, ..request };
    let second = portal.subject().list_exchanges(request).await.unwrap().into_inner();
    let sentences: Vec<String> =
        first.exchanges.into_iter().chain(second.exchanges).map(|exchange| exchange.sentence).collect();
    assert_eq!(sentences.len(), 3, "{sentences:?}");
    assert!(sentences[0].contains("a été refusée"), "{}", sentences[0]);
    assert!(sentences[1].contains("CAF de la Haute-Garonne"), "{}", sentences[1]);
}
