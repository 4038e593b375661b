//! One call of each kind that is recorded before it is answered.

use futures::future::BoxFuture;
use tonic::Status;
use unefois_client::Connection;
use unefois_proto::pb::{
    audit::v1::{ExportEntriesRequest, SearchExchangesRequest},
    consent::v1::{GrantRequest, WithdrawRequest},
    ledger::v1::Purpose,
    registry::v1::ApplyRequest,
    subject::v1::{ListExchangesRequest, MergeRequest},
};
use unefois_testkit::{
    DEMONSTRATION_REGISTRY, House, Person, affiliation_of, pull_request, turnover_of, turnover_request,
};

use crate::stream;

/// Who the calls are about: the hub knows `known`, and `met` only by a SIREN and a SIRET that nobody joined.
pub(crate) struct Cast {
    pub(crate) known: Person,
    pub(crate) new: Person,
    pub(crate) met: Person,
    pub(crate) consent: String,
}

/// A call and its name.
type Call = (&'static str, BoxFuture<'static, Result<(), Status>>);

pub(crate) fn grant_of(person: &Person) -> GrantRequest {
    GrantRequest {
        subject: Some(person.by_nir()),
        consumer: "france-travail".to_owned(),
        dataset: "declared-turnover".to_owned(),
        purpose: Purpose::Simplification.into(),
        expires_at: None,
        evidence_digest: vec![9; 32],
    }
}

/// Publishes a record of a new person.
async fn publishing(urssaf: Connection, person: Person) -> Result<(), Status> {
    let mut answers = stream(&urssaf, vec![turnover_of(&person, 5), affiliation_of(&person)]).await?;
    while answers.message().await?.is_some() {}
    Ok(())
}

async fn exporting(auditor: Connection) -> Result<(), Status> {
    let request = ExportEntriesRequest { case_reference: "audit".to_owned(), ..Default::default() };
    let mut parts = auditor.audit().export_entries(request).await?.into_inner();
    while parts.message().await?.is_some() {}
    Ok(())
}

/// The calls that succeed when nothing is wrong.
pub(crate) async fn answered(house: &House, cast: &Cast) -> Vec<Call> {
    let (cnaf, urssaf, portal) =
        (house.agency("cnaf").await, house.agency("urssaf").await, house.agency("portail").await);
    let (operator, auditor) = (house.agency("operator").await, house.agency("cour-des-comptes").await);
    let pull = pull_request("d14-benefits", cast.known.by_nir());
    let typed = turnover_request("d14-benefits", cast.known.by_siren());
    let (grant, withdraw) = (grant_of(&cast.known), WithdrawRequest { consent_id: cast.consent.clone() });
    let registry_toml = DEMONSTRATION_REGISTRY.replace("daily-quota = 1000000", "daily-quota = 999999");
    let case_reference = "case 1".to_owned();
    let view = ListExchangesRequest {
        subject: Some(cast.known.by_nir()),
        case_reference: case_reference.clone(),
        ..Default::default()
    };
    let merge = MergeRequest {
        kept: Some(cast.met.by_siren()),
        merged: Some(cast.met.by_siret()),
        case_reference: case_reference.clone(),
    };
    let search = SearchExchangesRequest { case_reference, ..Default::default() };
    let mut calls: Vec<Call> = Vec::new();
    let (mut service, asks) = (cnaf.exchange(), pull);
    calls.push(("pull", Box::pin(async move { service.pull(asks).await.map(drop) })));
    let (mut service, asks) = (cnaf.income(), typed);
    calls.push(("typed pull", Box::pin(async move { service.get_declared_turnover(asks).await.map(drop) })));
    calls.push(("publish", Box::pin(publishing(urssaf, cast.new.clone()))));
    let mut service = portal.consent();
    calls.push(("grant", Box::pin(async move { service.grant(grant).await.map(drop) })));
    let mut service = portal.consent();
    calls.push(("withdraw", Box::pin(async move { service.withdraw(withdraw).await.map(drop) })));
    let mut service = portal.subject();
    calls.push(("own view", Box::pin(async move { service.list_exchanges(view).await.map(drop) })));
    let mut service = operator.subject();
    calls.push(("merge", Box::pin(async move { service.merge(merge).await.map(drop) })));
    let (mut service, asks) = (operator.registry(), ApplyRequest { registry_toml, dry_run: false });
    calls.push(("apply", Box::pin(async move { service.apply(asks).await.map(drop) })));
    let mut service = auditor.audit();
    calls.push(("search", Box::pin(async move { service.search_exchanges(search).await.map(drop) })));
    calls.push(("export", Box::pin(exporting(auditor))));
    calls
}

/// The calls that are refused, or find nothing, when nothing is wrong; each with its reason.
pub(crate) async fn refused(house: &House, cast: &Cast) -> Vec<(Call, &'static str)> {
    let (cnaf, fafcea) = (house.agency("cnaf").await, house.agency("fafcea").await);
    let (mut service, asks) = (fafcea.exchange(), pull_request("d14-benefits", cast.known.by_nir()));
    let without: Call = ("without agreement", Box::pin(async move { service.pull(asks).await.map(drop) }));
    let (mut service, asks) = (cnaf.exchange(), pull_request("d14-benefits", Person::invented(4_999).by_nir()));
    let unknown: Call = ("of nobody", Box::pin(async move { service.pull(asks).await.map(drop) }));
    let mut service = cnaf.audit();
    let search = SearchExchangesRequest { case_reference: "curious".to_owned(), ..Default::default() };
    let curious: Call = ("without the role", Box::pin(async move { service.search_exchanges(search).await.map(drop) }));
    vec![(without, "AGREEMENT_OF_ANOTHER_CONSUMER"), (unknown, "NOT_FOUND"), (curious, "ROLE_REQUIRED")]
}
