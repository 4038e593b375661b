//! A certificate and its key as two files, written so that a crash leaves the old pair or the new one.

use std::path::{Path, PathBuf};

use super::PkiError;
use super::files::{Access, file_keep, file_rename, file_write, with_suffix};

/// Where a certificate (`NAME.pem`) and its private key (`NAME.key`) stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Pair {
    /// The pair called `name` in the folder `dir`.
    pub(super) fn named(dir: &Path, name: &str) -> Self {
        Self { certificate: dir.join(format!("{name}.pem")), key: dir.join(format!("{name}.key")) }
    }

    /// The pair whose certificate is the file `certificate`.
    pub(super) fn of_certificate(certificate: &Path) -> Self {
        Self { certificate: certificate.to_owned(), key: certificate.with_extension("key") }
    }

    /// Writes a pair that is not there yet.
    pub(super) fn create(&self, certificate_pem: &str, key_pem: &str) -> Result<(), PkiError> {
        for path in [&self.certificate, &self.key] {
            // A dangling link counts as there: `exists` would follow it.
            if path.symlink_metadata().is_ok() {
                return Err(PkiError::Exists { path: path.clone() });
            }
        }
        self.put(certificate_pem, key_pem)
    }

    /// Writes a pair over the one that is there, which is kept as `NAME.pem.old` and `NAME.key.old`.
    pub(super) fn replace(&self, certificate_pem: &str, key_pem: &str) -> Result<(), PkiError> {
        for path in [&self.certificate, &self.key] {
            file_keep(path)?;
        }
        self.put(certificate_pem, key_pem)
    }

    /// Both files are complete on disk before either of them takes its place. The key goes first:
    /// between the two steps a reader sees a mismatch, which it refuses, and keeps what it has.
    fn put(&self, certificate_pem: &str, key_pem: &str) -> Result<(), PkiError> {
        let certificate_new = with_suffix(&self.certificate, ".new");
        let key_new = with_suffix(&self.key, ".new");
        file_write(&certificate_new, certificate_pem.as_bytes(), Access::Everyone)?;
        file_write(&key_new, key_pem.as_bytes(), Access::OwnerOnly)?;
        file_rename(&key_new, &self.key)?;
        file_rename(&certificate_new, &self.certificate)
    }
}
