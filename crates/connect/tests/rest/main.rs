//! *API Entreprise* as its callers see it: real answers of the State's sandbox, and every way in which it may fail.

mod answers;
mod log;
mod outages;
mod sandbox;
mod settings;
mod upstream;

use std::time::Duration;

use unefois_connect::{ApiEntreprise, ApiEntrepriseConfig, Call, CompanyTurnover, ProviderFailure, TrustedRoots};

use self::upstream::{Reply, Upstream};

/// Of the State's sandbox; fails the check of a SIRET on purpose.
const SIRET: &str = "13002526500001";
const TOKEN: &str = "invented.token-of~tests";
const ANSWER_SIZE_BYTES_MAX: usize = 4096;

fn config(base_url: String) -> ApiEntrepriseConfig {
    ApiEntrepriseConfig {
        base_url,
        token: TOKEN.to_owned(),
        context: "Tests d'échanges".to_owned(),
        object: "unefois & co".to_owned(),
        recipient_siret: "13002526500013".to_owned(),
        trusted_roots: TrustedRoots::System,
        timeout: Duration::from_secs(5),
        answer_size_bytes_max: ANSWER_SIZE_BYTES_MAX,
        in_flight_max: 4,
        pause_max: Duration::from_secs(60),
    }
}

fn connector(upstream: &Upstream) -> ApiEntreprise {
    ApiEntreprise::new(config(upstream.base_url())).expect("loopback may be asked over http")
}

async fn turnover_of(connector: &ApiEntreprise, year: i16) -> Result<CompanyTurnover, ProviderFailure> {
    connector.company_turnover(SIRET, year, Call::default()).await
}

/// What becomes of one reply.
async fn outcome(reply: Reply) -> Result<CompanyTurnover, ProviderFailure> {
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
