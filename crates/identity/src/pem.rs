//! Reading certificates and keys from PEM files, with errors that name the file.

use std::path::{Path, PathBuf};
use std::{fs, io};

use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;

/// A file that should hold a certificate or a key in PEM, and does not.
#[derive(Debug, Error)]
pub enum PemError {
    /// The file is missing or may not be read.
    #[error("`{}` cannot be read", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A PEM section of the file is damaged.
    #[error("`{}` is not PEM", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is damaged.
        #[source]
        source: pem::Error,
    },
    /// The file has no certificate section.
    #[error("`{}` holds no certificate in PEM", .path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The file has no private key section.
    #[error("`{}` holds no private key in PEM", .path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
}

/// The certificates of `path`, in its order; at least one.
pub(crate) fn certificates_read(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let text = file_read(path)?;
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(|source| damaged(path, source))?;
    if certificates.is_empty() {
        return Err(PemError::NoCertificate { path: path.to_owned() });
    }
    Ok(certificates)
}

/// The first certificate of `path`: the one the file is about, when others are its chain.
pub(crate) fn certificate_read(path: &Path) -> Result<CertificateDer<'static>, PemError> {
    let certificates = certificates_read(path)?;
    let first = certificates.into_iter().next();
    Ok(first.expect("a file without certificates was refused"))
}

/// The first private key of `path`: PKCS#8, PKCS#1 or SEC1.
pub(crate) fn key_read(path: &Path) -> Result<PrivateKeyDer<'static>, PemError> {
    let text = file_read(path)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|source| match source {
        pem::Error::NoItemsFound => PemError::NoKey { path: path.to_owned() },
        source => damaged(path, source),
    })
}

fn file_read(path: &Path) -> Result<Vec<u8>, PemError> {
    fs::read(path).map_err(|source| PemError::Unreadable { path: path.to_owned(), source })
}

fn damaged(path: &Path, source: pem::Error) -> PemError {
    PemError::Damaged { path: path.to_owned(), source }
}
