//! The client's side, as partners' systems and our own tools use it.

use std::path::{Path, PathBuf};

use rustls::ClientConfig;
use rustls::ConfigBuilder;
use rustls::client::{Resumption, WantsClientCert};
use rustls::version::TLS13;

use super::{ALPN_H2, TlsError, provider, roots_read};
use crate::pem::{certificates_read, key_read};

/// The PEM files of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFiles {
    /// The authorities that may vouch for the server.
    pub ca: PathBuf,
    /// The client's certificate, followed by its intermediate authorities if it has any.
    pub certificate: PathBuf,
    /// The private key of `certificate`.
    pub key: PathBuf,
}

/// The client's side of mutual TLS: TLS 1.3 only, ALPN `h2`, no resumption.
///
/// # Errors
/// [`TlsError`] when a file is missing or not PEM, or when the key is another certificate's.
pub fn client_config(files: &ClientFiles) -> Result<ClientConfig, TlsError> {
    let ClientFiles { ca, certificate, key } = files;
    let config = builder(ca)?
        .with_client_auth_cert(certificates_read(certificate)?, key_read(key)?)
        .map_err(|source| TlsError::of_pair(certificate, key, source))?;
    Ok(with_h2(config))
}

/// The same without a client certificate: for tests, because every hub refuses it.
///
/// # Errors
/// [`TlsError`] when `ca` is missing or not PEM.
pub fn client_config_without_certificate(ca: &Path) -> Result<ClientConfig, TlsError> {
    Ok(with_h2(builder(ca)?.with_no_client_auth()))
}

fn builder(ca: &Path) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Protocol)?
        .with_root_certificates(roots_read(ca)?);
    Ok(builder)
}

fn with_h2(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![ALPN_H2.to_vec()];
    config.resumption = Resumption::disabled();
    config
}
