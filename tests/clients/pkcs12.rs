//! PKCS#12: what `unefois pki` writes, OpenSSL and Java's keytool read.

use std::process::Command;

use tempfile::TempDir;

use crate::{
    UNEFOIS,
    program::{is_there, output_of, works},
};

const PASSWORD: &str = "an invented password";

/// An authority in a folder of its own, and a certificate for CNAF.
fn authority(flags: &[&str], input: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let init = ["pki", "init", "pki"];
    let issue = ["pki", "issue", "pki", "--agency", "cnaf", "--system", "main"];
    for arguments in [&init[..], &issue[..]] {
        output_of(Command::new(UNEFOIS).args(arguments).args(flags).current_dir(&folder), input);
    }
    folder
}

fn openssl(folder: &TempDir, arguments: &[&str]) -> String {
    output_of(Command::new("openssl").args(arguments).current_dir(folder), "")
}

#[test]
fn openssl_reads_the_key_and_the_chain_under_algorithms_of_today() {
    if !is_there("openssl", works("openssl", &["version"])) {
        return;
    }
    let folder = authority(&[], "");
    let password = "file:pki/cnaf-main.p12.password";
    let open = ["pkcs12", "-in", "pki/cnaf-main.p12", "-passin", password, "-nodes"];

    let key = openssl(&folder, &[&open[..], &["-nocerts"]].concat());
    assert!(key.contains("friendlyName: cnaf-main"), "{key}");
    std::fs::write(folder.path().join("key.pem"), key).unwrap();
    std::fs::write(folder.path().join("own.pem"), openssl(&folder, &[&open[..], &["-clcerts", "-nokeys"]].concat()))
        .unwrap();
    std::fs::write(folder.path().join("ca.pem"), openssl(&folder, &[&open[..], &["-cacerts", "-nokeys"]].concat()))
        .unwrap();
    let of_key = openssl(&folder, &["pkey", "-in", "key.pem", "-pubout"]);
    assert_eq!(of_key, openssl(&folder, &["x509", "-in", "own.pem", "-noout", "-pubkey"]));
    let verify = ["verify", "-CAfile", "ca.pem", "own.pem"];
    assert_eq!(openssl(&folder, &verify).trim(), "own.pem: OK");

    let mut told = Command::new("openssl");
    told.args(["pkcs12", "-info", "-noout", "-in", "pki/cnaf-main.p12"]);
    let told = told.args(["-passin", password]).current_dir(&folder).output().unwrap().stderr;
    let told = String::from_utf8(told).unwrap();
    assert!(told.starts_with("MAC: sha256"), "{told}");
    let sealed =
        told.lines().filter(|line| line.contains("PBES2, PBKDF2, AES-256-CBC") && line.contains("hmacWithSHA256"));
    assert_eq!(sealed.count(), 2, "the certificates and the key:\n{told}");
}

#[test]
fn keytool_reads_the_key_store_and_trusts_the_trust_store() {
    if !is_there("keytool", works("keytool", &["-help"])) {
        return;
    }
    let folder = authority(&["--pkcs12-password-file", "-"], &format!("{PASSWORD}\n"));
    for (file, due) in
        [("pki/cnaf-main.p12", "cnaf-main, PrivateKeyEntry"), ("pki/ca.p12", "unefois-ca, trustedCertEntry")]
    {
        let list = ["-J-Duser.language=en", "-list", "-storetype", "PKCS12", "-keystore", file, "-storepass", PASSWORD];
        let listed = output_of(Command::new("keytool").args(list).current_dir(&folder), "");
        let (alias, kind) = due.split_once(", ").unwrap();
        let line = listed.lines().find(|line| line.starts_with(alias)).unwrap_or_else(|| panic!("{listed}"));
        assert!(line.contains(kind), "{line}");
        assert!(listed.contains("contains 1 entry"), "{listed}");
    }
    assert!(!folder.path().join("pki/cnaf-main.p12.password").exists(), "the password is the user's to keep");
}

#[test]
fn a_renewal_keeps_the_password_and_asks_for_one_that_it_does_not_know() {
    let drawn = authority(&[], "");
    let renew = ["pki", "renew", "pki", "pki/cnaf-main.pem"];
    let read = |folder: &TempDir, name: &str| std::fs::read(folder.path().join("pki").join(name)).unwrap();
    let before = (read(&drawn, "cnaf-main.p12"), read(&drawn, "cnaf-main.p12.password"));
    output_of(Command::new(UNEFOIS).args(renew).current_dir(&drawn), "");
    assert_ne!(read(&drawn, "cnaf-main.p12"), before.0);
    assert_eq!((read(&drawn, "cnaf-main.p12.old"), read(&drawn, "cnaf-main.p12.password")), before);

    let given = authority(&["--pkcs12-password-file", "-"], PASSWORD);
    let before = (read(&given, "cnaf-main.pem"), read(&given, "cnaf-main.p12"));
    let refused = Command::new(UNEFOIS).args(renew).current_dir(&given).output().unwrap();
    assert!(!refused.status.success());
    let errors = String::from_utf8(refused.stderr).unwrap();
    assert!(errors.contains("--pkcs12-password-file"), "{errors}");
    assert_eq!((read(&given, "cnaf-main.pem"), read(&given, "cnaf-main.p12")), before, "nothing was renewed");
}
