//! Dossiers on everybody; and what names a person, sent where it does not belong.

use tonic::Status;
use unefois_proto::pb::{
    dossier::v1::{CloseRequest, Declaration, ListRequest, LoadRequest, OpenRequest},
    subscription::v1::{CreateRequest, Filter, GetRequest, ListDeadLettersRequest, Reach},
};
use unefois_testkit::{House, Person, declaration, reason_of};

/// Everybody's dossier is opened, by itself or in a load, listed and closed.
pub(crate) async fn dossiers(house: &House, people: &[Person]) {
    let mut service = house.agency("cnaf").await.dossier();
    let case_reference = || "SESSION-OF-A-PERSON".to_owned();
    let declared = || Some(declaration(people[0].by_nir(), 30));
    service.open(OpenRequest { declaration: declared(), case_reference: case_reference() }).await.unwrap();
    let declarations = people.iter().map(|person| declaration(person.by_nir(), 30)).collect();
    let load = LoadRequest { declarations, case_reference: case_reference() };
    let loaded = service.load(futures::stream::iter([load])).await.unwrap().into_inner();
    assert_eq!((loaded.opened + 1, loaded.unchanged), (people.len() as u64, 1));
    let page = ListRequest { page_size: 1, ..ListRequest::default() };
    let page_token = service.list(page.clone()).await.unwrap().into_inner().next_page_token;
    service.list(ListRequest { page_token, ..page }).await.unwrap();
    for person in &people[1..] {
        let close = CloseRequest { subject: Some(person.by_siren()), case_reference: case_reference() };
        service.close(close).await.unwrap();
    }
}

/// Names of people as reasons, names, fields, identifiers and tokens: refused, and not repeated to whoever sent them.
pub(crate) async fn mistakes(house: &House, person: &Person) {
    let cnaf = house.agency("cnaf").await;
    let (mut dossiers, mut subscriptions) = (cnaf.dossier(), cnaf.subscription());
    let named = || person.nir.clone();
    let reason = Declaration { reason: format!("file-{}", person.siren), ..declaration(person.by_nir(), 30) };
    let open = OpenRequest { declaration: Some(reason.clone()), case_reference: named() };
    let load = LoadRequest { declarations: vec![reason], case_reference: named() };
    let loaded = dossiers.load(futures::stream::iter([load])).await.unwrap().into_inner();
    assert!(loaded.rejected == 1 && !loaded.rejections[0].message.contains(&person.siren), "{loaded:?}");
    let create = CreateRequest {
        name: "one".to_owned(),
        agreement: "d09-cnaf".to_owned(),
        filter: None,
        reach: Reach::OpenDossiers.into(),
        terms: None,
    };
    let filter = Some(Filter { kinds: Vec::new(), fields: vec![named()] });
    let letters = ListDeadLettersRequest { subscription_id: named(), ..ListDeadLettersRequest::default() };
    let refusals: [Status; 7] = [
        dossiers.open(open).await.unwrap_err(),
        dossiers.list(ListRequest { page_token: named(), ..ListRequest::default() }).await.unwrap_err(),
        subscriptions.create(CreateRequest { name: format!("of-{}", person.nir), ..create.clone() }).await.unwrap_err(),
        subscriptions
            .create(CreateRequest { agreement: format!("d-{}", person.siren), ..create.clone() })
            .await
            .unwrap_err(),
        subscriptions.create(CreateRequest { filter, ..create }).await.unwrap_err(),
        subscriptions.get(GetRequest { subscription_id: named() }).await.unwrap_err(),
        subscriptions.list_dead_letters(letters).await.unwrap_err(),
    ];
    for (number, status) in refusals.into_iter().enumerate() {
        assert!(!reason_of(&status).is_empty(), "{number}: {status:?}");
        let said = format!("{status:?}");
        assert!(!said.contains(&person.nir) && !said.contains(&person.siren), "{number}: an error quotes a person");
    }
}
