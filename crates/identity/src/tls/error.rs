//! What can go wrong with TLS: its files, a handshake, or a peer.

use std::io;
use std::path::{Path, PathBuf};

use rustls::server::VerifierBuilderError;
use rustls::{CertificateError, Error as RustlsError, InconsistentKeys, OtherError};
use thiserror::Error;

use crate::{BrokenRule, InvalidPeer, PemError};

/// Files that make no TLS configuration.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read, or is not what it should be.
    #[error("a certificate or key file is unusable")]
    Pem(#[from] PemError),
    /// A certificate of a bundle of authorities is not X.509.
    #[error("`{}` holds a certificate that is no certificate authority", .path.display())]
    InvalidAuthority {
        /// The bundle.
        path: PathBuf,
        /// What is wrong with the certificate.
        #[source]
        source: RustlsError,
    },
    /// A certificate of a bundle of authorities may not sign certificates: it would be trusted all the same.
    #[error("`{}` holds a certificate that may not sign certificates", .path.display())]
    NotAnAuthority {
        /// The bundle.
        path: PathBuf,
    },
    /// The key is another certificate's.
    #[error("the key `{}` does not belong to the certificate `{}`", .key.display(), .certificate.display())]
    WrongKey {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The certificate or its key cannot be used for TLS.
    #[error("the certificate `{}` cannot be used with its key", .certificate.display())]
    UnusableCertificate {
        /// The certificate's file.
        certificate: PathBuf,
        /// Why not.
        #[source]
        source: RustlsError,
    },
    /// The authorities make no verifier of clients.
    #[error("client certificates cannot be verified with these authorities")]
    Verifier(#[from] VerifierBuilderError),
    /// The provider of cryptography cannot do TLS 1.3.
    #[error("TLS 1.3 is not available")]
    Protocol(#[source] RustlsError),
}

impl TlsError {
    /// What `source` means of the pair `certificate` and `key`.
    pub(super) fn of_pair(certificate: &Path, key: &Path, source: RustlsError) -> Self {
        let certificate = certificate.to_owned();
        if source == RustlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) {
            return Self::WrongKey { certificate, key: key.to_owned() };
        }
        Self::UnusableCertificate { certificate, source }
    }
}

/// Why a certificate gives no peer. The connection must be closed.
#[derive(Debug, Clone, Error)]
pub enum PeerError {
    /// No client certificate: the handshake is not finished, or the configuration is another one's.
    #[error("the connection has no client certificate")]
    Missing,
    /// Neither the trust domain's authorities nor the partners' vouch for it now.
    #[error("no trusted authority vouches for the client certificate")]
    Untrusted(#[source] webpki::Error),
    /// It is trusted, and breaks a rule of its own or of its chain.
    #[error("the client certificate is trusted, and not as it must be")]
    Rule(#[from] BrokenRule),
    /// It says nothing usable about who the peer is.
    #[error("the client certificate names nobody")]
    Invalid(#[from] InvalidPeer),
    /// The system's clock cannot be read.
    #[error("the time is not known")]
    NoTime,
}

/// A connection that did not become one. It is already closed when this is returned.
#[derive(Debug, Error)]
pub enum AcceptError {
    /// The handshake failed: no certificate, an unknown or expired one, another protocol, a broken connection.
    #[error("the TLS handshake failed")]
    Handshake(#[source] io::Error),
    /// The certificate gives no peer.
    #[error("the TLS peer was refused")]
    Peer(#[from] PeerError),
    /// The handshake succeeded, and the client did not say that it speaks HTTP/2.
    #[error("the TLS client does not name the protocol h2")]
    Protocol,
}

impl AcceptError {
    /// What it is that broke off a handshake.
    pub(super) fn of_handshake(error: io::Error) -> Self {
        match peer_error_of(&error) {
            Some(refusal) => Self::Peer(refusal.clone()),
            None => Self::Handshake(error),
        }
    }
}

/// The refusal of ours inside of the library's, which says no more than that there is one.
fn peer_error_of(error: &io::Error) -> Option<&PeerError> {
    match error.get_ref()?.downcast_ref::<RustlsError>()? {
        RustlsError::InvalidCertificate(CertificateError::Other(OtherError(refusal))) => refusal.downcast_ref(),
        _ => None,
    }
}
