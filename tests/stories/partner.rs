//! Certificates of other authorities: the registry says whose they are, and what they say of themselves counts for nothing.

use unefois_testkit::{House, HouseSettings, Person, Pki, pull_request, reason_of, turnover_of};

use crate::{UNEFOIS, acknowledged};

/// A hub that also trusts the certificates of another authority.
async fn house_with_partner() -> (House, Pki) {
    let mut house = House::build(UNEFOIS, &HouseSettings::default());
    let partner = Pki::init(&house.path().join("partner"));
    house.trusts_partners(&partner.ca());
    house.start();
    house.applies(unefois_testkit::DEMONSTRATION_REGISTRY).await.unwrap();
    (house, partner)
}

/// CNAF, with a system that is known by this rule.
fn cnaf_with(rule: &str) -> String {
    format!(
        "[[agency]]\ncode = \"cnaf\"\nname = \"CNAF\"\nroles = [\"consumer\"]\n\
         systems = [{{ name = \"crystal\", certificates = [{rule}] }}]\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_another_authority_gives_is_not_believed() {
    let (house, partner) = house_with_partner().await;
    // It names the operator of the very same trust domain, but this authority may not.
    let impostor = house.connect(Some(partner.client("operator", "main"))).await.unwrap();
    let status = impostor.registry().describe(unefois_proto::pb::registry::v1::DescribeRequest {}).await.unwrap_err();
    assert_eq!((reason_of(&status).as_str(), status.code()), ("CERTIFICATE_UNKNOWN", tonic::Code::Unauthenticated));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_certificate_is_the_system_that_the_registry_says_until_it_says_otherwise() {
    let (house, partner) = house_with_partner().await;
    let marie = Person::invented(130);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let client = partner.client("urssaf", "other");
    let peer = client.as_partner();
    let key: String = peer.public_key_sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    let connection = house.connect(Some(client)).await.unwrap();
    let ask = || pull_request("d14-benefits", marie.by_nir());
    let rules = [
        format!("{{ public-key-sha256 = \"{key}\" }}"),
        format!("{{ issuer = {:?}, subject = {:?} }}", peer.issuer, peer.subject),
    ];
    for rule in rules {
        let status = connection.exchange().pull(ask()).await.unwrap_err();
        assert_eq!(reason_of(&status), "CERTIFICATE_UNKNOWN", "{rule}");
        house.applies(&cnaf_with(&rule)).await.unwrap();
        let policy = unefois_client::RetryPolicy::never();
        let answer = unefois_client::pull(&connection, ask(), &policy).await.unwrap();
        let public = answer.verify(&house.public_key().await).unwrap().public;
        assert_eq!([&public.caller_agency, &public.caller_system], ["cnaf", "crystal"], "{rule}");
        house.applies("[[agency]]\ncode = \"cnaf\"\nname = \"CNAF\"\nroles = [\"consumer\"]\n").await.unwrap();
    }
}
