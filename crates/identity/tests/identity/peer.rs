//! What a certificate says of its peer, and what it does not.

use rcgen::string::Ia5String;
use rcgen::{CertificateParams, SanType};
use unefois_identity::{InvalidPeer, PeerCertificate, PeerError, Trust};

use crate::world::{World, accepted, client_request, days, now, peer_refusal};

fn params_with_uris(uris: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names = uris.iter().map(|uri| SanType::URI(Ia5String::try_from(*uri).unwrap())).collect();
    params
}

#[tokio::test]
async fn a_certificate_with_two_uris_names_nobody() {
    let world = World::new();
    let params = params_with_uris(&[
        "spiffe://unefois.example/agency/cnaf/system/main",
        "spiffe://unefois.example/agency/urssaf/system/main",
    ]);
    let client = world.client_of_params("own", &params);

    let refusal = peer_refusal(&world.server_tls(), client).await;

    assert!(matches!(refusal, PeerError::Invalid(InvalidPeer::SeveralUris)), "{refusal}");
}

#[tokio::test]
async fn a_uri_of_another_shape_is_no_identity() {
    let world = World::new();
    let client = world.client_of_params("own", &params_with_uris(&["https://cnaf.example/main"]));

    let peer = accepted(&world.server_tls(), client).await;

    assert_eq!(peer.spiffe, None);
    assert_eq!(peer.trust, Trust::TrustDomain);
}

#[tokio::test]
async fn a_partners_certificate_is_a_partners_whatever_it_claims() {
    let world = World::new();
    let claims_to_be_cnaf = world.partner.issue(&client_request("cnaf", "main"), now()).unwrap();

    let peer = accepted(&world.server_tls(), world.client(&claims_to_be_cnaf)).await;

    assert_eq!(peer.trust, Trust::Partner);
}

#[tokio::test]
async fn the_last_second_of_a_certificate_is_valid_and_the_next_is_not() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    let peer = accepted(&world.server_tls(), world.client(&issued)).await;
    let second = jiff::SignedDuration::from_secs(1);

    assert!(peer.is_valid_at(peer.not_before));
    assert!(peer.is_valid_at(peer.not_after + jiff::SignedDuration::from_millis(999)));
    assert!(!peer.is_valid_at(peer.not_after + second));
    assert!(!peer.is_valid_at(peer.not_before - second));
    assert!(!peer.is_valid_at(peer.not_after + days(1)));
}

#[test]
fn bytes_that_are_not_one_certificate_are_refused() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap();
    let mut longer = certificate.der().to_vec();
    longer.push(0);
    let parse = |der: &[u8]| PeerCertificate::parse(der, Trust::Partner);

    assert!(matches!(parse(&longer), Err(InvalidPeer::TrailingBytes)));
    assert!(matches!(parse(&[]), Err(InvalidPeer::Malformed(_))));
    assert!(matches!(parse(b"not a certificate"), Err(InvalidPeer::Malformed(_))));
    assert!(parse(&longer[..longer.len() / 2]).is_err());
}

#[test]
fn a_serial_number_is_written_without_its_sign_byte() {
    let mut params = CertificateParams::default();
    params.serial_number = Some(rcgen::SerialNumber::from_slice(&[0xab, 0x01]));
    let certificate = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();

    let peer = PeerCertificate::parse(certificate.der(), Trust::Partner).unwrap();

    assert_eq!(peer.serial, "ab01");
}
