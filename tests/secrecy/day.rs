//! A busy day: everything that a hub does with people, good and bad.

use futures::StreamExt;
use prost_types::FieldMask;
use tonic::Request;
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    consent::v1::{GrantRequest, ListRequest, WithdrawRequest},
    exchange::v1::PullRequest,
    income::v1::GetCompanyTurnoverRequest,
    ledger::v1::Purpose,
    publication::v1::{PublishRequest, publish_response::Result as Fate},
    subject::v1::{ListExchangesRequest, MergeRequest, Subject, subject::Identifier},
};
use unefois_testkit::{
    ApiGouv, House, Person, Script, affiliation_of, context, declared, item, pull_request, reason_of, turnover_of,
};

/// An amount that does not occur by chance.
pub(crate) const CENTS: i64 = 918_273_645_546;
/// The same as the live provider writes it.
pub(crate) const EUROS: &str = "9182736455.46";
/// The trace of a call.
pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Publishes, and gives the reasons of what was rejected.
async fn publishes(house: &House, items: Vec<PublishRequest>) -> Vec<String> {
    let urssaf = house.agency("urssaf").await;
    let answers = urssaf.publication().publish(futures::stream::iter(items)).await.unwrap().into_inner();
    let rejected = answers.filter_map(async |answer| match answer.unwrap().result {
        Some(Fate::Rejected(rejection)) => Some(rejection.reason),
        Some(Fate::Acknowledged(_)) => None,
        None => panic!("an answer is empty"),
    });
    rejected.collect().await
}

/// Records of everybody, revised once and repeated once; and bad ones.
pub(crate) async fn publications(house: &House, people: &[Person]) {
    let items = people
        .iter()
        .flat_map(|person| [turnover_of(person, 1), turnover_of(person, CENTS), affiliation_of(person)])
        .enumerate()
        .map(|(number, item)| PublishRequest { publication_id: format!("PUBLICATION-OF-A-PERSON-{number}"), ..item });
    let items: Vec<_> = items.collect();
    assert_eq!(publishes(house, items.clone()).await, Vec::<String>::new());
    assert_eq!(publishes(house, items).await, Vec::<String>::new(), "the same again");
    let [first, second, ..] = people else { panic!("a day needs two people") };
    let of_nobody = Subject { identifier: Some(Identifier::Nir(format!("{}00", &first.nir[..13]))) };
    let bad = vec![
        item("declared-turnover", vec![first.by_nir(), second.by_siren()], &declared(second, CENTS)),
        item("declared-turnover", vec![of_nobody], &declared(first, CENTS)),
        turnover_of(first, -CENTS),
        PublishRequest { dataset: first.nir.clone(), ..turnover_of(first, CENTS) },
        PublishRequest { publication_id: first.nir.repeat(10), ..turnover_of(first, CENTS) },
        PublishRequest { data: first.nir.clone().into_bytes(), ..turnover_of(first, CENTS) },
    ];
    let count = bad.len();
    assert_eq!(publishes(house, bad).await.len(), count);
}

/// Everybody is asked about: with success, without an agreement, twice, and by what nobody knows.
pub(crate) async fn exchanges(house: &House, people: &[Person]) {
    let (cnaf, fafcea) = (house.agency("cnaf").await, house.agency("fafcea").await);
    for (number, person) in people.iter().enumerate() {
        let mut asked = pull_request("d14-benefits", person.by_nir());
        asked.context.as_mut().unwrap().request_id = Some(format!("REQUEST-OF-A-PERSON-{number}"));
        for _ in 0..2 {
            let mut request = Request::new(asked.clone());
            request.metadata_mut().insert("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01").parse().unwrap());
            cnaf.exchange().pull(request).await.unwrap();
        }
        fafcea.exchange().pull(pull_request("d14-benefits", person.by_siren())).await.unwrap_err();
        let stranger = Person::invented(300_000 + u32::try_from(number).unwrap());
        cnaf.exchange().pull(pull_request("d14-benefits", stranger.by_nir())).await.unwrap_err();
    }
}

/// What names a person is sent where it does not belong.
pub(crate) async fn mistakes(house: &House, person: &Person) {
    let cnaf = house.agency("cnaf").await;
    let asks = || pull_request("d14-benefits", person.by_nir());
    let with = |change: fn(&mut PullRequest, &Person)| {
        let mut request = asks();
        change(&mut request, person);
        request
    };
    let cases = [
        with(|ask, person| ask.dataset = person.nir.clone()),
        with(|ask, person| ask.context.as_mut().unwrap().agreement = person.nir.clone()),
        with(|ask, person| ask.context.as_mut().unwrap().agreement = format!("dossier-{}", person.siren)),
        with(|ask, person| ask.context.as_mut().unwrap().local_body = Some(person.nir.clone())),
        with(|ask, person| ask.context.as_mut().unwrap().local_body = Some(format!("caf-{}", person.siren))),
        with(|ask, person| ask.context.as_mut().unwrap().consent_id = Some(person.nir.clone())),
        with(|ask, person| ask.field_mask = Some(FieldMask { paths: vec![person.nir.clone()] })),
        with(|ask, person| ask.key = person.nir.clone().into_bytes()),
        with(|ask, person| ask.subject = Some(Subject { identifier: Some(Identifier::Siret(person.nir.clone())) })),
    ];
    for (number, request) in cases.into_iter().enumerate() {
        let status = cnaf.exchange().pull(request).await.unwrap_err();
        assert!(!reason_of(&status).is_empty(), "{number}: {status:?}");
        let said = format!("{status:?}");
        assert!(!said.contains(&person.nir) && !said.contains(&person.siren), "{number}: an error quotes a person");
    }
}

/// Everybody consents, looks, and withdraws; the operator joins two files; the auditor looks for everybody.
pub(crate) async fn portal_and_audit(house: &House, people: &[Person]) {
    let (portal, operator) = (house.agency("portail").await, house.agency("operator").await);
    let case_reference = || "SESSION-OF-A-PERSON".to_owned();
    for person in people {
        let subject = || Some(person.by_nir());
        let grant = GrantRequest {
            subject: subject(),
            consumer: "france-travail".to_owned(),
            dataset: "declared-turnover".to_owned(),
            purpose: Purpose::Simplification.into(),
            expires_at: None,
            evidence_digest: vec![9; 32],
        };
        let granted = portal.consent().grant(grant).await.unwrap().into_inner().consent.unwrap();
        let list = ListRequest { subject: subject(), case_reference: case_reference() };
        portal.consent().list(list).await.unwrap();
        portal.consent().withdraw(WithdrawRequest { consent_id: granted.consent_id }).await.unwrap();
        let view = ListExchangesRequest { subject: subject(), case_reference: case_reference(), ..Default::default() };
        portal.subject().list_exchanges(view).await.unwrap();
        let search = SearchExchangesRequest { subject: Some(person.by_siren()), ..Default::default() };
        assert!(!house.audited(search).await.is_empty());
    }
    let [alone, joined] = [400_000, 400_001].map(Person::invented);
    for subject in [alone.by_nir(), joined.by_nir()] {
        let cnaf = house.agency("cnaf").await;
        cnaf.exchange().pull(pull_request("d14-benefits", subject)).await.unwrap_err();
    }
    let merge =
        MergeRequest { kept: Some(alone.by_nir()), merged: Some(joined.by_nir()), case_reference: case_reference() };
    operator.subject().merge(merge).await.unwrap();
}

/// A live provider is asked about everybody, and answers, fails and talks nonsense.
pub(crate) async fn live(house: &House, provider: &ApiGouv, people: &[Person]) {
    let urssaf = house.agency("urssaf").await;
    for person in people {
        let good = "{\"data\":[{\"data\":{\"chiffre_affaires\":9182736455.46,\"date_fin_exercice\":\"2023-12-31\"}}]}";
        let nonsense = "{\"data\":[{\"data\":{\"chiffre_affaires\":\"9182736455.46\",\"date_fin_exercice\":7}}]}";
        let scripts = [
            Script::Answer("200 OK", "", good),
            Script::Answer("200 OK", "", nonsense),
            Script::Answer("500 Internal Server Error", "", good),
        ];
        let mut answered = 0;
        for script in scripts {
            provider.answers_next(script).await;
            let asked = GetCompanyTurnoverRequest {
                context: Some(context("company-turnover-urssaf")),
                subject: Some(person.by_siret()),
                year: 2023,
                field_mask: None,
            };
            if let Ok(answer) = urssaf.income().get_company_turnover(asked).await {
                assert_eq!(answer.into_inner().data.unwrap().turnover_cents, Some(CENTS));
                answered += 1;
            }
        }
        assert_eq!(answered, 1);
    }
}
