//! What the certificate of a connected peer says, read once a connection.

use std::fmt::Write as _;

use jiff::Timestamp;
use thiserror::Error;
use unefois_core::Fingerprint;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::GeneralName;
use x509_parser::nom;
use x509_parser::time::ASN1Time;

use crate::SpiffeId;
use crate::digest::sha256;
use crate::name::rfc4514;

/// Which certificate authorities vouch for a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Those of the hub's own trust domain: the SPIFFE ids that they sign are honoured.
    TrustDomain,
    /// Those of partners (RGS, eIDAS): what they sign proves a key and a name, never one of our SPIFFE ids.
    Partner,
}

/// A verified client certificate, as far as the hub looks at it.
///
/// It is made by [`ServerTls::accept`](crate::ServerTls::accept), or by [`PeerCertificate::parse`] from a
/// certificate that has been verified already.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerCertificate {
    /// The SPIFFE id in the subject's alternative names; `None` when there is no URI of our shape.
    /// It says nothing unless `trust` is [`Trust::TrustDomain`].
    pub spiffe: Option<SpiffeId>,
    /// The issuer's distinguished name (RFC 4514: last attribute first, `,` without spaces).
    pub issuer: String,
    /// The subject's distinguished name (RFC 4514); may be empty.
    pub subject: String,
    /// SHA-256 of the public key: the DER of its `SubjectPublicKeyInfo`.
    pub public_key_sha256: [u8; 32],
    /// SHA-256 of the whole certificate's DER, by which it is revoked.
    pub fingerprint: Fingerprint,
    /// The serial number in lower-case hexadecimal, two digits a byte, without the sign byte.
    pub serial: String,
    /// The first second of its validity.
    pub not_before: Timestamp,
    /// The last second of its validity.
    pub not_after: Timestamp,
    /// Which authorities verified it.
    pub trust: Trust,
}

impl PeerCertificate {
    /// Reads the DER of a certificate that `trust` has verified. It verifies nothing itself.
    ///
    /// # Errors
    /// [`InvalidPeer`] when the bytes are not exactly one X.509 certificate, when an alternative name cannot
    /// be read, or when there are two URIs among them: such a certificate has no identity (X509-SVID section 2).
    pub fn parse(der: &[u8], trust: Trust) -> Result<Self, InvalidPeer> {
        let certificate = certificate_parse(der)?;
        Ok(Self {
            spiffe: spiffe_of(&certificate)?,
            issuer: rfc4514(certificate.issuer()),
            subject: rfc4514(certificate.subject()),
            public_key_sha256: sha256(certificate.public_key().raw),
            fingerprint: sha256(der),
            serial: serial_of(&certificate),
            not_before: timestamp_of(certificate.validity().not_before)?,
            not_after: timestamp_of(certificate.validity().not_after)?,
            trust,
        })
    }

    /// Whether `now` is within the certificate's validity, both ends included (RFC 5280, 4.1.2.5).
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        // The ends are whole seconds: the last one lasts until the next begins.
        (self.not_before.as_second()..=self.not_after.as_second()).contains(&now.as_second())
    }
}

/// Why a certificate names nobody.
#[derive(Debug, Clone, Error)]
pub enum InvalidPeer {
    /// It is not an X.509 certificate.
    #[error("the certificate is not X.509 in DER")]
    Malformed(#[source] X509Error),
    /// Bytes follow the certificate.
    #[error("bytes follow the certificate")]
    TrailingBytes,
    /// Its alternative names cannot be read, or stand there twice.
    #[error("the certificate's alternative names cannot be read")]
    AlternativeNames(#[source] X509Error),
    /// One of its alternative names has forbidden bytes.
    #[error("one of the certificate's alternative names is damaged")]
    AlternativeNameDamaged,
    /// It has two URIs or more among its alternative names, so it names nobody.
    #[error("the certificate has several URIs among its alternative names")]
    SeveralUris,
    /// Its validity is outside of what the calendar can express.
    #[error("the certificate's validity is outside of the calendar")]
    Validity(#[source] jiff::Error),
}

/// Reads one certificate, and nothing after it.
pub(crate) fn certificate_parse(der: &[u8]) -> Result<X509Certificate<'_>, InvalidPeer> {
    let (rest, certificate) = x509_parser::parse_x509_certificate(der).map_err(|error| {
        InvalidPeer::Malformed(match error {
            nom::Err::Error(source) | nom::Err::Failure(source) => source,
            nom::Err::Incomplete(_) => X509Error::Generic,
        })
    })?;
    if !rest.is_empty() {
        return Err(InvalidPeer::TrailingBytes);
    }
    Ok(certificate)
}

/// The time that a certificate writes.
pub(crate) fn timestamp_of(time: ASN1Time) -> Result<Timestamp, InvalidPeer> {
    Timestamp::from_second(time.timestamp()).map_err(InvalidPeer::Validity)
}

/// The URIs among the alternative names of `certificate`.
pub(crate) fn uris_of<'a>(certificate: &'a X509Certificate<'_>) -> Result<Vec<&'a str>, InvalidPeer> {
    let extension = certificate.subject_alternative_name().map_err(InvalidPeer::AlternativeNames)?;
    let Some(extension) = extension else {
        return Ok(Vec::new());
    };
    let mut uris = Vec::new();
    for name in &extension.value.general_names {
        match name {
            GeneralName::URI(uri) => uris.push(*uri),
            GeneralName::Invalid(..) => return Err(InvalidPeer::AlternativeNameDamaged),
            // Other names do not say who a peer is; the library may learn further kinds.
            _ => {}
        }
    }
    Ok(uris)
}

fn spiffe_of(certificate: &X509Certificate<'_>) -> Result<Option<SpiffeId>, InvalidPeer> {
    match uris_of(certificate)?[..] {
        [] => Ok(None),
        // A URI of another shape is a name in somebody else's world: no error, and no identity in ours.
        [uri] => Ok(SpiffeId::parse(uri).ok()),
        [..] => Err(InvalidPeer::SeveralUris),
    }
}

fn serial_of(certificate: &X509Certificate<'_>) -> String {
    let bytes = certificate.raw_serial();
    let magnitude = match bytes {
        [0, magnitude @ ..] if !magnitude.is_empty() => magnitude,
        magnitude => magnitude,
    };
    magnitude.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}
