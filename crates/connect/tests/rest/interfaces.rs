//! What a file of an interface must not hold: each mistake is found when it is loaded, and its place is named.

use crate::{interface, shipped};

const DATASETS: [&str; 6] = [
    "company-turnover",
    "family-quotient",
    "job-seeker-registration",
    "social-vigilance-certificate",
    "tax-compliance-certificate",
    "unemployment-payments",
];

/// The message for the interface of a dataset in which one text stands in place of another.
fn refused(dataset: &str, from: &str, to: &str) -> String {
    let text = shipped(dataset);
    assert!(text.contains(from), "{from}");
    interface(&text.replacen(from, to, 1)).unwrap_err().to_string()
}

#[test]
fn the_interfaces_of_the_demonstration_fit_their_datasets() {
    for dataset in DATASETS {
        interface(&shipped(dataset)).unwrap();
    }
}

#[test]
fn a_field_that_does_not_fit_the_dataset_is_named() {
    for (dataset, from, to, named) in [
        ("company-turnover", "turnover_cents =", "turnover =", r#"fields."turnover": "#),
        ("company-turnover", r#", as = "euros""#, "", r#"fields."turnover_cents": "#),
        ("company-turnover", r#"as = "euros""#, r#"as = "date""#, r#"fields."turnover_cents": "#),
        ("company-turnover", r#", as = "date" }"#, " }", r#"fields."fiscal_year_end": "#),
        ("family-quotient", "quotient_euros = {", "\"quotient_euros.x\" = {", r#"fields."quotient_euros.x": "#),
        (
            "family-quotient",
            "valeur\", as = \"whole-number\"",
            "valeur\", as = \"euros\"",
            r#"fields."quotient_euros": "#,
        ),
        ("family-quotient", "FAMILY_QUOTIENT_SCHEME_MSA", "MUTUALITE", r#"fields."scheme".table."MSA": "#),
        ("family-quotient", "birth_name =", "name =", r#"fields."beneficiaries".fields."name": "#),
        ("family-quotient", "[fields.children]", "[fields.scheme_of]", r#"fields."children": "#),
        ("tax-compliance-certificate", "fixed = true", "fixed = \"yes\"", r#"fields."compliant": "#),
        ("tax-compliance-certificate", "issued_on = {", "document = {", "duplicate key"),
        ("unemployment-payments", "total_cents =", "paid_on.year =", "file: "),
        ("unemployment-payments", "total_cents =", "\"paid_on.year\" =", r#"fields."paid_on.year": "#),
        ("unemployment-payments", r#"as = "date""#, r#"as = "document""#, r#"fields."payments".fields."paid_on": "#),
    ] {
        let message = refused(dataset, from, to);
        assert!(message.contains(named), "{named}: {message}");
    }
}

#[test]
fn a_rule_that_is_none_is_named() {
    for (dataset, from, to, named) in [
        ("company-turnover", r#"as = "euros""#, r#"as = "francs""#, "unknown variant `francs`"),
        ("company-turnover", r#"as = "euros""#, r#"like = "euros""#, "unknown field `like`"),
        ("company-turnover", r#"from = "data.chiffre_affaires", "#, "", "it is one of: `fixed`"),
        ("company-turnover", r#""data.chiffre_affaires""#, r#""data..x""#, r#"fields."turnover_cents".from: "#),
        ("company-turnover", r#"{ from = "data.chiffre"#, r#"{ fixed = 1, from = "data.chiffre"#, "it is one of"),
        ("family-quotient", "scheme = {", r#"scheme = { as = "text", "#, "exclude each other"),
        ("unemployment-payments", "each = \"data.paiements\"", "from = \"x\"", "it is one of"),
        ("company-turnover", "dataset = \"company", "dataset = \"companies", "there is no dataset"),
        ("company-turnover", "[not-found]", "[not-found]\nstatus = 429", "not-found.status: it is 4xx"),
        ("company-turnover", "[not-found]", "[not-found]\nstatus = 500", "not-found.status: it is 4xx"),
        ("company-turnover", "codes = [\"03003\"]", "codes = []", "not-found.codes: it has the codes"),
        ("company-turnover", "code = \"code\"", "code = \"a..b\"", "not-found.code: it is names"),
        ("company-turnover", "[ask]", "[question]", "unknown field `question`"),
    ] {
        let message = refused(dataset, from, to);
        assert!(message.contains(named), "{named}: {message}");
    }
}

#[test]
fn a_question_that_cannot_be_asked_is_named() {
    for (dataset, from, to, named) in [
        ("company-turnover", "{key.siret}", "{key.siren}", "ask: `siren` is not a key field"),
        ("company-turnover", "{key.siret}", "{key.siret.x}", "ask: key field `siret.x` does not exist"),
        ("company-turnover", "{key.siret}", "{key}", "ask.path: `{key}` is not"),
        ("company-turnover", "{key.siret}", "{key.siret", "ask.path: a `{` has no `}`"),
        ("company-turnover", "{key.siret}", "key.siret}", "ask.path: a `}` has no `{`"),
        ("company-turnover", "{key.siret}", "{secret}", "a secret is for headers"),
        ("company-turnover", "\"/v3/", "\"v3/", "ask.path: it begins with `/`"),
        ("company-turnover", "\"/v3/", "\"/v3?x=", "ask.path: it begins with `/`"),
        ("company-turnover", "Bearer {secret}", "Bearer {key.siret}", "a header is the same for every question"),
        ("company-turnover", "within = \"key.year\"", "within = \"year\"", "rows.where.within: it is `key.`"),
        ("company-turnover", "within = \"key.year\"", "within = \"key.siret\"", "rows.where.within: key field `siret`"),
        ("unemployment-payments", "key.month", "key.months", r#"fields."payments".where.within: `months` is not"#),
        ("company-turnover", "\"/v3/", "\"/v3//", "ask.path: it has an empty segment"),
        ("company-turnover", "\"/v3/", "\"/v3/./", "ask.path: it has an empty segment"),
        ("company-turnover", "\"/v3/", "\"/v3/../", "ask.path: it has an empty segment"),
        ("company-turnover", "chiffres_affaires\"", "chiffres_affaires/\"", "ask.path: it has an empty segment"),
        ("job-seeker-registration", "{subject.local}", "{subject.name}", "`name` is not a kind of identifier"),
    ] {
        let message = refused(dataset, from, to);
        assert!(message.contains(named), "{named}: {message}");
    }
}

#[test]
fn a_key_field_that_nothing_binds_is_missed() {
    let where_ = "where = { date = \"date_versement\", within = \"key.month\" }\n";
    let message = refused("unemployment-payments", where_, "");
    assert!(message.contains("key field `month.year` is neither in `ask`"), "{message}");
    let message = refused("job-seeker-registration", "job_seeker_number = { from = \"data.identifiant\" }\n", "");
    assert!(message.contains("key field `job_seeker_number` is neither"), "{message}");
}

#[test]
fn a_query_or_a_header_that_cannot_be_sent_is_named() {
    let header = |line: &str| {
        let to = format!("headers = {{ {line}, ");
        refused("company-turnover", "headers = { ", &to)
    };
    for name in ["host", "Connection", "TE", "transfer-encoding", "content-length", "traceparent", "tracestate"] {
        let message = header(&format!("{name} = \"x\""));
        assert!(message.contains(&format!("ask.headers.{name:?}: this header is the hub's")), "{message}");
    }
    for (line, named) in [
        ("\"a b\" = \"x\"", "ask.headers.\"a b\": it is not the name of a header"),
        ("\"\" = \"x\"", "ask.headers.\"\": it is not the name of a header"),
        ("x = \"a\\nb\"", "ask.headers.\"x\": it is not the value of a header"),
        ("x = \"é\"", "ask.headers.\"x\": it is not the value of a header"),
        ("x = \"\"", "ask.headers.\"x\": it is not the value of a header"),
        ("Authorization = \"x\"", "ask.headers.\"authorization\": it stands there twice"),
    ] {
        let message = header(line);
        assert!(message.contains(named), "{named}: {message}");
    }
    for (line, named) in [
        ("\"\" = \"x\"", "ask.query.\"\": it is not the name"),
        ("\"a b\" = \"x\"", "ask.query.\"a b\": it is not the name"),
        ("\"a%5Bb\" = \"x\"", "ask.query.\"a%5Bb\": it is not the name"),
        ("x = \"a%20b\"", "ask.query.\"x\": the hub encodes it"),
        ("x = \"a\\u0000b\"", "ask.query.\"x\": the hub encodes it"),
    ] {
        let message = refused("company-turnover", "query = { ", &format!("query = {{ {line}, "));
        assert!(message.contains(named), "{named}: {message}");
    }
}

#[test]
fn an_interface_that_does_not_name_the_subject_is_refused() {
    for (dataset, from) in [
        ("family-quotient", "nir = \"{subject.nir}\", "),
        ("job-seeker-registration", "identifiant = \"{subject.local}\", "),
        ("unemployment-payments", "identifiant = \"{subject.local}\", "),
    ] {
        let message = refused(dataset, from, "");
        assert!(message.contains("ask: it does not name the subject"), "{message}");
    }
    // Read from the answer, so that the key is bound: still anybody could be asked about.
    let text = shipped("tax-compliance-certificate")
        .replace("/{key.siren}/", "/")
        .replace("compliant =", "siren = { from = \"data.siren\" }\ncompliant =");
    let message = interface(&text).unwrap_err().to_string();
    assert!(message.contains("ask: it does not name the subject"), "{message}");
}

#[test]
fn every_value_of_a_key_field_is_asked_or_read() {
    let asked = "mois = \"{key.month.month}\", ";
    let read = "\"month.month\" = { from = \"data.quotient_familial.mois\", as = \"whole-number\" }\n";
    let text = shipped("family-quotient");
    assert!(text.contains(asked) && text.contains(read));
    interface(&text.replace(asked, "")).unwrap();
    interface(&text.replace(read, "")).unwrap();
    let message = interface(&text.replace(asked, "").replace(read, "")).unwrap_err().to_string();
    assert!(message.contains("key field `month.month` is neither in `ask`"), "{message}");
    // Payments of the same month of whichever year would do.
    let message = refused("unemployment-payments", "within = \"key.month\"", "within = \"key.month.year\"");
    assert!(message.contains("key field `month.month` is neither in `ask`"), "{message}");
    // An answer without the list would do.
    let message = refused("unemployment-payments", "where = {", "optional = true\nwhere = {");
    assert!(message.contains("key field `month.year` is neither in `ask`"), "{message}");
}
