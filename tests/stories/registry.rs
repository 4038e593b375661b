//! The registry: all of a file or nothing, and what it takes away is gone at once.

use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    ledger::v1::EntryKind,
    registry::v1::{ApplyRequest, DescribeRequest},
};
use unefois_testkit::{DEMONSTRATION_REGISTRY, House, Person, pull_request, reason_of, turnover_of};

use crate::{UNEFOIS, acknowledged};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_applied_once_and_each_change_is_an_entry() {
    let house = House::open(UNEFOIS).await;
    let search = || SearchExchangesRequest { kind: EntryKind::Registry.into(), page_size: 100, ..Default::default() };
    let entries = house.audited(search()).await.len();
    assert_eq!(house.applies(DEMONSTRATION_REGISTRY).await.unwrap().changes.len(), 0);
    let operator = house.agency("operator").await;
    let described = operator.registry().describe(DescribeRequest {}).await.unwrap().into_inner();
    assert_eq!(house.applies(&described.registry_toml).await.unwrap().changes.len(), 0, "what it says can be applied");
    let suspended =
        DEMONSTRATION_REGISTRY.replace("daily-quota = 1000000", "daily-quota = 1000000\nstate = \"suspended\"");
    let request = ApplyRequest { registry_toml: suspended.clone(), dry_run: true };
    let planned = operator.registry().apply(request).await.unwrap().into_inner();
    assert_eq!((planned.changes.len(), planned.changes[0].verb.as_str()), (1, "suspend"));
    assert_eq!(house.audited(search()).await.len(), entries, "a dry run changes nothing");
    let applied = house.applies(&suspended).await.unwrap();
    assert_eq!(applied.version, planned.version + 1);
    assert_eq!(house.audited(search()).await.len(), entries + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_changes_nothing_and_names_every_rule_it_breaks() {
    let house = House::open(UNEFOIS).await;
    let bad = DEMONSTRATION_REGISTRY
        .replace("id = \"d14-non-take-up\"", "id = \"new-one\"")
        .replace("legal-basis = \"crpa-l114-8-ii\"", "legal-basis = \"crpa-l114-8-i\"")
        .replace("fields = [\"period\", \"amounts\", \"status\", \"declared_on\"]", "fields = [\"nothing\"]");
    let status = house.applies(&bad).await.unwrap_err();
    let refused = unefois_client::Refused::from_status(&status);
    assert_eq!(refused.reason, "REGISTRY_INVALID");
    let paths: Vec<&str> = refused.violations.iter().map(|(path, _)| path.as_str()).collect();
    assert!(paths.contains(&"agreement.new-one.legal-basis"), "{paths:?}");
    assert!(paths.contains(&"agreement.d13-unemployment.fields"), "{paths:?}");
    let operator = house.agency("operator").await;
    let described = operator.registry().describe(DescribeRequest {}).await.unwrap().into_inner();
    assert!(!described.registry_toml.contains("new-one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_agreement_refuses_the_next_exchange_and_a_resumed_one_grants_it() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(60);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let cnaf = house.agency("cnaf").await;
    cnaf.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap();
    let suspended = DEMONSTRATION_REGISTRY.replace("daily-quota = 1000000", "state = \"suspended\"");
    house.applies(&suspended).await.unwrap();
    let status = cnaf.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap_err();
    assert_eq!(reason_of(&status), "AGREEMENT_SUSPENDED");
    house.applies(DEMONSTRATION_REGISTRY).await.unwrap();
    cnaf.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_is_refused_on_its_open_connection_and_after_a_restart() {
    let mut house = House::open(UNEFOIS).await;
    let marie = Person::invented(61);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let client = house.pki().client("cnaf", "main");
    let cnaf = house.connect(Some(client.clone())).await.unwrap();
    cnaf.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap();
    house.applies(&unefois_testkit::revocation_of(&client.certificate, "cnaf")).await.unwrap();
    let status = cnaf.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap_err();
    assert_eq!((reason_of(&status).as_str(), status.code()), ("CERTIFICATE_REVOKED", tonic::Code::Unauthenticated));
    house.stop();
    house.start();
    let cnaf = house.connect(Some(client)).await.unwrap();
    let status = cnaf.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap_err();
    assert_eq!(reason_of(&status), "CERTIFICATE_REVOKED");
    let other = house.connect(Some(house.pki().client("cnaf", "second"))).await.unwrap();
    other.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap();
}
