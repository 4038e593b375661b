//! New files without a restart.

use std::fs;

use unefois_identity::{ReloadingServerTls, ServerFiles, ServerTls, TlsError};

use crate::world::{World, accepted, client_request, handshake_refusal, now};

#[tokio::test]
async fn a_reload_takes_a_new_certificate_and_new_authorities() {
    let world = World::new();
    let bundle = world.write("bundle.pem", &fs::read_to_string(world.own.certificate_path()).unwrap());
    let files = ServerFiles { trust_domain_ca: bundle.clone(), partner_ca: None, ..world.server_files() };
    let tls = ReloadingServerTls::load(files).unwrap();
    let newcomer = world.partner.issue(&client_request("cnaf", "main"), now()).unwrap();
    let before = tls.current();
    handshake_refusal(&before, world.client(&newcomer)).await;

    world.own.renew(&world.server.certificate_path, now()).unwrap();
    fs::copy(world.partner.certificate_path(), &bundle).unwrap();
    tls.reload().unwrap();

    accepted(&tls.current(), world.client(&newcomer)).await;
    // What was accepted with the old files stays theirs.
    handshake_refusal(&before, world.client(&newcomer)).await;
}

#[tokio::test]
async fn an_authority_that_was_taken_out_lets_nobody_in_any_more() {
    let world = World::new();
    let bundle = world.write("bundle.pem", &fs::read_to_string(world.partner.certificate_path()).unwrap());
    let tls =
        ReloadingServerTls::load(ServerFiles { partner_ca: Some(bundle.clone()), ..world.server_files() }).unwrap();
    let leaving = world.partner.issue(&client_request("cnaf", "main"), now()).unwrap();
    accepted(&tls.current(), world.client(&leaving)).await;

    fs::copy(world.own.certificate_path(), &bundle).unwrap();
    tls.reload().unwrap();

    handshake_refusal(&tls.current(), world.client(&leaving)).await;
}

#[tokio::test]
async fn bad_files_leave_the_old_certificate_in_use() {
    let world = World::new();
    let tls = ReloadingServerTls::load(world.server_files()).unwrap();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    for path in [&world.server.certificate_path, &world.server.key_path] {
        let good = fs::read(path).unwrap();
        for bad in ["", "no PEM", &issued.certificate_pem, &issued.key_pem] {
            fs::write(path, bad).unwrap();
            tls.reload().unwrap_err();
        }
        fs::remove_file(path).unwrap();
        tls.reload().unwrap_err();
        fs::write(path, good).unwrap();
    }

    accepted(&tls.current(), world.client(&issued)).await;
    tls.reload().unwrap();
}

#[test]
fn the_key_of_another_certificate_is_refused_by_name() {
    let world = World::new();
    let other = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();

    let error = ServerTls::load(&ServerFiles { key: other.key_path.clone(), ..world.server_files() }).unwrap_err();

    let TlsError::WrongKey { certificate, key } = error else { panic!("{error}") };
    assert_eq!(certificate, world.server.certificate_path);
    assert_eq!(key, other.key_path);
}

#[test]
fn an_empty_bundle_of_authorities_is_refused() {
    let world = World::new();
    let empty = world.write("empty.pem", "# nobody\n");

    for files in [
        ServerFiles { trust_domain_ca: empty.clone(), ..world.server_files() },
        ServerFiles { partner_ca: Some(empty), ..world.server_files() },
    ] {
        assert!(matches!(ServerTls::load(&files), Err(TlsError::Pem(_))));
    }
}
