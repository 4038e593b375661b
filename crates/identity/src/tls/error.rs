//! What can go wrong with TLS: its files, a handshake, or a peer.

use std::io;
use std::path::{Path, PathBuf};

use rustls::server::VerifierBuilderError;
use rustls::{Error as RustlsError, InconsistentKeys};
use thiserror::Error;

use crate::{InvalidPeer, PemError};

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

/// A finished handshake that gives no peer. The connection must be closed.
#[derive(Debug, Error)]
pub enum PeerError {
    /// No client certificate: the handshake is not finished, or the configuration is another one's.
    #[error("the connection has no client certificate")]
    Missing,
    /// Neither the trust domain's authorities nor the partners' vouch for it now.
    #[error("no trusted authority vouches for the client certificate")]
    Untrusted(#[source] RustlsError),
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
    /// The handshake succeeded, and the certificate gives no peer.
    #[error("the TLS peer was refused")]
    Peer(#[from] PeerError),
}
