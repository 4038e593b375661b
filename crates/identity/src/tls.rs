//! TLS 1.3 with a certificate on both sides: the hub's server side, and the client side of its partners.

mod authorities;
mod client;
mod error;
mod expiry;
mod reload;
mod server;
mod verifier;

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;

pub use client::{ClientFiles, client_config, client_config_without_certificate};
pub use error::{AcceptError, PeerError, TlsError};
pub use expiry::Expiries;
pub use reload::ReloadingServerTls;
pub use server::{ServerFiles, ServerTls};

use crate::pem::certificates_read;

/// The one protocol spoken inside: HTTP/2.
const ALPN_H2: &[u8] = b"h2";

/// The one provider of cryptography. It is always named, never taken from the process's default.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// The certificate authorities in the PEM bundle `path`; each of them must be readable.
fn roots_read(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates_read(path)? {
        roots.add(certificate).map_err(|source| TlsError::InvalidAuthority { path: path.to_owned(), source })?;
    }
    Ok(roots)
}
