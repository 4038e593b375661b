//! A certificate and its key as two files, written so that a crash leaves the old pair or the new one.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::PkiError;

/// Where a certificate (`NAME.pem`) and its private key (`NAME.key`) stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// Who may read a file.
#[derive(Debug, Clone, Copy)]
enum Access {
    Everyone,
    OwnerOnly,
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
            let old = with_suffix(path, ".old");
            fs::copy(path, &old).map_err(|source| unwritable(&old, source))?;
        }
        self.put(certificate_pem, key_pem)
    }

    /// Both files are complete on disk before either of them takes its place. The key goes first:
    /// between the two steps a reader sees a mismatch, which it refuses, and keeps what it has.
    fn put(&self, certificate_pem: &str, key_pem: &str) -> Result<(), PkiError> {
        let certificate_new = with_suffix(&self.certificate, ".new");
        let key_new = with_suffix(&self.key, ".new");
        file_write(&certificate_new, certificate_pem, Access::Everyone)
            .map_err(|source| unwritable(&certificate_new, source))?;
        file_write(&key_new, key_pem, Access::OwnerOnly).map_err(|source| unwritable(&key_new, source))?;
        fs::rename(&key_new, &self.key).map_err(|source| unwritable(&self.key, source))?;
        fs::rename(&certificate_new, &self.certificate).map_err(|source| unwritable(&self.certificate, source))
    }
}

/// Makes the folder `dir` and those above it, readable by their owner only. One that is there stays as it is.
pub(super) fn folder_create(dir: &Path) -> Result<(), PkiError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|source| unwritable(dir, source))
}

fn file_write(path: &Path, text: &str, access: Access) -> io::Result<()> {
    // What an interrupted attempt left behind may have other permissions.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = file_create(path, access)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn file_create(path: &Path, access: Access) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(
        &mut options,
        match access {
            Access::Everyone => 0o644,
            Access::OwnerOnly => 0o600,
        },
    );
    #[cfg(not(unix))]
    let _inherited_from_the_folder = access;
    options.open(path)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn unwritable(path: &Path, source: io::Error) -> PkiError {
    PkiError::Unwritable { path: path.to_owned(), source }
}
