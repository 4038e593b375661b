//! Loading dossiers: ten thousand of them, as a stream and by command.

use std::collections::BTreeSet;

use unefois_client::{RetryPolicy, load_dossiers};
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    dossier::v1::{Declaration, ListRequest, LoadRequest},
    ledger::v1::EntryKind,
};
use unefois_testkit::{House, Person, day_ahead, reason_of};

use super::{declaration, open_ones, opens};
use crate::UNEFOIS;

const DOSSIERS: u32 = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_dossiers_are_loaded_and_what_is_loaded_again_is_unchanged() {
    let house = House::open(UNEFOIS).await;
    let cnaf = house.agency("cnaf").await;
    opens(&cnaf, declaration(Person::invented(7).by_nir(), 30)).await.unwrap();
    let wrong = [3, 6_000, 9_999];
    let declared = move |number: u32| match number {
        number if wrong.contains(&number) => declaration(Person::invented(number).by_nir(), 5_000),
        number => declaration(Person::invented(number).by_nir(), 30),
    };
    let load = || futures::stream::iter((0..DOSSIERS).map(declared));
    let loaded = load_dossiers(&cnaf, "LOAD-1", load(), &RetryPolicy::default()).await.unwrap();
    assert_eq!((loaded.opened, loaded.unchanged, loaded.rejected), (9_996, 1, 3));
    let rejected: Vec<_> = loaded.rejections.iter().map(|one| (one.index, one.reason.as_str())).collect();
    assert_eq!(rejected, wrong.map(|number| (u64::from(number), "DOSSIER_TERM_INVALID")));
    let again = load_dossiers(&cnaf, "LOAD-2", load(), &RetryPolicy::default()).await.unwrap();
    assert_eq!((again.opened, again.unchanged, again.rejected), (0, 9_997, 3));
    let (mut subjects, mut page_token) = (BTreeSet::new(), String::new());
    loop {
        let request = ListRequest { subject: None, page_size: 1_000, page_token };
        let page = cnaf.dossier().list(request).await.unwrap().into_inner();
        subjects.extend(page.dossiers.into_iter().map(|dossier| dossier.subject_pseudonym));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(subjects.len(), 9_997, "each once");
    let search = SearchExchangesRequest {
        kind: EntryKind::Dossier.into(),
        case_reference: "audit".to_owned(),
        ..Default::default()
    };
    let auditor = house.agency("cour-des-comptes").await;
    let found = auditor.audit().search_exchanges(search).await.unwrap().into_inner();
    assert_eq!(found.counts.iter().map(|count| count.count).sum::<u64>(), 9_997, "each opening is an entry");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_without_its_reference_or_with_too_much_in_a_message_is_refused() {
    let house = House::open(UNEFOIS).await;
    let cnaf = house.agency("cnaf").await;
    let message = |count: u32, case: &str| {
        let declarations: Vec<Declaration> =
            (0..count).map(|number| declaration(Person::invented(number).by_nir(), 30)).collect();
        LoadRequest { declarations, case_reference: case.to_owned() }
    };
    for (messages, reason) in [
        (vec![message(1, "")], "CONTEXT_INCOMPLETE"),
        (vec![message(1_001, "LOAD")], "ARGUMENT_INVALID"),
        (vec![message(2, "LOAD"), message(1, ""), message(1, "OTHER")], "ARGUMENT_INVALID"),
    ] {
        let status = cnaf.dossier().load(futures::stream::iter(messages)).await.unwrap_err();
        assert_eq!(reason_of(&status), reason);
    }
    assert_eq!(open_ones(&cnaf, None).await.len(), 2, "what came before is open");
    let nothing = cnaf.dossier().load(futures::stream::empty()).await.unwrap().into_inner();
    assert_eq!((nothing.opened, nothing.unchanged, nothing.rejected), (0, 0, 0));
    // The token of a page is of its agency only.
    let page = |page_size, page_token| ListRequest { subject: None, page_size, page_token };
    let first = cnaf.dossier().list(page(1, String::new())).await.unwrap().into_inner();
    let second = cnaf.dossier().list(page(1, first.next_page_token.clone())).await.unwrap().into_inner();
    assert!(first.dossiers[0] != second.dossiers[0] && second.next_page_token.is_empty());
    let cnav = house.agency("cnav").await;
    let status = cnav.dossier().list(page(1, first.next_page_token)).await.unwrap_err();
    assert_eq!(reason_of(&status), "PAGE_TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn dossiers_are_opened_loaded_listed_and_closed_by_command() {
    let house = House::open(UNEFOIS).await;
    let runs = |arguments: &[&str], input: &str| {
        let flags = house.flags("cnaf");
        let arguments: Vec<&str> = flags.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
        house.runs(&arguments, input)
    };
    let last_day = day_ahead(30);
    let last_day = format!("{:04}-{:02}-{:02}", last_day.year.unwrap(), last_day.month.unwrap(), last_day.day.unwrap());
    let subject = |number| format!("nir:{}", Person::invented(number).nir);
    let open = ["dossiers", "open", "--reason", "rsa", "--last-day", &last_day, "--case", "FILE-1"];
    let (good, output, errors) = runs(&open, &subject(1));
    assert!(good && output.starts_with("opened; recorded as "), "{output}{errors}");
    let lines = [1, 2, 3].map(|number| format!("{},rsa,{last_day}\n", subject(number))).concat();
    let load = ["dossiers", "load", "-", "--case", "LOAD-1"];
    let (good, output, errors) = runs(&load, &lines);
    assert!(good && output.contains("2 opened, 1 unchanged, 0 rejected"), "{output}{errors}");
    let (good, output, errors) = runs(&load, &format!("{},rsa,2020-01-01\n{},rsa\n", subject(4), subject(5)));
    assert!(!good && output.contains("0 opened, 0 unchanged, 1 rejected"), "{output}{errors}");
    assert!(errors.contains("declaration 1: DOSSIER_TERM_INVALID") && errors.contains("line 2"), "{errors}");
    assert!(!errors.contains(&Person::invented(5).nir), "{errors}");
    let (good, output, _) = runs(&["dossiers", "list", "--json"], "");
    assert!(good && output.lines().count() == 3 && output.contains(&format!(r#""last_day":"{last_day}""#)), "{output}");
    let close = ["dossiers", "close", "--case", "FILE-1"];
    let (good, output, errors) = runs(&close, &subject(1));
    assert!(good && output.starts_with("closed; recorded as "), "{output}{errors}");
    let (good, output, _) = runs(&["dossiers", "list"], "");
    assert!(good && output.matches(" rsa ").count() == 2, "{output}");
    let (good, _, errors) = runs(&close, &subject(9));
    assert!(!good && errors.contains("DOSSIER_UNKNOWN"), "{errors}");
}
