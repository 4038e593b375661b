//! Keys and signatures of every kind, good and bad, by the `openssl` command.

use std::{
    io::Write,
    process::{Command, Stdio},
    sync::OnceLock,
};

/// A private key (PEM).
#[derive(Debug, Clone)]
pub(crate) struct Key(String);

impl Key {
    /// A new key on the curve P-256.
    pub(crate) fn p256() -> Self {
        Self::on_curve("P-256")
    }

    /// A new key on a curve that `openssl` names.
    pub(crate) fn on_curve(curve: &str) -> Self {
        Self::generated(&["-algorithm", "EC", "-pkeyopt", &format!("ec_paramgen_curve:{curve}")])
    }

    /// A new RSA key.
    pub(crate) fn rsa(bits: u32) -> Self {
        Self::generated(&["-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{bits}")])
    }

    /// A new key of any kind, by the options of `openssl genpkey`.
    pub(crate) fn generated(options: &[&str]) -> Self {
        let arguments = [&["genpkey"], options].concat();
        Self(String::from_utf8(openssl(&arguments, &[])).unwrap())
    }

    /// A new DSA key.
    pub(crate) fn dsa() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("parameters.pem");
        let file = file.to_str().unwrap();
        openssl(
            &["genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024", "-out", file],
            &[],
        );
        Self::generated(&["-paramfile", file])
    }

    /// One RSA key of 2048 bits for all: they take long.
    pub(crate) fn shared_rsa() -> Self {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(|| Self::rsa(2048)).clone()
    }

    /// The key as `SubjectPublicKeyInfo` (DER).
    pub(crate) fn public(&self) -> Vec<u8> {
        openssl(&["pkey", "-pubout", "-outform", "DER"], self.0.as_bytes())
    }

    /// The key as PKCS#8 (DER).
    pub(crate) fn private(&self) -> Vec<u8> {
        openssl(&["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"], self.0.as_bytes())
    }

    /// Signs with a digest that `openssl` names.
    pub(crate) fn sign(&self, digest: &str, message: &[u8]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        std::fs::write(&file, &self.0).unwrap();
        openssl(&["dgst", &format!("-{digest}"), "-sign", file.to_str().unwrap()], message)
    }
}

/// A well-formed certificate in PEM.
pub(crate) fn pem(der: &[u8]) -> String {
    String::from_utf8(openssl(&["x509", "-inform", "DER"], der)).unwrap()
}

/// Runs `openssl` with this on its standard input, and gives what it writes.
fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`cargo xtask test` installs openssl");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
