//! A REST provider as its callers see it: real answers of the State's sandbox, and every way in which it may fail.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod address;
mod answers;
mod interfaces;
mod linked;
mod log;
mod outages;
mod sandbox;
mod settings;
mod upstream;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use unefois_catalog::Catalog;
use unefois_connect::{
    Call, Interface, InvalidInterface, ProviderFailure, Question, RestProvider, RestSettings, Secret, TrustedRoots,
};
use unefois_core::{AgencyCode, Identifier, IdentifierKind, Sandbox};

use self::upstream::{Reply, Upstream};

/// Of the State's sandbox; fails the check of a SIRET on purpose.
const SIRET: &str = "13002526500001";
const TOKEN: &str = "invented.token-of~tests";
const ANSWER_SIZE_BYTES_MAX: usize = 4096;
const FILE_SIZE_BYTES_MAX: usize = 8192;

/// What DGFIP says of a company that it does not know.
const NOT_KNOWN: &str = r#"{"errors": [{"code": "03003", "title": "Entité non trouvée"}]}"#;

fn config(base_url: String) -> RestSettings {
    let parameters = [("context", "Tests d'échanges"), ("object", "unefois & co"), ("recipient", "13002526500013")];
    RestSettings {
        name: "dgfip/company-turnover".to_owned(),
        base_url,
        secret: Secret::new(TOKEN.to_owned()),
        parameters: parameters.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
        file_hosts: Vec::new(),
        trusted_roots: TrustedRoots::System,
        timeout: Duration::from_secs(5),
        answer_size_bytes_max: ANSWER_SIZE_BYTES_MAX,
        file_size_bytes_max: FILE_SIZE_BYTES_MAX,
        in_flight_max: 4,
        pause_max: Duration::from_secs(60),
    }
}

/// The interface of the demonstration for a dataset.
fn shipped(dataset: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/demonstration/providers");
    std::fs::read_to_string(format!("{folder}/{dataset}.toml")).unwrap()
}

fn interface(text: &str) -> Result<Interface, InvalidInterface> {
    let catalog = Catalog::load(unefois_proto::FILE_DESCRIPTOR_SET).unwrap();
    Interface::load(text, |id| catalog.dataset(id)).map(|(interface, _)| interface)
}

/// The connector to the interface of company turnovers.
fn open(settings: RestSettings) -> Result<RestProvider, unefois_connect::InvalidRestSettings> {
    RestProvider::new(settings, interface(&shipped("company-turnover")).unwrap())
}

fn connector(upstream: &Upstream) -> RestProvider {
    open(config(upstream.base_url())).expect("loopback may be asked over http")
}

fn siret(text: &str) -> Identifier {
    let sandbox = Sandbox::of([(IdentifierKind::Siret, text.to_owned())]);
    Identifier::parse(IdentifierKind::Siret, text, &sandbox).unwrap()
}

/// Asks `dgfip` about one subject.
async fn ask(connector: &RestProvider, subject: &Identifier, key: Value, call: Call) -> Result<Value, ProviderFailure> {
    let provider = AgencyCode::parse("dgfip").unwrap();
    connector.ask(&Question { provider: &provider, subject, key: &key }, call).await
}

/// Euro-cents, and the last day of the fiscal year.
#[derive(Debug, PartialEq, Eq)]
struct Turnover {
    cents: i64,
    end: [i64; 3],
}

async fn turnover_within(connector: &RestProvider, year: i16, call: Call) -> Result<Turnover, ProviderFailure> {
    let record = ask(connector, &siret(SIRET), json!({ "siret": SIRET, "year": year }), call).await?;
    assert_eq!((record["siret"].as_str(), record["year"].as_i64()), (Some(SIRET), Some(i64::from(year))));
    let end = ["year", "month", "day"].map(|part| record["fiscal_year_end"][part].as_i64().unwrap());
    Ok(Turnover { cents: record["turnover_cents"].as_i64().unwrap(), end })
}

async fn turnover_of(connector: &RestProvider, year: i16) -> Result<Turnover, ProviderFailure> {
    turnover_within(connector, year, Call::default()).await
}

/// What becomes of one reply.
async fn outcome(reply: Reply) -> Result<Turnover, ProviderFailure> {
    let upstream = Upstream::replying(reply).await;
    turnover_of(&connector(&upstream), 2023).await
}

/// The body that states these fiscal years: end and turnover in euros, as JSON.
fn years(statements: &[(&str, &str)]) -> String {
    let items: Vec<String> = statements
        .iter()
        .map(|(end, euros)| {
            format!(r#"{{"data": {{"chiffre_affaires": {euros}, "date_fin_exercice": "{end}"}}, "links": {{}}}}"#)
        })
        .collect();
    format!(r#"{{"data": [{}], "meta": {{}}, "links": {{}}}}"#, items.join(", "))
}

/// Parameters of which one is another.
fn with_parameter(name: &str, text: Option<&str>) -> BTreeMap<String, String> {
    let mut parameters = config(String::new()).parameters;
    match text {
        Some(text) => parameters.insert(name.to_owned(), text.to_owned()),
        None => parameters.remove(name),
    };
    parameters
}
