//! PKCS#12 files (RFC 7292), which Java and .NET read where others read PEM.

use std::path::{Path, PathBuf};

use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, LocalKeyId, MacAlgorithm, PrivateKey, PrivateKeyChain,
    error::Error,
};
use rustls_pki_types::CertificateDer;

use super::files::{Access, file_keep, file_replace};
use super::{Authority, Issued, Pkcs12Password, PkiError};
use crate::pem::{certificate_read, key_read};

/// How often a password is hashed into a key, and into the key of the MAC: what Java's own tools write.
const ITERATIONS: u32 = 10_000;
/// The name of the authority's certificate in a trust store.
const AUTHORITY_ALIAS: &str = "unefois-ca";

impl Issued {
    /// Where the same certificate and key stand in PKCS#12: `<name>.p12`.
    #[must_use]
    pub fn pkcs12_path(&self) -> PathBuf {
        self.certificate_path.with_extension("p12")
    }
}

impl Authority {
    /// Where the authority's certificate stands in PKCS#12, as a trust store: `ca.p12`.
    #[must_use]
    pub fn trust_store_path(&self) -> PathBuf {
        self.certificate_path().with_extension("p12")
    }

    /// Writes the certificate of `issued`, its key and the authority's certificate into [`Issued::pkcs12_path`]
    /// (mode 0600). The alias is the file's name. A file that is there is kept as `<name>.p12.old`.
    ///
    /// AES-256-CBC under PBKDF2 with HMAC-SHA-256, and a MAC with SHA-256, which Java 8u301, OpenSSL 1.0 and
    /// .NET Core 3 and all after them read.
    ///
    /// # Errors
    /// [`PkiError::Pkcs12`] when it cannot be made, [`PkiError::Unwritable`] when it cannot be written.
    pub fn pkcs12_write(&self, issued: &Issued, password: &Pkcs12Password) -> Result<(), PkiError> {
        let path = issued.pkcs12_path();
        let key = key_read(&issued.key_path)?;
        let chain = [certificate_read(&issued.certificate_path)?, certificate_read(&self.certificate_path())?];
        let alias = path.file_stem().unwrap_or_default().to_string_lossy();
        let entry = key_entry(key.secret_der(), &chain, &issued.fingerprint);
        write(&path, &alias, entry, password, Access::OwnerOnly)
    }

    /// Writes the authority's certificate into [`Authority::trust_store_path`], marked as trusted in the way that
    /// Java asks for. It holds no secret. A file that is there is kept as `ca.p12.old`.
    ///
    /// # Errors
    /// As [`Authority::pkcs12_write`].
    pub fn trust_store_write(&self, password: &Pkcs12Password) -> Result<(), PkiError> {
        let certificate = certificate_read(&self.certificate_path())?;
        let entry = Certificate::from_der(&certificate).map(KeyStoreEntry::Certificate);
        write(&self.trust_store_path(), AUTHORITY_ALIAS, entry, password, Access::Everyone)
    }
}

fn key_entry(key_der: &[u8], chain: &[CertificateDer<'_>], key_id: &[u8]) -> Result<KeyStoreEntry, Error> {
    let certificates = chain.iter().map(|certificate| Certificate::from_der(certificate));
    let chain = PrivateKeyChain::new(
        LocalKeyId::from(key_id),
        PrivateKey::from_der(key_der)?,
        certificates.collect::<Result<Vec<_>, _>>()?,
    );
    Ok(KeyStoreEntry::PrivateKeyChain(chain))
}

fn write(
    path: &Path,
    alias: &str,
    entry: Result<KeyStoreEntry, Error>,
    password: &Pkcs12Password,
    access: Access,
) -> Result<(), PkiError> {
    let bytes = entry
        .and_then(|entry| {
            let mut store = KeyStore::new();
            store.add_entry(alias, entry);
            encode(&store, password)
        })
        .map_err(|source| PkiError::Pkcs12 { path: path.to_owned(), source })?;
    if path.exists() {
        file_keep(path)?;
    }
    file_replace(path, &bytes, access)
}

fn encode(store: &KeyStore, password: &Pkcs12Password) -> Result<Vec<u8>, Error> {
    store
        .writer(password.text())
        .encryption_algorithm(EncryptionAlgorithm::PbeWithHmacSha256AndAes256)
        .encryption_iterations(ITERATIONS)
        .mac_algorithm(MacAlgorithm::HmacSha256)
        .mac_iterations(ITERATIONS)
        .write()
}
