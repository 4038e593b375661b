//! Connections to a provider: over TLS, or to a loopback host without.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

use super::settings::{InvalidRestSettings, Protection, TrustedRoots};

/// How long an unused connection is kept for the next question.
const IDLE_CONNECTION_KEPT: Duration = Duration::from_secs(30);

/// Longest head of an answer (status line and headers), in bytes.
const HEAD_SIZE_BYTES_MAX: usize = 16 * 1024;

pub(super) fn client(
    connector: HttpsConnector<HttpConnector>,
    idle_connections_max: usize,
) -> Client<HttpsConnector<HttpConnector>, Empty<Bytes>> {
    // A question that could not be written, its kept connection having been closed meanwhile, goes out on another one
    // (the client's default): the provider sees it once.
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_CONNECTION_KEPT)
        .pool_max_idle_per_host(idle_connections_max)
        .http1_max_buf_size(HEAD_SIZE_BYTES_MAX)
        .build(connector)
}

pub(super) fn connector(
    protection: Protection,
    roots: TrustedRoots,
    timeout: Duration,
) -> Result<HttpsConnector<HttpConnector>, InvalidRestSettings> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    // A connection goes on being made after its question ran out of time, for the next one; not for ever.
    tcp.set_connect_timeout(Some(timeout));
    let builder = HttpsConnectorBuilder::new();
    let builder = match protection {
        Protection::Tls => builder.with_tls_config(tls(roots)?).https_only(),
        // Never speaks TLS; a machine without trusted roots is as good as another.
        Protection::Loopback => builder.with_tls_config(tls_without_roots()).https_or_http(),
    };
    Ok(builder.enable_http1().wrap_connector(tcp))
}

fn tls(roots: TrustedRoots) -> Result<ClientConfig, InvalidRestSettings> {
    let builder = tls_builder();
    let builder = match roots {
        TrustedRoots::System => builder.with_native_roots().map_err(unusable)?,
        TrustedRoots::Pem(pem) => builder.with_root_certificates(pem_roots(&pem)?),
    };
    Ok(builder.with_no_client_auth())
}

fn tls_without_roots() -> ClientConfig {
    tls_builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth()
}

fn tls_builder() -> ConfigBuilder<ClientConfig, WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("aws-lc has cipher suites for every version that rustls finds safe")
}

fn pem_roots(pem: &[u8]) -> Result<RootCertStore, InvalidRestSettings> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(unusable)?).map_err(unusable)?;
    }
    if roots.is_empty() {
        return Err(InvalidRestSettings::TrustedRoots(None));
    }
    Ok(roots)
}

fn unusable(error: impl StdError + Send + Sync + 'static) -> InvalidRestSettings {
    InvalidRestSettings::TrustedRoots(Some(Box::new(error)))
}
