//! What is published in both majors: the order of the two, and what the ledger says of it.

use serde_json::json;
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    ledger::v1::EntryKind,
    publication::v1::{PublishRequest, publish_response::Result as Fate},
};
use unefois_testkit::{Person, pull_request, turnover_of};

use super::Both;
use crate::publish;

/// Publishes these in one stream; all must be acknowledged.
async fn publishes(both: &Both, items: Vec<PublishRequest>) {
    for answer in publish(&both.urssaf, items).await {
        assert!(matches!(answer.result, Some(Fate::Acknowledged(_))), "{answer:?}");
    }
}

/// The dataset, the major and the count of each publication, the newest first.
async fn recorded(both: &Both) -> Vec<(String, u32, u32)> {
    let search = SearchExchangesRequest { kind: EntryKind::Publication.into(), page_size: 50, ..Default::default() };
    let publics = both.house.audited(search).await.into_iter().map(|entry| entry.public_part.unwrap());
    publics.map(|public| (public.dataset, public.dataset_major, public.publication.unwrap().count)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_majors_in_one_batch_the_later_item_counts() {
    let both = Both::open().await;
    // Many, so that no order of chance is the right one for all of them.
    let people: Vec<(u32, Person)> = (600..640).map(|number| (number, Person::invented(number))).collect();
    let mut items = Vec::new();
    for (number, person) in &people {
        let in_both = [turnover_of(person, 1), both.next_of(person, 2)];
        if number % 2 == 0 { items.extend(in_both) } else { items.extend(in_both.into_iter().rev()) }
    }
    publishes(&both, items).await;

    assert!(recorded(&both).await.iter().any(|(_, _, count)| *count > 1), "no batch holds two");
    for (number, person) in &people {
        let due = if number % 2 == 0 { 2 } else { 1 };
        let (next, _) = both.pulls(pull_request("d14-next", person.by_nir())).await;
        assert_eq!(next["services_cents"], json!(due), "{number}");
        let (first, _) = both.pulls(pull_request("d14-benefits", person.by_nir())).await;
        assert_eq!(first["amounts"]["bnc_cents"], json!(due), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_of_a_publication_names_the_major_when_it_is_one() {
    let both = Both::open().await;
    let marie = Person::invented(641);
    publishes(&both, vec![turnover_of(&marie, 1)]).await;
    publishes(&both, vec![both.next_of(&marie, 2)]).await;
    let of = |major| ("declared-turnover".to_owned(), major, 1);
    assert_eq!(recorded(&both).await, [of(2), of(1)]);

    // However the stream was cut, what is in one entry has one major, or the entry names none.
    let both_ways = |number| [turnover_of(&Person::invented(number), 1), both.next_of(&Person::invented(number), 2)];
    publishes(&both, (642..682).flat_map(both_ways).collect()).await;
    let mixed = recorded(&both).await;
    assert!(mixed.contains(&of(1)) && mixed.iter().any(|(_, major, count)| *major == 0 && *count > 1), "{mixed:?}");
}
