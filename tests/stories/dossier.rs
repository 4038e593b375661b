//! Dossiers: on whom a consumer has a file open, which the person and the auditor see.

mod load;

use unefois_client::{Connection, Refused};
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    calendar::v1::Date,
    dossier::v1::{CloseRequest, Declaration, Dossier, ListRequest, OpenRequest},
    ledger::v1::EntryKind,
    subject::v1::{ListExchangesRequest, MergeRequest, Subject, subject::Identifier},
};
pub(crate) use unefois_testkit::declaration;
use unefois_testkit::{House, Person, day_ahead, reason_of};

use crate::UNEFOIS;

/// Opens a dossier. Gives the identifier of its entry.
pub(crate) async fn opens(consumer: &Connection, declaration: Declaration) -> Result<String, Refused> {
    let request = OpenRequest { declaration: Some(declaration), case_reference: "FILE-1".to_owned() };
    let opened = consumer.dossier().open(request).await.map_err(|status| Refused::from_status(&status))?;
    Ok(opened.into_inner().exchange_id)
}

/// Closes a dossier. Gives the identifier of its entry.
pub(crate) async fn closes(consumer: &Connection, subject: Subject) -> Result<String, String> {
    let request = CloseRequest { subject: Some(subject), case_reference: "FILE-1".to_owned() };
    let closed = consumer.dossier().close(request).await.map_err(|status| reason_of(&status))?;
    Ok(closed.into_inner().exchange_id)
}

async fn open_ones(consumer: &Connection, subject: Option<Subject>) -> Vec<Dossier> {
    let request = ListRequest { subject, page_size: 0, page_token: String::new() };
    let listed = consumer.dossier().list(request).await.unwrap().into_inner();
    assert!(listed.next_page_token.is_empty());
    listed.dossiers
}

fn terms(dossiers: &[Dossier]) -> Vec<(&str, Date)> {
    dossiers.iter().map(|dossier| (dossier.reason.as_str(), dossier.last_day.unwrap())).collect()
}

/// What was done to dossiers, oldest first.
async fn verbs(house: &House) -> Vec<String> {
    let search = SearchExchangesRequest { kind: EntryKind::Dossier.into(), ..Default::default() };
    let found = house.audited(search).await;
    found.into_iter().rev().map(|entry| entry.public_part.unwrap().change.unwrap().verb).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_is_opened_given_new_terms_and_closed_and_each_is_an_entry_that_the_person_sees() {
    let house = House::open(UNEFOIS).await;
    let (cnaf, marie) = (house.agency("cnaf").await, Person::invented(500));
    assert!(!opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap().is_empty());
    assert!(opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap().is_empty(), "it is open with these terms");
    let first = open_ones(&cnaf, None).await;
    assert_eq!(terms(&first), [("benefit-claim", day_ahead(30))]);
    let other = Declaration { reason: "rsa".to_owned(), ..declaration(marie.by_nir(), 60) };
    assert!(!opens(&cnaf, other).await.unwrap().is_empty());
    let second = open_ones(&cnaf, Some(marie.by_nir())).await;
    assert_eq!(terms(&second), [("rsa", day_ahead(60))]);
    assert_eq!(second[0].opened_at, first[0].opened_at, "only its terms are new");
    assert!(open_ones(&house.agency("cnav").await, None).await.is_empty(), "it is the agency's own");
    assert!(!closes(&cnaf, marie.by_nir()).await.unwrap().is_empty());
    assert!(closes(&cnaf, marie.by_nir()).await.unwrap().is_empty(), "it was closed before");
    assert!(open_ones(&cnaf, None).await.is_empty() && open_ones(&cnaf, Some(marie.by_nir())).await.is_empty());
    assert_eq!(verbs(&house).await, ["open", "open", "close"]);
    let request = ListExchangesRequest {
        subject: Some(marie.by_nir()),
        case_reference: "session".to_owned(),
        page_size: 10,
        page_token: String::new(),
    };
    let seen = house.agency("portail").await.subject().list_exchanges(request).await.unwrap().into_inner().exchanges;
    assert!(seen[0].sentence.contains("a clos son dossier"), "{}", seen[0].sentence);
    assert!(seen[2].sentence.contains("a déclaré un dossier ouvert"), "{}", seen[2].sentence);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_dossier_is_refused_and_the_field_is_named() {
    let house = House::open(UNEFOIS).await;
    let (cnaf, marie) = (house.agency("cnaf").await, Person::invented(501));
    let nobody = Subject { identifier: Some(Identifier::Nir("255081416802599".to_owned())) };
    let good = || declaration(marie.by_nir(), 30);
    let cases = [
        (declaration(nobody, 30), "IDENTIFIER_INVALID", "declaration.subject"),
        (Declaration { subject: None, ..good() }, "CONTEXT_INCOMPLETE", "declaration.subject"),
        (Declaration { reason: "nir-255081416802538".to_owned(), ..good() }, "ARGUMENT_INVALID", "declaration.reason"),
        (Declaration { last_day: None, ..good() }, "ARGUMENT_INVALID", "declaration.last_day"),
        (declaration(marie.by_nir(), -1), "DOSSIER_TERM_INVALID", "declaration.last_day"),
        (declaration(marie.by_nir(), 5_000), "DOSSIER_TERM_INVALID", "declaration.last_day"),
    ];
    for (declaration, reason, field) in cases {
        let refused = opens(&cnaf, declaration).await.unwrap_err();
        assert_eq!((refused.reason.as_str(), refused.violations[0].0.as_str()), (reason, field));
        assert!(!refused.to_string().contains("2550814168025"), "{refused}");
    }
    opens(&cnaf, declaration(marie.by_nir(), 0)).await.unwrap();
    let cnav = house.agency("cnav").await;
    assert_eq!(closes(&cnav, marie.by_nir()).await.unwrap_err(), "DOSSIER_UNKNOWN", "another agency has one");
    assert_eq!(closes(&cnaf, Person::invented(502).by_nir()).await.unwrap_err(), "DOSSIER_UNKNOWN");
    assert_eq!(verbs(&house).await, ["open"], "nothing else was done");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dossier_of_a_subject_that_was_merged_is_one_of_what_it_was_merged_into() {
    let house = House::open(UNEFOIS).await;
    let (cnaf, marie) = (house.agency("cnaf").await, Person::invented(503));
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    opens(&house.agency("cnav").await, declaration(marie.by_siret(), 30)).await.unwrap();
    let request = MergeRequest {
        kept: Some(marie.by_siret()),
        merged: Some(marie.by_nir()),
        case_reference: "decision".to_owned(),
    };
    house.agency("operator").await.subject().merge(request).await.unwrap();
    assert_eq!(terms(&open_ones(&cnaf, Some(marie.by_siret())).await), [("benefit-claim", day_ahead(30))]);
    opens(&cnaf, declaration(marie.by_siret(), 10)).await.unwrap();
    assert_eq!(terms(&open_ones(&cnaf, None).await), [("benefit-claim", day_ahead(10))], "the newest terms count");
    assert!(opens(&cnaf, declaration(marie.by_nir(), 10)).await.unwrap().is_empty());
    assert!(!closes(&cnaf, marie.by_nir()).await.unwrap().is_empty());
    assert!(open_ones(&cnaf, None).await.is_empty());
}
