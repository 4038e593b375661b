//! Who gets through the handshake, and who does not.

use std::sync::Arc;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};
use rustls::client::Resumption;
use rustls::{CertificateError, ClientConfig, Error, HandshakeKind, PeerIncompatible, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use unefois_identity::{
    Authority, PeerCertificate, ServerFiles, ServerTls, Trust, TrustDomain, Validity, client_config_without_certificate,
};

use crate::world::{World, accepted, client_request, connect, days, handshake_refusal, now, server_request};

#[tokio::test]
async fn a_client_of_the_trust_domain_is_let_in_under_its_name() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();

    let peer = accepted(&world.server_tls(), world.client(&issued)).await;

    assert_eq!(peer.trust, Trust::TrustDomain);
    assert_eq!(peer.spiffe.as_ref().unwrap().to_string(), "spiffe://unefois.example/agency/cnaf/system/main");
    assert_eq!(peer.subject, "CN=main,O=cnaf");
    assert_eq!(peer.issuer, "CN=Unefois development CA,O=unefois.example");
    assert_eq!(peer.fingerprint, issued.fingerprint);
    assert_eq!(peer.not_before, issued.not_before);
    assert_eq!(peer.not_after, issued.not_after);
}

#[tokio::test]
async fn bytes_travel_both_ways_over_tls_1_3_and_h2() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    let (server_side, client_side) = connect(&world.server_tls(), world.client(&issued)).await;
    let ((mut server, _), mut client) = (server_side.unwrap(), client_side.unwrap());

    client.write_all(b"ping").await.unwrap();
    client.flush().await.unwrap();
    let mut heard = [0; 4];
    server.read_exact(&mut heard).await.unwrap();
    server.write_all(&heard).await.unwrap();
    server.flush().await.unwrap();
    client.read_exact(&mut heard).await.unwrap();

    assert_eq!(&heard, b"ping");
    let (_, connection) = server.get_ref();
    assert_eq!(connection.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    assert_eq!(connection.alpn_protocol(), Some(b"h2".as_slice()));
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused_and_told() {
    let world = World::new();
    let client = client_config_without_certificate(&world.own.certificate_path()).unwrap();
    let (server_side, client_side) = connect(&world.server_tls(), client).await;

    assert!(server_side.is_err());
    let told = client_side.unwrap().read_u8().await.unwrap_err();
    assert!(told.to_string().contains("CertificateRequired"), "{told}");
}

#[tokio::test]
async fn a_client_of_an_unknown_authority_is_refused() {
    let world = World::new();
    let elsewhere = TrustDomain::parse("elsewhere.example").unwrap();
    let unknown = Authority::init(&world.dir.path().join("unknown"), &elsewhere, now()).unwrap();
    let stranger = unknown.issue(&client_request("cnaf", "main"), now()).unwrap();

    let refusal = handshake_refusal(&world.server_tls(), world.client(&stranger)).await;

    assert_eq!(refusal, Error::InvalidCertificate(CertificateError::UnknownIssuer));
}

#[tokio::test]
async fn a_client_of_an_authority_that_only_bears_our_name_is_refused() {
    let world = World::new();
    let server = ServerTls::load(&ServerFiles { partner_ca: None, ..world.server_files() }).unwrap();
    let impostor = world.partner.issue(&client_request("cnaf", "main"), now()).unwrap();

    let refusal = handshake_refusal(&server, world.client(&impostor)).await;

    assert_eq!(refusal, Error::InvalidCertificate(CertificateError::BadSignature));
}

#[tokio::test]
async fn a_self_signed_certificate_is_refused() {
    let world = World::new();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap();
    let path = world.write("self.pem", &certificate.pem());
    let client = world.client_with(&path, &world.write("self.key", &key.serialize_pem()));

    let refusal = handshake_refusal(&world.server_tls(), client).await;

    assert_eq!(refusal, Error::InvalidCertificate(CertificateError::UnknownIssuer));
}

#[tokio::test]
async fn the_certificate_of_an_authority_is_no_clients() {
    let world = World::new();
    let key = world.dir.path().join("own").join("ca.key");
    let client = world.client_with(&world.own.certificate_path(), &key);

    let refusal = handshake_refusal(&world.server_tls(), client).await;

    assert!(matches!(refusal, Error::InvalidCertificate(_)), "{refusal}");
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let world = World::new();
    let mut request = client_request("cnaf", "main");
    request.validity = Validity::Exactly { not_before: now() - days(2), not_after: now() - days(1) };
    let expired = world.own.issue(&request, now()).unwrap();

    let refusal = handshake_refusal(&world.server_tls(), world.client(&expired)).await;

    assert!(matches!(refusal, Error::InvalidCertificate(CertificateError::ExpiredContext { .. })), "{refusal}");
}

#[tokio::test]
async fn a_certificate_that_has_not_begun_is_refused() {
    let world = World::new();
    let mut request = client_request("cnaf", "main");
    request.validity = Validity::Exactly { not_before: now() + days(1), not_after: now() + days(2) };
    let early = world.own.issue(&request, now()).unwrap();

    let refusal = handshake_refusal(&world.server_tls(), world.client(&early)).await;

    assert!(matches!(refusal, Error::InvalidCertificate(CertificateError::NotValidYetContext { .. })), "{refusal}");
}

#[tokio::test]
async fn a_servers_certificate_is_no_clients() {
    let world = World::new();

    let refusal = handshake_refusal(&world.server_tls(), world.client(&world.server)).await;

    assert!(matches!(refusal, Error::InvalidCertificate(CertificateError::InvalidPurposeContext { .. })), "{refusal}");
}

#[tokio::test]
async fn a_certificate_for_other_purposes_is_no_clients() {
    let world = World::new();
    let mut params = CertificateParams::default();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    let client = world.client_of_params("own", &params);

    let refusal = handshake_refusal(&world.server_tls(), client).await;

    assert!(matches!(refusal, Error::InvalidCertificate(CertificateError::InvalidPurposeContext { .. })), "{refusal}");
}

#[tokio::test]
async fn a_tls_1_2_client_is_refused() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(world.own.certificate_path()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(
            CertificateDer::pem_file_iter(&issued.certificate_path).unwrap().map(Result::unwrap).collect(),
            rustls_pki_types::PrivateKeyDer::from_pem_file(&issued.key_path).unwrap(),
        )
        .unwrap();

    let refusal = handshake_refusal(&world.server_tls(), client).await;

    assert_eq!(refusal, Error::PeerIncompatible(PeerIncompatible::Tls12NotOfferedOrEnabled));
}

#[tokio::test]
async fn a_client_of_another_protocol_is_refused() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    let mut client = world.client(&issued);
    client.alpn_protocols = vec![b"http/1.1".to_vec()];

    let refusal = handshake_refusal(&world.server_tls(), client).await;

    assert_eq!(refusal, Error::NoApplicationProtocol);
}

#[tokio::test]
async fn a_client_refuses_a_server_of_another_authority_or_name() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    let elsewhere = world.partner.issue(&server_request(&["localhost"]), now()).unwrap();
    let misnamed = world.own.issue(
        &unefois_identity::IssueRequest {
            system: unefois_identity::SystemName::parse("node-2").unwrap(),
            ..server_request(&["hub.example", "127.0.0.1"])
        },
        now(),
    );
    for server in [elsewhere, misnamed.unwrap()] {
        let files = ServerFiles { certificate: server.certificate_path, key: server.key_path, ..world.server_files() };
        let (_, client_side) = connect(&ServerTls::load(&files).unwrap(), world.client(&issued)).await;
        assert!(client_side.is_err());
    }
}

#[tokio::test]
async fn sessions_are_never_resumed() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    let server = world.server_tls();
    let mut client = world.client(&issued);
    client.resumption = Resumption::in_memory_sessions(16);

    for _ in 0..2 {
        let (server_side, client_side) = connect(&server, client.clone()).await;
        let ((mut server_end, _), mut client_end) = (server_side.unwrap(), client_side.unwrap());
        // The client hears whatever ticket the server would have sent.
        server_end.write_u8(1).await.unwrap();
        server_end.flush().await.unwrap();
        client_end.read_u8().await.unwrap();
        assert_eq!(server_end.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
    }
}

#[tokio::test]
async fn a_connection_to_nowhere_is_an_error() {
    let world = World::new();
    let (server_end, client_end) = tokio::io::duplex(1024);
    drop(client_end);

    assert!(world.server_tls().accept(server_end).await.is_err());
}

#[tokio::test]
async fn an_intermediate_authority_of_a_partner_is_followed() {
    let world = World::new();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = params.self_signed(&key).unwrap();
    let root_path = world.write("root.pem", &root.pem());
    let issuer = rcgen::Issuer::new(params, key);
    let (middle, middle_issuer) = intermediate(&issuer);
    let leaf_key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::default().signed_by(&leaf_key, &middle_issuer).unwrap();
    let chain = world.write("chain.pem", &format!("{}{middle}", leaf.pem()));
    let client = world.client_with(&chain, &world.write("chain.key", &leaf_key.serialize_pem()));
    let files = ServerFiles { partner_ca: Some(root_path), ..world.server_files() };

    let peer: PeerCertificate = accepted(&ServerTls::load(&files).unwrap(), client).await;

    assert_eq!(peer.trust, Trust::Partner);
}

fn intermediate(root: &rcgen::Issuer<'_, KeyPair>) -> (String, rcgen::Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "intermediate");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    let certificate = params.signed_by(&key, root).unwrap();
    (certificate.pem(), rcgen::Issuer::new(params, key))
}
