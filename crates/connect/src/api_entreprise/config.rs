//! The connector's settings, and what they must be to be used.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use thiserror::Error;

/// How to reach *API Entreprise*, in whose name, and within which limits.
#[derive(Clone)]
pub struct ApiEntrepriseConfig {
    /// Scheme, host and, where they are needed, port and path prefix: `https://entreprise.api.gouv.fr`. `http` is for
    /// loopback hosts only.
    pub base_url: String,
    /// The token that the operator of *API Entreprise* issued to this hub (jeton d'habilitation).
    pub token: String,
    /// In which frame the data is asked for; *API Entreprise* wants it of every call (`context`).
    pub context: String,
    /// For which procedure or file the data is asked for (`object`). The same for every call: it must not name a person
    /// or a case.
    pub object: String,
    /// SIRET of the administration that receives the data (`recipient`).
    pub recipient_siret: String,
    /// Which certificate authorities vouch for the provider.
    pub trusted_roots: TrustedRoots,
    /// Longest time for one question, connecting included; a caller's shorter deadline goes before it.
    pub timeout: Duration,
    /// Longest body of an answer that is read, in bytes.
    pub answer_size_bytes_max: usize,
    /// Most questions under way at one time, each on its own connection (HTTP/1.1); over it the caller is told to come
    /// back. As many connections at most are kept open for the next questions.
    pub in_flight_max: usize,
    /// Longest time for which the provider is believed when it says not to ask (`Retry-After`, `RateLimit-Reset`).
    pub pause_max: Duration,
}

/// Which certificate authorities may vouch for a provider reached over `https`.
#[derive(Clone)]
pub enum TrustedRoots {
    /// Those that the operating system trusts.
    System,
    /// These alone: one or more certificates in PEM.
    Pem(Vec<u8>),
}

impl fmt::Debug for TrustedRoots {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => formatter.write_str("System"),
            Self::Pem(pem) => write!(formatter, "Pem({} bytes)", pem.len()),
        }
    }
}

/// A setting of a connector that cannot be used.
#[derive(Debug, Error)]
pub enum InvalidConnectorConfig {
    /// Not `https://host[:port][/prefix]`, nor `http://` to a loopback host.
    #[error("`base_url` must be `https://host`, without user, query or fragment; `http` is for loopback hosts only")]
    BaseUrl,
    /// Has characters that no HTTP header may have, or is empty.
    #[error("`token` is empty or has characters that a token cannot have: copy it again, without line breaks")]
    Token,
    /// A limit that would let nothing through.
    #[error("`{0}` must be more than zero")]
    Zero(&'static str),
    /// `context`, `object` or `recipient_siret` is empty or too long for an address.
    #[error("`{0}` is empty or too long")]
    Text(&'static str),
    /// No usable certificate authority.
    #[error("`trusted_roots` gives no usable certificate authority")]
    TrustedRoots(#[source] Option<Box<dyn StdError + Send + Sync>>),
}

impl fmt::Debug for ApiEntrepriseConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            base_url,
            token: _,
            context,
            object,
            recipient_siret,
            trusted_roots,
            timeout,
            answer_size_bytes_max,
            in_flight_max,
            pause_max,
        } = self;
        formatter
            .debug_struct("ApiEntrepriseConfig")
            .field("base_url", base_url)
            .field("context", context)
            .field("object", object)
            .field("recipient_siret", recipient_siret)
            .field("trusted_roots", trusted_roots)
            .field("timeout", timeout)
            .field("answer_size_bytes_max", answer_size_bytes_max)
            .field("in_flight_max", in_flight_max)
            .field("pause_max", pause_max)
            .finish_non_exhaustive()
    }
}

/// The provider's address and the parameters that every question carries, checked.
pub(super) struct Endpoint {
    /// Without slash at the end.
    base: String,
    /// `context=…&object=…&recipient=…`, encoded.
    parameters: String,
    protection: Protection,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// TLS: what leaves the machine.
    Tls,
    /// Nothing: a loopback host.
    Loopback,
}

/// Longest of `context`, `object` and `recipient_siret`: encoded, they fit any server's limit of an address.
const TEXT_SIZE_BYTES_MAX: usize = 512;

impl Endpoint {
    pub(super) fn parse(config: &ApiEntrepriseConfig) -> Result<Self, InvalidConnectorConfig> {
        let base = config.base_url.trim_end_matches('/').to_owned();
        let protection = protection(&base).ok_or(InvalidConnectorConfig::BaseUrl)?;
        let mut parameters = String::new();
        for (name, setting, text) in [
            ("context", "context", &config.context),
            ("object", "object", &config.object),
            ("recipient", "recipient_siret", &config.recipient_siret),
        ] {
            if text.is_empty() || text.len() > TEXT_SIZE_BYTES_MAX {
                return Err(InvalidConnectorConfig::Text(setting));
            }
            parameters.push_str(if parameters.is_empty() { "" } else { "&" });
            parameters.push_str(name);
            parameters.push('=');
            push_encoded(&mut parameters, text);
        }
        Ok(Self { base, parameters, protection })
    }

    pub(super) fn protection(&self) -> Protection {
        self.protection
    }

    /// The address of one question; `siret` is 14 digits.
    pub(super) fn turnover(&self, siret: &str, year: i16) -> Uri {
        let Self { base, parameters, .. } = self;
        format!("{base}/v3/dgfip/etablissements/{siret}/chiffres_affaires?{parameters}&year={year}")
            .parse()
            .expect("the base was parsed, the parameters are encoded and bounded, the rest is digits")
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.base)
    }
}

/// Longest base address: with the parameters it stays below what an address may have.
const BASE_URL_SIZE_BYTES_MAX: usize = 2048;

fn protection(base: &str) -> Option<Protection> {
    if base.len() > BASE_URL_SIZE_BYTES_MAX || base.contains(['?', '#', '@']) {
        return None;
    }
    let uri: Uri = base.parse().ok()?;
    let authority = uri.authority()?;
    let host = authority.host();
    // A port out of range would be ignored further on, and another than the one meant be called.
    if authority.as_str() != host && authority.port_u16().is_none() {
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

/// Percent-encodes everything but the unreserved characters (RFC 3986, section 2.3).
fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string takes all that is written to it");
        }
    }
}
