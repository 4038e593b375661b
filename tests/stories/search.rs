//! Searching: each filter finds what it says, counts add up, and a page token belongs to one search of one auditor.

use unefois_client::Connection;
use unefois_proto::pb::{
    audit::v1::{SearchExchangesRequest, SearchExchangesResponse},
    ledger::v1::{EntryKind, Outcome, PublicPart, Purpose},
};
use unefois_testkit::{House, HouseSettings, Person, affiliation_of, pull_request, reason_of, turnover_of};

use crate::{UNEFOIS, acknowledged};

/// An auditor of another body.
const SECOND_AUDITOR: &str = "[[agency]]\ncode = \"igas\"\nname = \"Inspection\"\nroles = [\"auditor\"]\n";

fn search() -> SearchExchangesRequest {
    SearchExchangesRequest { case_reference: "enquiry".to_owned(), page_size: 500, ..Default::default() }
}

async fn page(auditor: &Connection, request: SearchExchangesRequest) -> SearchExchangesResponse {
    auditor.audit().search_exchanges(request).await.unwrap().into_inner()
}

/// Whether entries are indexed at once, or lie in the tail that is searched without an index: nobody may see which.
const INDEXED: [&str; 2] = ["0s", "1h"];

/// Two releases and three refusals, of two purposes and three consumers.
async fn busy_house(index_every: &str) -> House {
    let more = format!("[limits.broker]\nindex-every = \"{index_every}\"\n");
    let house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    let marie = Person::invented(100);
    let urssaf = house.agency("urssaf").await;
    acknowledged(&urssaf, turnover_of(&marie, 1)).await;
    acknowledged(&urssaf, affiliation_of(&marie)).await;
    let mut non_take_up = pull_request("d14-non-take-up", marie.by_nir());
    non_take_up.context.as_mut().unwrap().set_purpose(Purpose::NonTakeUp);
    let mut local = pull_request("d14-benefits", marie.by_nir());
    local.context.as_mut().unwrap().local_body = Some("caf-59".to_owned());
    let asked = [
        ("cnaf", local),
        ("cnaf", non_take_up),
        ("fafcea", pull_request("d14-benefits", marie.by_nir())),
        ("france-travail", pull_request("d13-unemployment", marie.by_nir())),
        ("cnaf", pull_request("nothing", marie.by_nir())),
    ];
    for (agency, request) in asked {
        let _released_or_refused = house.agency(agency).await.exchange().pull(request).await;
    }
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_finds_exactly_what_it_says() {
    for index_every in INDEXED {
        filters_find_what_they_say(&busy_house(index_every).await).await;
    }
}

async fn filters_find_what_they_say(house: &House) {
    let auditor = house.agency("cour-des-comptes").await;
    let all: Vec<PublicPart> =
        page(&auditor, search()).await.entries.into_iter().map(|entry| entry.public_part.unwrap()).collect();
    let noon = all[all.len() / 2].recorded_at_micros;
    let at = |micros: i64| unefois_proto::timestamp_from_micros(micros);
    type Rule = Box<dyn Fn(&PublicPart) -> bool>;
    let exchange = i32::from(EntryKind::Exchange);
    let cases: Vec<(SearchExchangesRequest, Rule, usize)> = vec![
        (
            SearchExchangesRequest { consumer: "cnaf".into(), kind: exchange, ..search() },
            Box::new(move |public| public.consumer == "cnaf" && public.kind == exchange),
            3,
        ),
        (
            SearchExchangesRequest { provider: "urssaf".into(), kind: EntryKind::Publication.into(), ..search() },
            Box::new(|public| public.provider == "urssaf" && public.kind() == EntryKind::Publication),
            2,
        ),
        (
            SearchExchangesRequest { local_body: "caf-59".into(), ..search() },
            Box::new(|public| public.local_body == "caf-59"),
            1,
        ),
        (
            SearchExchangesRequest { purpose: Purpose::NonTakeUp.into(), ..search() },
            Box::new(|public| public.purpose() == Purpose::NonTakeUp),
            1,
        ),
        (
            SearchExchangesRequest { outcome: Outcome::Refused.into(), ..search() },
            Box::new(|public| public.outcome() == Outcome::Refused),
            3,
        ),
        (
            SearchExchangesRequest { reason: "CONSENT_REQUIRED".into(), ..search() },
            Box::new(|public| public.reason == "CONSENT_REQUIRED"),
            1,
        ),
        (
            SearchExchangesRequest { dataset: "self-employed-affiliation".into(), ..search() },
            Box::new(|public| public.dataset == "self-employed-affiliation"),
            1,
        ),
        (
            SearchExchangesRequest { recorded_before: Some(at(noon)), ..search() },
            Box::new(move |public| public.recorded_at_micros < noon),
            1,
        ),
        (
            SearchExchangesRequest { recorded_from: Some(at(noon)), kind: EntryKind::Registry.into(), ..search() },
            Box::new(move |public| public.recorded_at_micros >= noon && public.kind() == EntryKind::Registry),
            0,
        ),
    ];
    for (request, rule, least) in cases {
        let found = page(&auditor, request.clone()).await;
        let publics: Vec<PublicPart> = found.entries.into_iter().map(|entry| entry.public_part.unwrap()).collect();
        let due: Vec<&PublicPart> = all.iter().filter(|public| rule(public)).collect();
        assert_eq!(publics.iter().collect::<Vec<_>>(), due, "{request:?}");
        assert!(due.len() >= least, "{request:?}: {}", due.len());
        let counted: u64 = found.counts.iter().map(|count| count.count).sum();
        assert_eq!(counted, due.len() as u64, "{request:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_say_how_often_each_reason_was_given() {
    for index_every in INDEXED {
        counts_add_up(&busy_house(index_every).await).await;
    }
}

async fn counts_add_up(house: &House) {
    let auditor = house.agency("cour-des-comptes").await;
    let request = SearchExchangesRequest { kind: EntryKind::Exchange.into(), page_size: 1, ..search() };
    let found = page(&auditor, request).await;
    let mut counts: Vec<(Outcome, String, u64)> =
        found.counts.into_iter().map(|count| (count.outcome(), count.reason, count.count)).collect();
    counts.sort_by(|one, other| one.1.cmp(&other.1));
    let due = [
        (Outcome::Released, String::new(), 2),
        (Outcome::Refused, "AGREEMENT_OF_ANOTHER_CONSUMER".to_owned(), 1),
        (Outcome::Refused, "AGREEMENT_UNKNOWN".to_owned(), 1),
        (Outcome::Refused, "CONSENT_REQUIRED".to_owned(), 1),
    ];
    assert_eq!(counts, due);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_belongs_to_one_search_of_one_auditor() {
    let house = busy_house("0s").await;
    house.applies(SECOND_AUDITOR).await.unwrap();
    let auditor = house.agency("cour-des-comptes").await;
    let first = SearchExchangesRequest { page_size: 2, ..search() };
    let token = page(&auditor, first.clone()).await.next_page_token;
    let next = SearchExchangesRequest { page_token: token.clone(), ..first.clone() };
    assert_eq!(page(&auditor, next.clone()).await.entries.len(), 2);
    let larger = SearchExchangesRequest { page_size: 3, ..next.clone() };
    assert_eq!(page(&auditor, larger).await.entries.len(), 3, "pages may differ in size");

    let refused = |status: Result<_, tonic::Status>| reason_of(&status.map(drop).unwrap_err());
    let of_another = house.agency("igas").await.audit().search_exchanges(next.clone()).await;
    assert_eq!(refused(of_another), "PAGE_TOKEN_INVALID");
    let changed = SearchExchangesRequest { consumer: "cnaf".to_owned(), ..next.clone() };
    assert_eq!(refused(auditor.audit().search_exchanges(changed).await), "PAGE_TOKEN_INVALID");
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        let page_token = String::from_utf8(bytes).unwrap();
        let forged = SearchExchangesRequest { page_token, ..next.clone() };
        assert_eq!(refused(auditor.audit().search_exchanges(forged).await), "PAGE_TOKEN_INVALID", "digit {at}");
    }
    let negative = SearchExchangesRequest { page_size: -1, ..search() };
    assert_eq!(refused(auditor.audit().search_exchanges(negative).await), "ARGUMENT_INVALID");
    let anonymous = SearchExchangesRequest { case_reference: String::new(), ..search() };
    assert_eq!(refused(auditor.audit().search_exchanges(anonymous).await), "CONTEXT_INCOMPLETE");
}
