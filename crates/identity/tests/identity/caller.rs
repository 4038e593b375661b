//! Who is calling, by certificate and registry, on connections that were really made.

use jiff::SignedDuration;
use rcgen::CertificateParams;
use unefois_core::{CertificateRule, Reason};
use unefois_identity::{PeerCertificate, TrustDomain, Unidentified, identify};

use crate::registry::{agency, registry, revoking, with_alias, with_rule};
use crate::world::{World, accepted, client_request, now, trust_domain};

/// The peer that the hub sees when its own authority's `agency` and `system` connect.
async fn own_peer(world: &World, agency: &str, system: &str) -> PeerCertificate {
    let issued = world.own.issue(&client_request(agency, system), now()).unwrap();
    accepted(&world.server_tls(), world.client(&issued)).await
}

/// The same, of the partner's authority.
async fn partner_peer(world: &World, agency: &str, system: &str) -> PeerCertificate {
    let issued = world.partner.issue(&client_request(agency, system), now()).unwrap();
    accepted(&world.server_tls(), world.client(&issued)).await
}

fn names(peer: &PeerCertificate) -> CertificateRule {
    CertificateRule::IssuerAndSubject { issuer: peer.issuer.clone(), subject: peer.subject.clone() }
}

fn public_key(peer: &PeerCertificate) -> CertificateRule {
    CertificateRule::PublicKey { sha256: peer.public_key_sha256 }
}

#[tokio::test]
async fn a_spiffe_id_of_the_trust_domain_names_agency_and_system() {
    let world = World::new();
    let peer = own_peer(&world, "cnaf", "main").await;
    let cnaf = agency("cnaf");

    let caller = identify(&peer, &registry([cnaf.clone()]), &trust_domain(), now()).unwrap();

    assert_eq!(caller.agency, cnaf.code);
    assert_eq!(caller.system, "main");
    assert_eq!(caller.roles, cnaf.roles.into_iter().collect());
    assert_eq!(caller.certificate, peer.fingerprint);
}

#[tokio::test]
async fn an_alias_gives_the_agency_that_bears_it() {
    let world = World::new();
    let peer = own_peer(&world, "caf-nationale", "main").await;

    let registry = registry([with_alias(agency("cnaf"), "caf-nationale")]);
    let caller = identify(&peer, &registry, &trust_domain(), now()).unwrap();

    assert_eq!(caller.agency.as_str(), "cnaf");
}

#[tokio::test]
async fn an_agency_that_is_not_registered_is_unknown() {
    let world = World::new();
    let peer = own_peer(&world, "cnaf", "main").await;

    let refusal = identify(&peer, &registry([agency("urssaf")]), &trust_domain(), now()).unwrap_err();

    assert_eq!(refusal, Unidentified::Unknown);
    assert_eq!(refusal.reason(), Reason::CertificateUnknown);
}

#[tokio::test]
async fn an_honoured_spiffe_id_decides_alone() {
    let world = World::new();
    let peer = own_peer(&world, "cnaf", "main").await;

    // Its rule belongs to somebody else, and its own agency is not registered.
    let registry = registry([with_rule(agency("urssaf"), "main", public_key(&peer))]);

    assert_eq!(identify(&peer, &registry, &trust_domain(), now()), Err(Unidentified::Unknown));
}

#[tokio::test]
async fn a_partners_spiffe_id_of_our_trust_domain_is_not_honoured() {
    let world = World::new();
    let forged = partner_peer(&world, "cnaf", "main").await;
    assert_eq!(forged.spiffe.as_ref().unwrap().trust_domain, trust_domain());

    let refusal = identify(&forged, &registry([agency("cnaf")]), &trust_domain(), now());

    assert_eq!(refusal, Err(Unidentified::Unknown));
}

#[tokio::test]
async fn a_spiffe_id_of_another_trust_domain_is_not_honoured() {
    let world = World::new();
    let peer = own_peer(&world, "cnaf", "main").await;
    let elsewhere = TrustDomain::parse("elsewhere.example").unwrap();

    assert_eq!(identify(&peer, &registry([agency("cnaf")]), &elsewhere, now()), Err(Unidentified::Unknown));
}

#[tokio::test]
async fn a_partner_is_found_by_issuer_and_subject() {
    let world = World::new();
    let peer = partner_peer(&world, "anything", "main").await;
    let registry = registry([agency("cnaf"), with_rule(agency("urssaf"), "declarations", names(&peer))]);

    let caller = identify(&peer, &registry, &trust_domain(), now()).unwrap();

    assert_eq!(caller.agency.as_str(), "urssaf");
    assert_eq!(caller.system, "declarations");
}

#[tokio::test]
async fn a_partner_is_found_by_its_public_key() {
    let world = World::new();
    let peer = partner_peer(&world, "anything", "main").await;
    let registry = registry([agency("cnaf"), with_rule(agency("urssaf"), "declarations", public_key(&peer))]);

    let caller = identify(&peer, &registry, &trust_domain(), now()).unwrap();

    assert_eq!(caller.agency.as_str(), "urssaf");
    assert_eq!(caller.system, "declarations");
}

#[tokio::test]
async fn a_rule_that_differs_in_one_letter_finds_nobody() {
    let world = World::new();
    let peer = partner_peer(&world, "anything", "main").await;
    let mut key = peer.public_key_sha256;
    key[31] ^= 1;
    for rule in [
        CertificateRule::IssuerAndSubject { issuer: peer.issuer.clone(), subject: peer.subject.to_uppercase() },
        CertificateRule::IssuerAndSubject { issuer: format!("{} ", peer.issuer), subject: peer.subject.clone() },
        CertificateRule::PublicKey { sha256: key },
    ] {
        let registry = registry([with_rule(agency("urssaf"), "main", rule)]);
        assert_eq!(identify(&peer, &registry, &trust_domain(), now()), Err(Unidentified::Unknown));
    }
}

#[tokio::test]
async fn a_certificate_without_a_subject_is_nobody_by_issuer_and_subject() {
    let world = World::new();
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    let peer = accepted(&world.server_tls(), world.client_of_params("partner", &params)).await;
    assert_eq!(peer.subject, "");

    let registry = registry([with_rule(agency("urssaf"), "main", names(&peer))]);

    assert_eq!(identify(&peer, &registry, &trust_domain(), now()), Err(Unidentified::Unknown));
}

#[tokio::test]
async fn a_certificate_that_matches_two_systems_is_neither() {
    let world = World::new();
    let peer = partner_peer(&world, "anything", "main").await;
    let registry = registry([
        with_rule(agency("cnaf"), "main", names(&peer)),
        with_rule(agency("urssaf"), "main", public_key(&peer)),
    ]);

    let refusal = identify(&peer, &registry, &trust_domain(), now()).unwrap_err();

    assert_eq!(refusal, Unidentified::Ambiguous);
    assert_eq!(refusal.reason(), Reason::CertificateUnknown);
}

#[tokio::test]
async fn one_system_may_be_matched_by_two_of_its_rules() {
    let world = World::new();
    let peer = partner_peer(&world, "anything", "main").await;
    let mut urssaf = with_rule(agency("urssaf"), "main", names(&peer));
    urssaf.systems[0].certificates.push(public_key(&peer));

    let caller = identify(&peer, &registry([urssaf]), &trust_domain(), now()).unwrap();

    assert_eq!(caller.system, "main");
}

#[tokio::test]
async fn a_revocation_bites_on_the_next_request_of_an_open_connection() {
    let world = World::new();
    let peer = own_peer(&world, "cnaf", "main").await;
    let before = registry([agency("cnaf")]);
    identify(&peer, &before, &trust_domain(), now()).unwrap();

    let after = revoking(&before, peer.fingerprint);
    let refusal = identify(&peer, &after, &trust_domain(), now()).unwrap_err();

    assert_eq!(refusal, Unidentified::Revoked);
    assert_eq!(refusal.reason(), Reason::CertificateRevoked);
}

#[tokio::test]
async fn a_certificate_that_ends_during_the_connection_is_refused_from_then_on() {
    let world = World::new();
    let peer = own_peer(&world, "cnaf", "main").await;
    let registry = registry([agency("cnaf")]);
    let second = SignedDuration::from_secs(1);
    identify(&peer, &registry, &trust_domain(), peer.not_after).unwrap();

    for moment in [peer.not_after + second, peer.not_before - second] {
        let refusal = identify(&peer, &registry, &trust_domain(), moment).unwrap_err();
        assert_eq!(refusal, Unidentified::OutsideValidity);
        assert_eq!(refusal.reason(), Reason::CertificateExpired);
    }
}

#[tokio::test]
async fn a_revoked_certificate_that_also_ended_is_called_revoked() {
    let world = World::new();
    let peer = own_peer(&world, "cnaf", "main").await;
    let registry = revoking(&registry([agency("cnaf")]), peer.fingerprint);
    let late = peer.not_after + SignedDuration::from_hours(1);

    assert_eq!(identify(&peer, &registry, &trust_domain(), late), Err(Unidentified::Revoked));
}

#[tokio::test]
async fn a_renewed_certificate_is_the_same_caller() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    let registry = registry([agency("cnaf")]);
    let before = accepted(&world.server_tls(), world.client(&issued)).await;
    let renewed = world.own.renew(&issued.certificate_path, now()).unwrap();
    let after = accepted(&world.server_tls(), world.client(&renewed)).await;

    // Revoking the old one leaves the new one alone.
    let registry = revoking(&registry, before.fingerprint);

    assert_eq!(identify(&before, &registry, &trust_domain(), now()), Err(Unidentified::Revoked));
    assert_eq!(identify(&after, &registry, &trust_domain(), now()).unwrap().system, "main");
}
