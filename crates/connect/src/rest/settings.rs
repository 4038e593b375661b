//! The connector's settings, and what they must be to be used.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use serde::Deserialize;
use thiserror::Error;

/// How to reach a provider, in whose name, and within which limits.
#[derive(Clone, Debug)]
pub struct RestSettings {
    /// What the log calls the provider: its agency and dataset.
    pub name: String,
    /// Scheme, host and, where they are needed, port and path prefix: `https://entreprise.api.gouv.fr`. `http` is for
    /// loopback hosts only.
    pub base_url: String,
    /// What the provider's operator issued to this hub, for `{secret}` in the interface's headers.
    pub secret: Secret,
    /// What stands for `{parameter.…}` in the interface's templates. The same for every question: it must not name a
    /// person or a case.
    pub parameters: BTreeMap<String, String>,
    /// The hosts, with their port where it is not that of the scheme, from which a linked file may be fetched. Files are
    /// fetched without the secret.
    pub file_hosts: Vec<String>,
    /// Which certificate authorities vouch for the provider, and for the hosts of linked files.
    pub trusted_roots: TrustedRoots,
    /// Longest time for one question, connecting and linked files included; a caller's shorter deadline goes before it.
    pub timeout: Duration,
    /// Longest body of an answer that is read, in bytes.
    pub answer_size_bytes_max: usize,
    /// Longest linked file that is read, in bytes.
    pub file_size_bytes_max: usize,
    /// Most questions under way at one time, each on its own connection (HTTP/1.1); over it the caller is told to come
    /// back. As many connections at most are kept open for the next questions.
    pub in_flight_max: usize,
    /// Longest time for which the provider, or a host of its files, is believed when it says not to ask (`Retry-After`,
    /// `RateLimit-Reset`).
    pub pause_max: Duration,
}

/// A text that nobody may see: `Debug` hides it.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

/// Which certificate authorities may vouch for a provider reached over `https`.
#[derive(Clone)]
pub enum TrustedRoots {
    /// Those that the operating system trusts.
    System,
    /// These alone: one or more certificates in PEM.
    Pem(Vec<u8>),
}

/// A setting of a connector that cannot be used.
#[derive(Debug, Error)]
pub enum InvalidRestSettings {
    /// Not `https://host[:port][/prefix]`, nor `http://` to a loopback host.
    #[error(
        "`base-url` must be `https://host`, without user, query, fragment or segments that are empty, `.` or `..`; \
             `http` is for loopback hosts only"
    )]
    BaseUrl,
    /// Has characters that no HTTP header may have, or is empty.
    #[error("the secret is empty or has characters that a token cannot have: copy it again, without line breaks")]
    Secret,
    /// A limit that would let nothing through.
    #[error("`{0}` must be more than zero")]
    Zero(&'static str),
    /// A parameter that the interface names is empty or too long for an address, or is not given.
    #[error("`parameters.{0}` is missing, empty or too long")]
    Parameter(String),
    /// A parameter that stands in the path, where a server would take it for a way elsewhere.
    #[error("`parameters.{0}` stands in a path: it has neither `/`, `\\` nor `%`, and is not `.` or `..`")]
    ParameterInPath(String),
    /// A parameter that the interface does not name.
    #[error("`parameters.{0}` is not a parameter of the interface")]
    ParameterUnknown(String),
    /// Not a host.
    #[error("`file-hosts`: `{0}` is not `host` or `host:port`")]
    FileHost(String),
    /// A header of the interface that cannot be sent with these settings.
    #[error("header `{0}` of the interface cannot be sent with these parameters")]
    Header(String),
    /// No usable certificate authority.
    #[error("`ca` gives no usable certificate authority")]
    TrustedRoots(#[source] Option<Box<dyn StdError + Send + Sync>>),
}

impl Secret {
    /// Hides the text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, where it is visible ASCII: what a bearer token is made of (RFC 6750, section 2.1), and no line break
    /// among it.
    pub(super) fn expose(&self) -> Result<&str, InvalidRestSettings> {
        let is_token = !self.0.is_empty() && self.0.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then_some(self.0.as_str()).ok_or(InvalidRestSettings::Secret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl fmt::Debug for TrustedRoots {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => formatter.write_str("System"),
            Self::Pem(pem) => write!(formatter, "Pem({} bytes)", pem.len()),
        }
    }
}

/// The provider's address, checked.
pub(super) struct Base {
    /// Without slash at the end.
    pub(super) url: String,
    pub(super) protection: Protection,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// TLS: what leaves the machine.
    Tls,
    /// Nothing: a loopback host.
    Loopback,
}

/// Longest base address: with the parameters it stays below what an address may have.
const BASE_URL_SIZE_BYTES_MAX: usize = 2048;

impl Base {
    pub(super) fn parse(base_url: &str) -> Result<Self, InvalidRestSettings> {
        let url = base_url.trim_end_matches('/').to_owned();
        if url.len() > BASE_URL_SIZE_BYTES_MAX || url.contains(['?', '#']) {
            return Err(InvalidRestSettings::BaseUrl);
        }
        let prefix = url.split_once("://").map_or("", |(_, rest)| rest);
        if prefix.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(InvalidRestSettings::BaseUrl);
        }
        let protection = url.parse().ok().and_then(|uri| protection(&uri)).ok_or(InvalidRestSettings::BaseUrl)?;
        Ok(Self { url, protection })
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.url)
    }
}

/// How a connection to this address is protected; `None` when it cannot be, or is not an address to call.
pub(super) fn protection(uri: &Uri) -> Option<Protection> {
    let authority = uri.authority()?;
    let host = authority.host();
    // A port out of range would be ignored further on, and another than the one meant be called.
    if authority.as_str().contains('@') || (authority.as_str() != host && authority.port_u16().is_none()) {
        return None;
    }
    match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => Some(Protection::Tls),
        Some(scheme) if *scheme == Scheme::HTTP && is_loopback(host) => Some(Protection::Loopback),
        Some(_) | None => None,
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}
