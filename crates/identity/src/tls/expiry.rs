//! When the certificates of a server expire: for whoever must renew them in time.

use std::path::Path;

use crate::{PemError, ServerFiles, pem::certificates_read};

/// The last second of each file's validity, since 1970: of a bundle, that of the certificate that expires first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiries {
    /// Of the server's own certificate.
    pub server: i64,
    /// Of the authorities of the trust domain.
    pub trust_domain_ca: i64,
    /// Of the authorities of partners, where there are some.
    pub partner_ca: Option<i64>,
}

impl Expiries {
    pub(super) fn read(files: &ServerFiles) -> Result<Self, PemError> {
        let ServerFiles { certificate, key: _, trust_domain_ca, partner_ca } = files;
        Ok(Self {
            server: earliest(certificate)?,
            trust_domain_ca: earliest(trust_domain_ca)?,
            partner_ca: partner_ca.as_deref().map(earliest).transpose()?,
        })
    }
}

/// The first expiry among the certificates of a file. One that cannot be read expired long ago: it will be noticed.
fn earliest(path: &Path) -> Result<i64, PemError> {
    let not_after = |der: &[u8]| {
        let parsed = x509_parser::parse_x509_certificate(der);
        parsed.map_or(0, |(_, certificate)| certificate.validity().not_after.timestamp())
    };
    Ok(certificates_read(path)?.iter().map(|der| not_after(der)).min().unwrap_or_default())
}
