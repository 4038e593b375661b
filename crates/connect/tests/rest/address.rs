//! Where a question leads: to the place that the interface says, whatever the values are, and about its subject only.

use serde_json::{Value, json};
use unefois_connect::{Call, ProviderFailure, RestProvider};
use unefois_core::{AgencyCode, Identifier, IdentifierKind, Sandbox};

use crate::upstream::{Reply, Upstream};
use crate::{NOT_KNOWN, SIRET, ask, config, connector, interface, shipped, siret};

/// The interface of job seekers' registrations, the number in its path.
fn by_path(upstream: &Upstream) -> RestProvider {
    let path = "/v3/france_travail/statut/";
    let text = shipped("job-seeker-registration")
        .replace("24003", "03003")
        .replace(&format!("{path}identifiant"), &format!("{path}{{subject.local}}/{{parameter.recipient}}"))
        .replace("identifiant = \"{subject.local}\", recipient = \"{parameter.recipient}\"", "of = \"a/b é&c=d+#\"");
    let mut settings = config(upstream.base_url());
    settings.parameters.retain(|name, _| name == "recipient");
    RestProvider::new(settings, interface(&text).unwrap()).unwrap()
}

async fn asked_by_path(upstream: &Upstream, number: &str) -> Result<Value, ProviderFailure> {
    let subject = Identifier::local(AgencyCode::parse("dgfip").unwrap(), number).unwrap();
    ask(&by_path(upstream), &subject, json!({ "job_seeker_number": number }), Call::default()).await
}

#[tokio::test]
async fn a_value_that_could_lead_elsewhere_is_not_asked_by_and_not_taken_for_unknown() {
    let upstream = Upstream::replying(Reply::new(404, NOT_KNOWN)).await;
    for number in [".", "..", "../x", "a/b", "a\\b", "%2e%2e", "a%2Fb"] {
        let outcome = asked_by_path(&upstream, number).await;
        assert!(
            matches!(&outcome, Err(ProviderFailure::Unfit { value, .. }) if value == "subject.local"),
            "{number}: {outcome:?}"
        );
        let told = outcome.unwrap_err().to_string();
        assert!(number.len() <= 2 || !told.contains(number), "the message quotes the value: {told}");
    }
    assert_eq!(upstream.questions(), 0);
}

#[tokio::test]
async fn a_value_and_a_text_of_the_interface_never_leave_their_place() {
    let upstream = Upstream::replying(Reply::new(404, NOT_KNOWN)).await;
    for (number, encoded) in [("a?b#c&d=e", "a%3Fb%23c%26d%3De"), ("..a;b", "..a%3Bb"), ("...", "...")] {
        let outcome = asked_by_path(&upstream, number).await;
        assert!(matches!(outcome, Err(ProviderFailure::NotFound)), "{outcome:?}");
        assert_eq!(upstream.last().path, format!("/v3/france_travail/statut/{encoded}/13002526500013"));
        assert_eq!(upstream.last().query, "of=a%2Fb%20%C3%A9%26c%3Dd%2B%23");
    }
}

#[tokio::test]
async fn a_key_of_another_subject_is_not_asked_by() {
    let upstream = Upstream::replying(Reply::new(404, NOT_KNOWN)).await;
    let connector = connector(&upstream);
    let local = Identifier::local(AgencyCode::parse("dgfip").unwrap(), SIRET).unwrap();
    for (subject, key) in
        [(siret(SIRET), "73282932000074"), (local, SIRET), (siret(SIRET), ""), (siret(SIRET), "130025265")]
    {
        let outcome = ask(&connector, &subject, json!({ "siret": key, "year": 2023 }), Call::default()).await;
        assert!(
            matches!(&outcome, Err(ProviderFailure::Unfit { value, .. }) if value == "key.siret"),
            "{key}: {outcome:?}"
        );
    }
    assert_eq!(upstream.questions(), 0);
    let outcome = ask(&connector, &siret(SIRET), json!({ "siret": SIRET, "year": 2023 }), Call::default()).await;
    assert!(matches!(outcome, Err(ProviderFailure::NotFound)), "{outcome:?}");
}

/// The interface of company turnovers, which names the subject a second time, by its own identifier.
fn by_subject_too(upstream: &Upstream, kind: &str) -> RestProvider {
    let text = shipped("company-turnover").replace("query = { ", &format!("query = {{ by = \"{{subject.{kind}}}\", "));
    RestProvider::new(config(upstream.base_url()), interface(&text).unwrap()).unwrap()
}

#[tokio::test]
async fn a_key_of_another_subject_is_not_asked_by_where_the_subject_is_named_beside_it() {
    let upstream = Upstream::replying(Reply::new(404, NOT_KNOWN)).await;
    let other = "73282932000074";
    let siren = Identifier::parse(IdentifierKind::Siren, "732829320", &Sandbox::default()).unwrap();
    for (subject, key) in
        [(siret(SIRET), other), (siren.clone(), SIRET), (siren.clone(), ""), (siret(SIRET), "130025265")]
    {
        let connector = by_subject_too(&upstream, subject.kind().code());
        let outcome = ask(&connector, &subject, json!({ "siret": key, "year": 2023 }), Call::default()).await;
        assert!(
            matches!(&outcome, Err(ProviderFailure::Unfit { value, .. }) if value == "key.siret"),
            "{key}: {outcome:?}"
        );
    }
    assert_eq!(upstream.questions(), 0);
    // A number in the scope of an agency says nothing of an establishment: the provider is told both.
    let local = Identifier::local(AgencyCode::parse("dgfip").unwrap(), "12345678901A").unwrap();
    for (asked, (subject, key)) in [(siret(SIRET), SIRET), (siren, other), (local, other)].into_iter().enumerate() {
        let connector = by_subject_too(&upstream, subject.kind().code());
        let outcome = ask(&connector, &subject, json!({ "siret": key, "year": 2023 }), Call::default()).await;
        assert!(matches!(outcome, Err(ProviderFailure::NotFound)), "{key}: {outcome:?}");
        assert_eq!(upstream.questions(), asked + 1);
    }
}
