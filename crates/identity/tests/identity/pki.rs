//! What the development authority issues, renews and refuses.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use unefois_identity::{Authority, PeerCertificate, PemError, PkiError, SystemName, Trust, Validity, fingerprint_of};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::world::{World, accepted, client_request, days, now, server_request, trust_domain};

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn certificate_at(path: &Path) -> PeerCertificate {
    PeerCertificate::parse(&CertificateDer::from_pem_file(path).unwrap(), Trust::TrustDomain).unwrap()
}

#[test]
fn private_keys_are_readable_by_their_owner_only() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    let renewed = world.own.renew(&issued.certificate_path, now()).unwrap();

    let own = world.dir.path().join("own");
    for key in [own.join("ca.key"), renewed.key_path, own.join("cnaf-main.key.old")] {
        assert_eq!(mode_of(&key), 0o600, "{}", key.display());
    }
    assert_eq!(mode_of(&own), 0o700);
}

#[test]
fn an_authority_is_never_overwritten() {
    let world = World::new();
    let path = world.own.certificate_path();
    let before = fs::read(&path).unwrap();
    let again = || Authority::init(path.parent().unwrap(), &trust_domain(), now()).unwrap_err();

    assert!(matches!(again(), PkiError::Exists { .. }));
    assert_eq!(fs::read(&path).unwrap(), before);

    // Neither is what is left of one.
    fs::remove_file(&path).unwrap();
    assert!(matches!(again(), PkiError::Exists { .. }));
    assert!(!path.exists());
}

#[test]
fn a_certificate_is_never_overwritten_by_another() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();

    let error = world.own.issue(&client_request("cnaf", "main"), now()).unwrap_err();

    assert!(matches!(error, PkiError::Exists { .. }), "{error}");
    assert_eq!(fs::read_to_string(&issued.certificate_path).unwrap(), issued.certificate_pem);
    assert_eq!(fs::read_to_string(&issued.key_path).unwrap(), issued.key_pem);
}

#[test]
fn an_opened_authority_is_the_one_that_was_made() {
    let world = World::new();
    let opened = Authority::open(&world.dir.path().join("own")).unwrap();

    assert_eq!(opened.trust_domain(), world.own.trust_domain());
    let issued = opened.issue(&client_request("urssaf", "main"), now()).unwrap();
    assert_eq!(certificate_at(&issued.certificate_path).issuer, "CN=Unefois development CA,O=unefois.example");
}

#[test]
fn an_authority_with_a_damaged_file_is_refused_by_name() {
    let world = World::new();
    let dir = world.dir.path().join("own");
    let key = dir.join("ca.key");
    let other = world.dir.path().join("partner");

    fs::copy(other.join("ca.key"), &key).unwrap();
    assert!(matches!(Authority::open(&dir), Err(PkiError::WrongKey { .. })));
    fs::write(&key, "no PEM").unwrap();
    assert!(matches!(Authority::open(&dir), Err(PkiError::Pem(PemError::NoKey { path })) if path == key));
    fs::write(&key, "-----BEGIN PRIVATE KEY-----\nMAA=\n").unwrap();
    assert!(matches!(Authority::open(&dir), Err(PkiError::Pem(PemError::Damaged { path, .. })) if path == key));
    fs::write(&key, "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n").unwrap();
    assert!(matches!(Authority::open(&dir), Err(PkiError::InvalidKey { path, .. }) if path == key));
    fs::remove_file(&key).unwrap();
    assert!(matches!(Authority::open(&dir), Err(PkiError::Pem(PemError::Unreadable { path, .. })) if path == key));
}

#[test]
fn a_certificate_that_is_no_authority_is_not_opened_as_one() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    let dir = world.dir.path().join("false");
    fs::create_dir(&dir).unwrap();
    fs::copy(&issued.certificate_path, dir.join("ca.pem")).unwrap();
    fs::copy(&issued.key_path, dir.join("ca.key")).unwrap();

    assert!(matches!(Authority::open(&dir), Err(PkiError::NotAnAuthority { .. })));
}

#[test]
fn a_client_certificate_says_what_it_is_for_and_no_more() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    let der = CertificateDer::from_pem_file(&issued.certificate_path).unwrap();
    let (_, certificate) = X509Certificate::from_der(&der).unwrap();

    let usage = certificate.key_usage().unwrap().unwrap();
    assert!(usage.critical);
    assert_eq!(usage.value.flags, 1, "digitalSignature alone");
    let extended = certificate.extended_key_usage().unwrap().unwrap().value;
    assert!(extended.client_auth && !extended.server_auth && !extended.any);
    assert!(!certificate.is_ca());
    assert_eq!(certificate.public_key().parsed().unwrap().key_size(), 256);
    assert!(certificate.raw_serial().len() <= 17 && certificate.raw_serial().len() >= 14);
}

#[test]
fn two_certificates_never_share_key_or_serial() {
    let world = World::new();
    let certificates = ["a1", "a2"].map(|agency| {
        let issued = world.own.issue(&client_request(agency, "main"), now()).unwrap();
        certificate_at(&issued.certificate_path)
    });

    assert_ne!(certificates[0].serial, certificates[1].serial);
    assert_ne!(certificates[0].public_key_sha256, certificates[1].public_key_sha256);
    assert_ne!(certificates[0].fingerprint, certificates[1].fingerprint);
}

#[test]
fn a_certificate_begins_five_minutes_early_for_late_clocks() {
    let world = World::new();
    let today = now();
    let issued = world.own.issue(&client_request("cnaf", "main"), today).unwrap();

    assert_eq!(issued.not_before, today - jiff::SignedDuration::from_mins(5));
    assert_eq!(issued.not_after, today + days(30));
}

#[test]
fn the_fingerprint_of_a_file_is_that_of_its_certificate() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();

    assert_eq!(fingerprint_of(&issued.certificate_path).unwrap(), issued.fingerprint);
    assert!(matches!(fingerprint_of(&issued.key_path), Err(PemError::NoCertificate { .. })));
    assert!(matches!(fingerprint_of(Path::new("nowhere.pem")), Err(PemError::Unreadable { .. })));
}

#[test]
fn what_no_certificate_can_be_is_not_issued() {
    let world = World::new();
    let mut unnamed = server_request(&[]);
    unnamed.system = SystemName::parse("unnamed").unwrap();
    let with_validity = |validity| {
        let mut request = client_request("cnaf", "main");
        request.validity = validity;
        world.own.issue(&request, now()).unwrap_err()
    };

    assert!(matches!(world.own.issue(&unnamed, now()), Err(PkiError::NoServerName)));
    assert!(matches!(with_validity(Validity::Days(3651)), PkiError::OutlivesAuthority { .. }));
    assert!(matches!(with_validity(Validity::Days(u32::MAX)), PkiError::InvalidTime(_)));
    let backwards = Validity::Exactly { not_before: now(), not_after: now() - days(1) };
    assert!(matches!(with_validity(backwards), PkiError::EmptyValidity));
    assert!(!world.dir.path().join("own").join("cnaf-main.pem").exists());
}

#[tokio::test]
async fn a_renewed_certificate_keeps_the_identity_and_changes_the_key() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    let before = accepted(&world.server_tls(), world.client(&issued)).await;

    let renewed = world.own.renew(&issued.certificate_path, now() + days(10)).unwrap();
    let after = certificate_at(&renewed.certificate_path);

    assert_eq!(after.spiffe, before.spiffe);
    assert_eq!(after.subject, before.subject);
    assert_ne!(after.public_key_sha256, before.public_key_sha256);
    assert_ne!(after.serial, before.serial);
    assert_eq!(after.not_before, before.not_before + days(10));
    assert_eq!(after.not_after, before.not_after + days(10));
    assert_eq!(renewed.certificate_path, issued.certificate_path);
    let old = world.dir.path().join("own").join("cnaf-main.pem.old");
    assert_eq!(fs::read_to_string(old).unwrap(), issued.certificate_pem);
    let old_key = world.dir.path().join("own").join("cnaf-main.key.old");
    assert_eq!(fs::read_to_string(old_key).unwrap(), issued.key_pem);
}

#[tokio::test]
async fn an_expired_client_is_let_in_again_after_its_renewal() {
    let world = World::new();
    let mut request = client_request("cnaf", "main");
    request.validity = Validity::Exactly { not_before: now() - days(2), not_after: now() - days(1) };
    let expired = world.own.issue(&request, now()).unwrap();

    let renewed = world.own.renew(&expired.certificate_path, now()).unwrap();

    accepted(&world.server_tls(), world.client(&renewed)).await;
}

#[tokio::test]
async fn a_renewed_server_keeps_its_names() {
    let world = World::new();
    let names = ["hub.example", "localhost", "127.0.0.1", "::1"];
    let mut request = server_request(&names);
    request.system = SystemName::parse("node-2").unwrap();
    let issued = world.own.issue(&request, now()).unwrap();
    let names_of = |path: &Path| {
        let der = CertificateDer::from_pem_file(path).unwrap();
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        let names = certificate.subject_alternative_name().unwrap().unwrap();
        names.value.general_names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let before = names_of(&issued.certificate_path);
    assert_eq!(before.len(), names.len());

    let renewed = world.own.renew(&issued.certificate_path, now()).unwrap();

    assert_eq!(names_of(&renewed.certificate_path), before);
}

#[test]
fn only_what_was_issued_here_is_renewed() {
    let world = World::new();
    let foreign = world.partner.issue(&client_request("cnaf", "main"), now()).unwrap();
    let before = fs::read(&foreign.certificate_path).unwrap();

    let error = world.own.renew(&foreign.certificate_path, now()).unwrap_err();

    assert!(matches!(error, PkiError::NotIssuedHere { .. }), "{error}");
    assert_eq!(fs::read(&foreign.certificate_path).unwrap(), before);
    // The authority itself names no agency.
    assert!(matches!(world.own.renew(&world.own.certificate_path(), now()), Err(PkiError::NotRenewable { .. })));
}

#[test]
fn a_certificate_without_its_key_is_not_renewed() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    fs::remove_file(&issued.key_path).unwrap();

    let error = world.own.renew(&issued.certificate_path, now()).unwrap_err();

    let PkiError::Pem(PemError::Unreadable { path, .. }) = error else { panic!("{error}") };
    assert_eq!(path, issued.key_path);
    assert_eq!(fs::read_to_string(&issued.certificate_path).unwrap(), issued.certificate_pem);
}

#[test]
fn what_is_issued_never_shows_its_key_in_a_log() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();

    assert!(!format!("{issued:?} {:?}", world.own).contains("PRIVATE KEY"));
}
