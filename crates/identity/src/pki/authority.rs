//! The authority itself: made once in a folder, opened there, and asked for certificates.

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType,
};
use rustls_pki_types::CertificateDer;
use unefois_core::Fingerprint;

use super::files::folder_create;
use super::pair::Pair;
use super::renewal::renewal_of;
use super::request::{Validity, params_base};
use super::{IssueRequest, PkiError};
use crate::TrustDomain;
use crate::digest::sha256;
use crate::peer::{certificate_parse, timestamp_of, uris_of};
use crate::pem::{certificate_read, key_read};

/// The file name of the authority's own pair, without its extensions.
const AUTHORITY_FILE_NAME: &str = "ca";
/// The common name of every authority made here.
const AUTHORITY_COMMON_NAME: &str = "Unefois development CA";
/// How long an authority lives, in days: ten years.
const AUTHORITY_VALIDITY_DAYS: u32 = 3650;

/// A development certificate authority in a folder: `ca.pem` and `ca.key`, and what it issued beside them.
///
/// Keys are P-256, signatures ECDSA with SHA-256, serial numbers 128 random bits. The folder belongs to one
/// process at a time. What is revoked is the registry's business, not the authority's.
pub struct Authority {
    dir: PathBuf,
    trust_domain: TrustDomain,
    certificate: CertificateDer<'static>,
    not_after: Timestamp,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate just issued, as it stands in its two files.
pub struct Issued {
    /// The certificate in PEM.
    pub certificate_pem: String,
    /// Its private key in PEM (PKCS#8). A secret.
    pub key_pem: String,
    /// The file of the certificate.
    pub certificate_path: PathBuf,
    /// The file of the key, readable by its owner only.
    pub key_path: PathBuf,
    /// The fingerprint by which the registry revokes it: SHA-256 of its DER.
    pub fingerprint: Fingerprint,
    /// The first second of its validity.
    pub not_before: Timestamp,
    /// The last second of its validity.
    pub not_after: Timestamp,
}

impl Authority {
    /// Makes an authority for `trust_domain`, valid for ten years from `now`, and writes `ca.pem` and `ca.key`
    /// (mode 0600) into `dir`, which it makes if need be.
    ///
    /// # Errors
    /// [`PkiError::Exists`] when one of the two files is there; [`PkiError::Unwritable`] when they cannot be
    /// written.
    pub fn init(dir: &Path, trust_domain: &TrustDomain, now: Timestamp) -> Result<Self, PkiError> {
        let key = KeyPair::generate()?;
        let certificate = authority_params(trust_domain, now)?.self_signed(&key)?;
        folder_create(dir)?;
        Pair::named(dir, AUTHORITY_FILE_NAME).create(&certificate.pem(), &key.serialize_pem())?;
        Self::open(dir)
    }

    /// Opens the authority that [`Authority::init`] made in `dir`.
    ///
    /// # Errors
    /// [`PkiError`] when a file is missing or not PEM, when the key is another certificate's, or when the
    /// certificate is not that of a development authority.
    pub fn open(dir: &Path) -> Result<Self, PkiError> {
        let Pair { certificate: path, key: key_path } = Pair::named(dir, AUTHORITY_FILE_NAME);
        let certificate = certificate_read(&path)?;
        let key = KeyPair::try_from(&key_read(&key_path)?)
            .map_err(|source| PkiError::InvalidKey { path: key_path.clone(), source })?;
        let invalid = |source| PkiError::InvalidCertificate { path: path.clone(), source };
        let parsed = certificate_parse(&certificate).map_err(invalid)?;
        if parsed.public_key().raw != key.subject_public_key_info() {
            return Err(PkiError::WrongKey { certificate: path, key: key_path });
        }
        let trust_domain = match uris_of(&parsed).map_err(invalid)?[..] {
            [uri] if parsed.is_ca() => uri.strip_prefix("spiffe://").map(TrustDomain::parse),
            _ => None,
        };
        let Some(Ok(trust_domain)) = trust_domain else {
            return Err(PkiError::NotAnAuthority { path });
        };
        Ok(Self {
            dir: dir.to_owned(),
            trust_domain,
            not_after: timestamp_of(parsed.validity().not_after).map_err(invalid)?,
            issuer: Issuer::from_ca_cert_der(&certificate, key)?,
            certificate,
        })
    }

    /// The trust domain in whose name certificates are issued.
    #[must_use]
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    /// The file of the authority's certificate: what servers and clients trust.
    #[must_use]
    pub fn certificate_path(&self) -> PathBuf {
        Pair::named(&self.dir, AUTHORITY_FILE_NAME).certificate
    }

    /// Issues a certificate with a new key, and writes `<agency>-<system>.pem` and `.key` (mode 0600) into the
    /// authority's folder.
    ///
    /// # Errors
    /// [`PkiError::Exists`] when one of the two files is there; [`PkiError::NoServerName`],
    /// [`PkiError::EmptyValidity`] and [`PkiError::OutlivesAuthority`] for what a certificate cannot be;
    /// [`PkiError::Unwritable`] when the files cannot be written.
    pub fn issue(&self, request: &IssueRequest, now: Timestamp) -> Result<Issued, PkiError> {
        let issued = self.sign(request, Pair::named(&self.dir, &request.file_name()), now)?;
        issued.pair().create(&issued.certificate_pem, &issued.key_pem)?;
        Ok(issued)
    }

    /// Issues another certificate for the identity of the PEM file `certificate`, with a new key and validity
    /// from `now` for as long as before. The files take the place of the old ones, which are kept as
    /// `<name>.pem.old` and `<name>.key.old`; older ones kept under these names are lost.
    ///
    /// An expired certificate may be renewed. The old one stays valid until it ends or is revoked.
    ///
    /// # Errors
    /// [`PkiError::NotIssuedHere`] when another authority signed it; [`PkiError::NotRenewable`] when it names
    /// no agency and system; otherwise as [`Authority::issue`].
    pub fn renew(&self, certificate: &Path, now: Timestamp) -> Result<Issued, PkiError> {
        let pair = Pair::of_certificate(certificate);
        let request = renewal_of(&pair.certificate, &self.certificate, now)?;
        // Both old files are kept, so both must be there.
        key_read(&pair.key)?;
        let issued = self.sign(&request, pair, now)?;
        issued.pair().replace(&issued.certificate_pem, &issued.key_pem)?;
        Ok(issued)
    }

    fn sign(&self, request: &IssueRequest, pair: Pair, now: Timestamp) -> Result<Issued, PkiError> {
        let bounds = request.validity.bounds(now)?;
        if bounds.not_after > self.not_after {
            return Err(PkiError::OutlivesAuthority { authority_not_after: self.not_after });
        }
        let key = KeyPair::generate()?;
        let certificate = request.params(&self.trust_domain, bounds)?.signed_by(&key, &self.issuer)?;
        Ok(Issued {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            certificate_path: pair.certificate,
            key_path: pair.key,
            fingerprint: sha256(certificate.der()),
            not_before: bounds.not_before,
            not_after: bounds.not_after,
        })
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Authority")
            .field("dir", &self.dir)
            .field("trust_domain", &self.trust_domain)
            .finish_non_exhaustive()
    }
}

impl Issued {
    fn pair(&self) -> Pair {
        Pair { certificate: self.certificate_path.clone(), key: self.key_path.clone() }
    }
}

/// The key is left out: it is a secret.
impl fmt::Debug for Issued {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Issued")
            .field("certificate_path", &self.certificate_path)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

fn authority_params(trust_domain: &TrustDomain, now: Timestamp) -> Result<CertificateParams, PkiError> {
    let mut params =
        params_base(&[(DnType::OrganizationName, trust_domain.as_str()), (DnType::CommonName, AUTHORITY_COMMON_NAME)])?;
    Validity::Days(AUTHORITY_VALIDITY_DAYS).bounds(now)?.apply_to(&mut params)?;
    // It signs systems, never further authorities.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // X509-SVID section 3: an authority carries the trust domain's own id, without a path.
    params.subject_alt_names = vec![SanType::URI(Ia5String::try_from(format!("spiffe://{trust_domain}"))?)];
    Ok(params)
}
