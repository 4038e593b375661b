//! One log of many shards: searched and seen as one, by whichever node is asked.

mod command_line;
mod proof;
mod repeat;
mod trade;

use unefois_proto::pb::{
    audit::v1::{FoundEntry, SearchExchangesRequest},
    ledger::v1::Outcome,
    subject::v1::ListExchangesRequest,
};
use unefois_testkit::{House, HouseSettings, Person, pull_request, turnover_of};

use crate::{UNEFOIS, acknowledged};
use trade::traded;

/// Whether entries are indexed at once, or lie in the tail that is searched without an index: nobody may see which.
const INDEXED: [&str; 2] = ["0s", "1h"];

/// How often CNAF pulls before the shards trade slots.
const PULLS: usize = 3;

const NAMES: [&str; 2] = ["unefois.local/shard/0", "unefois.local/shard/1"];

async fn pulls(house: &House, person: &Person) {
    let cnaf = house.agency("cnaf").await;
    for _ in 0..PULLS {
        cnaf.exchange().pull(pull_request("d14-benefits", person.by_nir())).await.unwrap();
    }
}

/// A hub with two shards: what was recorded in the first third of its life and in the last is in slot 0, the rest in 1.
async fn house_of_two_shards(person: &Person, index_every: &str) -> House {
    let more = format!("[limits.broker]\nindex-every = \"{index_every}\"\n");
    let mut house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    acknowledged(&house.agency("urssaf").await, turnover_of(person, 1)).await;
    pulls(&house, person).await;
    traded(&mut house).await;
    pulls(&house, person).await;
    traded(&mut house).await;
    pulls(&house, person).await;
    house
}

fn released_to_cnaf() -> SearchExchangesRequest {
    SearchExchangesRequest {
        consumer: "cnaf".to_owned(),
        outcome: Outcome::Released.into(),
        case_reference: "enquiry".to_owned(),
        ..Default::default()
    }
}

fn recorded_at(found: &FoundEntry) -> i64 {
    found.public_part.as_ref().unwrap().recorded_at_micros
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_merges_all_shards_newest_first_and_pages_through_them_while_they_grow() {
    for index_every in INDEXED {
        let marie = Person::invented(150);
        let house = house_of_two_shards(&marie, index_every).await;
        for page_size in [1, 2, 4, 9, 100] {
            let found = paged(&house, &marie, page_size).await;
            let origins: Vec<&str> = found.iter().map(|entry| entry.origin.as_str()).collect();
            let newer = found.len() - 3 * PULLS;
            let due: Vec<&str> = [0, 1, 0].into_iter().flat_map(|slot| [NAMES[slot]; PULLS]).collect();
            assert_eq!(origins[newer..], due, "{page_size} a page");
            assert!(origins[..newer].iter().all(|origin| *origin == NAMES[0]), "the hub goes on in slot 0");
            assert!(found.is_sorted_by(|one, next| recorded_at(one) >= recorded_at(next)), "newest first");
            let places: std::collections::HashSet<_> = found.iter().map(|entry| (&entry.origin, entry.index)).collect();
            assert_eq!(places.len(), found.len(), "nothing twice");
        }
    }
}

/// All pages of a search, while CNAF goes on pulling. No page may show what came after the first.
async fn paged(house: &House, person: &Person, page_size: i32) -> Vec<FoundEntry> {
    let auditor = house.agency("cour-des-comptes").await;
    let mut request = SearchExchangesRequest { page_size, ..released_to_cnaf() };
    let (mut found, mut counted) = (Vec::new(), 0);
    loop {
        let page = auditor.audit().search_exchanges(request.clone()).await.unwrap().into_inner();
        counted += page.counts.iter().map(|count| count.count).sum::<u64>();
        assert!(page.next_page_token.is_empty() || page.entries.len() == usize::try_from(page_size).unwrap());
        found.extend(page.entries);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            assert_eq!(counted, found.len() as u64, "the first page counts the entries of all");
            return found;
        }
        let cnaf = house.agency("cnaf").await;
        cnaf.exchange().pull(pull_request("d14-benefits", person.by_nir())).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_and_sees_what_was_done_in_every_shard() {
    for index_every in INDEXED {
        let (marie, paul) = (Person::invented(151), Person::invented(152));
        let house = house_of_two_shards(&marie, index_every).await;
        house.agency("cnaf").await.exchange().pull(pull_request("d14-benefits", paul.by_nir())).await.unwrap_err();
        let of_marie = SearchExchangesRequest { subject: Some(marie.by_siren()), ..released_to_cnaf() };
        assert_eq!(house.audited(of_marie).await.len(), 3 * PULLS);

        let portal = house.agency("portail").await;
        let mut request = ListExchangesRequest {
            subject: Some(marie.by_nir()),
            case_reference: "session 3".to_owned(),
            page_size: 4,
            page_token: String::new(),
        };
        let mut seen = Vec::new();
        loop {
            let page = portal.subject().list_exchanges(request.clone()).await.unwrap().into_inner();
            seen.extend(page.exchanges.into_iter().filter(|exchange| exchange.outcome() == Outcome::Released));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(seen.len(), 3 * PULLS);
        let instant = |at: Option<prost_types::Timestamp>| at.map(|at| (at.seconds, at.nanos));
        assert!(seen.is_sorted_by(|one, next| instant(one.recorded_at) >= instant(next.recorded_at)));
    }
}
