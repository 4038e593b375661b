//! The development certificate authority. Production certificates come from the agencies' own authorities.

mod authority;
mod error;
mod files;
mod pair;
mod password;
mod pkcs12;
mod renewal;
mod request;

use std::path::Path;

pub use authority::{Authority, Issued};
pub use error::PkiError;
pub use password::{InvalidPkcs12Password, Pkcs12Password};
pub use request::{CertificateKind, IssueRequest, Validity};

use unefois_core::{AgencyCode, Fingerprint};

use crate::digest::sha256;
use crate::pem::certificate_read;
use crate::{PeerCertificate, PemError, Trust};

/// The fingerprint by which the registry revokes the first certificate of the PEM file `certificate`:
/// SHA-256 of its DER.
///
/// # Errors
/// [`PemError`] when the file is missing or holds no certificate.
pub fn fingerprint_of(certificate: &Path) -> Result<Fingerprint, PemError> {
    Ok(sha256(&certificate_read(certificate)?))
}

/// The agency that the SPIFFE name of the PEM file `certificate` names; `None` when it carries no such name.
///
/// # Errors
/// [`PemError`] when the file is missing or holds no certificate.
pub fn agency_named_by(certificate: &Path) -> Result<Option<AgencyCode>, PemError> {
    let peer = PeerCertificate::parse(&certificate_read(certificate)?, Trust::TrustDomain);
    Ok(peer.ok().and_then(|peer| Some(peer.spiffe?.agency)))
}
