//! The development certificate authority. Production certificates come from the agencies' own authorities.

mod authority;
mod error;
mod pair;
mod renewal;
mod request;

use std::path::Path;

pub use authority::{Authority, Issued};
pub use error::PkiError;
pub use request::{CertificateKind, IssueRequest, Validity};

use unefois_core::Fingerprint;

use crate::PemError;
use crate::digest::sha256;
use crate::pem::certificate_read;

/// The fingerprint by which the registry revokes the first certificate of the PEM file `certificate`:
/// SHA-256 of its DER.
///
/// # Errors
/// [`PemError`] when the file is missing or holds no certificate.
pub fn fingerprint_of(certificate: &Path) -> Result<Fingerprint, PemError> {
    Ok(sha256(&certificate_read(certificate)?))
}
