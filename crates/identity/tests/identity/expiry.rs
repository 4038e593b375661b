//! When the certificates of a server expire.

use std::fs;

use jiff::SignedDuration;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use unefois_identity::{Expiries, IssueRequest, ReloadingServerTls, ServerFiles, SystemName, Validity};

use crate::world::{World, now, server_request};

#[test]
fn a_server_knows_when_each_of_its_files_expires_and_learns_it_again() {
    let world = World::new();
    let tls = ReloadingServerTls::load(world.server_files()).unwrap();
    let Expiries { server, trust_domain_ca, partner_ca } = tls.current().expiries();
    assert_eq!(server, world.server.not_after.as_second());
    assert!(trust_domain_ca > server);
    assert!(partner_ca.is_some_and(|at| at > server));

    let hours = |hours: i64| now() + SignedDuration::from_hours(hours);
    let validity = Validity::Exactly { not_before: hours(-1), not_after: hours(5) };
    let system = SystemName::parse("node-2").unwrap();
    let request = IssueRequest { system, validity, ..server_request(&["localhost"]) };
    let shorter = world.own.issue(&request, now()).unwrap();
    fs::copy(&shorter.certificate_path, &world.server.certificate_path).unwrap();
    fs::copy(&shorter.key_path, &world.server.key_path).unwrap();
    tls.reload().unwrap();
    assert_eq!(tls.current().expiries().server, shorter.not_after.as_second());
}

#[test]
fn a_bundle_expires_with_the_first_of_its_certificates() {
    let world = World::new();
    let long = fs::read_to_string(world.own.certificate_path()).unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = rcgen::date_time_ymd(2030, 1, 1);
    let short = params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
    let bundle = world.write("bundle.pem", &format!("{long}{short}"));
    let tls = ReloadingServerTls::load(ServerFiles { partner_ca: Some(bundle), ..world.server_files() }).unwrap();
    assert_eq!(tls.current().expiries().partner_ca, Some(1_893_456_000));
}

#[test]
fn a_server_without_partners_has_no_expiry_of_theirs() {
    let world = World::new();
    let tls = ReloadingServerTls::load(ServerFiles { partner_ca: None, ..world.server_files() }).unwrap();
    assert_eq!(tls.current().expiries().partner_ca, None);
}
