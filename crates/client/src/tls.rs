//! The client's side of TLS, read from PEM files.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{ClientConfig, RootCertStore, client::Resumption, version::TLS13};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject as _},
};

use crate::connect::ClientSettings;

/// Files that make no TLS configuration.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing or may not be read.
    #[error("cannot read `{}`: check that it exists and that you may read it", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file is not PEM, or holds something else.
    #[error("`{}` does not hold {what} in PEM: check that the path is that of the right file", .path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        source: pem::Error,
    },
    /// A certificate of the bundle of authorities is none.
    #[error("`{}` holds something that is no certificate authority: give the one that issued the hub's certificate",
        .path.display())]
    InvalidAuthority {
        /// The bundle.
        path: PathBuf,
        /// What is wrong with the certificate.
        #[source]
        source: rustls::Error,
    },
    /// The certificate and the key do not belong together, or TLS cannot use them.
    #[error("`{}` and `{}` cannot be used together: give a certificate and the key that it was issued for",
        .certificate.display(), .key.display())]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why not.
        #[source]
        source: rustls::Error,
    },
    /// A certificate without its key, or a key without its certificate.
    #[error("a certificate is of no use without its key: give both files, or neither")]
    HalfAPair,
    /// The provider of cryptography cannot do TLS 1.3.
    #[error("TLS 1.3 is not available")]
    Protocol(#[source] rustls::Error),
}

/// TLS 1.3 only, ALPN `h2`, no resumption; the provider of cryptography is named, never taken from the process.
pub(crate) fn client_config(settings: &ClientSettings) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Protocol)?
        .with_root_certificates(roots_read(&settings.ca)?);
    let mut config = match (&settings.certificate, &settings.key) {
        (Some(certificate), Some(key)) => {
            let pair = |source| TlsError::Pair { certificate: certificate.clone(), key: key.clone(), source };
            builder.with_client_auth_cert(certificates_read(certificate)?, key_read(key)?).map_err(pair)?
        }
        (None, None) => builder.with_no_client_auth(),
        (Some(_), None) | (None, Some(_)) => return Err(TlsError::HalfAPair),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn roots_read(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates_read(path)? {
        roots.add(certificate).map_err(|source| TlsError::InvalidAuthority { path: path.to_owned(), source })?;
    }
    Ok(roots)
}

/// The certificates of `path`, in its order; at least one.
fn certificates_read(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let refused = |source| refusal(path, "a certificate", source);
    let sections = CertificateDer::pem_file_iter(path).map_err(refused)?;
    let certificates: Vec<_> = sections.collect::<Result<_, _>>().map_err(refused)?;
    if certificates.is_empty() {
        return Err(refused(pem::Error::NoItemsFound));
    }
    Ok(certificates)
}

fn key_read(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|source| refusal(path, "a private key", source))
}

fn refusal(path: &Path, what: &'static str, source: pem::Error) -> TlsError {
    let path = path.to_owned();
    match source {
        pem::Error::Io(source) => TlsError::Unreadable { path, source },
        source => TlsError::Pem { path, what, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOT_PEM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

    #[test]
    fn a_file_that_is_missing_is_named() {
        let missing = PathBuf::from("nowhere/ca.pem");
        let error = client_config(&ClientSettings { ca: missing, ..ClientSettings::default() }).unwrap_err();
        assert!(matches!(error, TlsError::Unreadable { .. }), "{error}");
        assert!(error.to_string().contains("`nowhere/ca.pem`"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_pem_is_named() {
        let error = client_config(&ClientSettings { ca: NOT_PEM.into(), ..ClientSettings::default() }).unwrap_err();
        assert!(matches!(error, TlsError::Pem { .. }), "{error}");
        assert!(error.to_string().contains(NOT_PEM), "{error}");
    }

    #[test]
    fn a_file_without_a_key_is_no_key() {
        let error = key_read(Path::new(NOT_PEM)).unwrap_err();
        assert!(error.to_string().contains("a private key"), "{error}");
    }
}
