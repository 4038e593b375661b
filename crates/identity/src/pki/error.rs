//! What the development certificate authority refuses, and what fails under it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use x509_parser::error::X509Error;

use super::InvalidPkcs12Password;
use crate::{InvalidPeer, PemError};

/// Why the authority was not made or opened, or why it did not issue or renew.
#[derive(Debug, Error)]
pub enum PkiError {
    /// A file cannot be read, or is not what it should be.
    #[error("a certificate or key file is unusable")]
    Pem(#[from] PemError),
    /// A file cannot be written.
    #[error("`{}` cannot be written", .path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The file is there already. Nothing was written.
    #[error("`{}` exists already and is never overwritten", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A certificate cannot be read.
    #[error("`{}` holds no usable certificate", .path.display())]
    InvalidCertificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: InvalidPeer,
    },
    /// The key of the authority cannot be used.
    #[error("`{}` holds no usable private key", .path.display())]
    InvalidKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: rcgen::Error,
    },
    /// The key is another certificate's.
    #[error("the key `{}` does not belong to the certificate `{}`", .key.display(), .certificate.display())]
    WrongKey {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The certificate is not that of an authority made by [`Authority::init`](crate::Authority::init).
    #[error("`{}` is not the certificate of a development authority", .path.display())]
    NotAnAuthority {
        /// The file.
        path: PathBuf,
    },
    /// The certificate to renew was signed by another authority.
    #[error("`{}` was not issued by this authority", .path.display())]
    NotIssuedHere {
        /// The file.
        path: PathBuf,
        /// How its signature fails.
        #[source]
        source: X509Error,
    },
    /// The certificate to renew was issued here, and is not one that this authority would issue.
    #[error("`{}` names no agency and system", .path.display())]
    NotRenewable {
        /// The file.
        path: PathBuf,
    },
    /// A server without a name could never be verified.
    #[error("a server's certificate needs at least one name")]
    NoServerName,
    /// The validity asked for ends before it begins.
    #[error("the certificate would end before it begins")]
    EmptyValidity,
    /// The validity asked for is longer than the authority's own.
    #[error("the certificate would outlive its authority, which ends at {authority_not_after}")]
    OutlivesAuthority {
        /// The last second of the authority's own certificate.
        authority_not_after: jiff::Timestamp,
    },
    /// A time is outside of what a certificate can express.
    #[error("the time {0} cannot be written in a certificate")]
    InvalidTime(jiff::Timestamp),
    /// The certificate cannot be made or signed.
    #[error("the certificate cannot be signed")]
    Signing(#[from] rcgen::Error),
    /// A PKCS#12 file cannot be made.
    #[error("`{}` cannot be made as PKCS#12", .path.display())]
    Pkcs12 {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: p12_keystore::error::Error,
    },
    /// The file of a password cannot be read.
    #[error("the password in `{}` cannot be read", .path.display())]
    UnreadablePassword {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The file of a password holds none.
    #[error("`{}` holds no password", .path.display())]
    InvalidPassword {
        /// The file.
        path: PathBuf,
        /// What a password is.
        #[source]
        source: InvalidPkcs12Password,
    },
    /// The system gives no random bytes.
    #[error("no random bytes for a serial number or a password")]
    NoRandomness,
}
