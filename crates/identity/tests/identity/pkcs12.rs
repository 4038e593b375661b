//! What stands in the PKCS#12 files of the development authority, and who may read them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12ImportPolicy};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use unefois_identity::{InvalidPkcs12Password, Pkcs12Password, PkiError};

use crate::world::{World, client_request, now};

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn opened(path: &Path, password: &str) -> KeyStore {
    KeyStore::from_pkcs12(&fs::read(path).unwrap(), password, Pkcs12ImportPolicy::Strict).unwrap()
}

#[test]
fn a_key_store_holds_the_key_and_the_chain_of_the_pem_files() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    world.own.pkcs12_write(&issued, &Pkcs12Password::parse("six chars").unwrap()).unwrap();

    assert_eq!(issued.pkcs12_path(), world.dir.path().join("own/cnaf-main.p12"));
    let store = opened(&issued.pkcs12_path(), "six chars");
    let (alias, chain) = store.private_key_chain().unwrap();
    assert_eq!(alias, "cnaf-main");
    assert_eq!(chain.key().as_der(), PrivateKeyDer::from_pem_file(&issued.key_path).unwrap().secret_der());
    let files = [&issued.certificate_path, &world.own.certificate_path()];
    let expected = files.map(|path| CertificateDer::from_pem_file(path).unwrap());
    let found: Vec<&[u8]> = chain.certs().iter().map(|certificate| certificate.as_der()).collect();
    assert_eq!(found, expected.each_ref().map(|certificate| certificate.as_ref()));
}

#[test]
fn a_trust_store_holds_the_authority_alone() {
    let world = World::new();
    world.own.trust_store_write(&Pkcs12Password::parse("changeit").unwrap()).unwrap();

    let store = opened(&world.own.trust_store_path(), "changeit");
    let entries: Vec<_> = store.entries().collect();
    let [(alias, KeyStoreEntry::Certificate(certificate))] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!(alias.as_str(), "unefois-ca");
    assert_eq!(certificate.as_der(), CertificateDer::from_pem_file(world.own.certificate_path()).unwrap().as_ref());
}

#[test]
fn a_key_store_and_its_drawn_password_are_readable_by_their_owner_only() {
    let world = World::new();
    let issued = world.own.issue(&client_request("cnaf", "main"), now()).unwrap();
    let password = Pkcs12Password::kept_for(&issued.pkcs12_path()).unwrap();
    world.own.pkcs12_write(&issued, &password).unwrap();
    world.own.pkcs12_write(&issued, &password).unwrap();
    world.own.trust_store_write(&password).unwrap();

    let own = world.dir.path().join("own");
    for secret in ["cnaf-main.p12", "cnaf-main.p12.old", "cnaf-main.p12.password"] {
        assert_eq!(mode_of(&own.join(secret)), 0o600, "{secret}");
    }
    assert_eq!(mode_of(&own.join("ca.p12")), 0o644, "what everyone may trust, everyone may read");
}

#[test]
fn a_drawn_password_is_kept_and_is_another_for_each_file() {
    let world = World::new();
    let (one, other) = (world.dir.path().join("one.p12"), world.dir.path().join("other.p12"));

    let drawn = Pkcs12Password::kept_for(&one).unwrap();
    assert_eq!(Pkcs12Password::kept_for(&one).unwrap(), drawn);
    assert_ne!(Pkcs12Password::kept_for(&other).unwrap(), drawn);

    let kept = fs::read_to_string(Pkcs12Password::file_of(&one)).unwrap();
    assert_eq!(kept.trim_end().len(), 32, "128 bits");
    assert!(!format!("{drawn:?}").contains(kept.trim_end()), "a password is not printed");
}

#[test]
fn a_kept_password_that_is_none_is_refused_by_name() {
    let world = World::new();
    let store = world.dir.path().join("one.p12");
    fs::write(Pkcs12Password::file_of(&store), "two\nlines\n").unwrap();

    let error = Pkcs12Password::kept_for(&store).unwrap_err();
    assert!(
        matches!(error, PkiError::InvalidPassword { ref path, .. } if path.ends_with("one.p12.password")),
        "{error}"
    );
}

#[test]
fn a_password_is_one_line_that_java_takes() {
    for good in ["changeit", "six ch", "changeit\n", "changeit\r\n", &"x".repeat(128)] {
        assert!(Pkcs12Password::parse(good).is_ok(), "{good:?}");
    }
    for bad in ["", "five5", "\n", "clé secrète", "two\nlines", "changeit\n\n", "tab\tbed", &"x".repeat(129)] {
        assert_eq!(Pkcs12Password::parse(bad), Err(InvalidPkcs12Password), "{bad:?}");
    }
}
