//! What is asked of the authority, and the certificate that it makes of it.

use jiff::{SignedDuration, Timestamp};
use rcgen::string::Ia5String;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType, SerialNumber,
};
use rustls_pki_types::ServerName;
use unefois_core::AgencyCode;
use x509_parser::time::ASN1Time;

use super::PkiError;
use crate::{SpiffeId, SystemName, TrustDomain};

/// How far a certificate reaches back, for peers whose clock is late.
pub(super) const CLOCK_SKEW_TOLERATED: SignedDuration = SignedDuration::from_mins(5);

/// A certificate wanted from the authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueRequest {
    /// The agency that holds the certificate.
    pub agency: AgencyCode,
    /// Its system.
    pub system: SystemName,
    /// What the certificate is for.
    pub kind: CertificateKind,
    /// How long it is valid.
    pub validity: Validity,
}

/// What a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateKind {
    /// To call a hub: `clientAuth`, and the SPIFFE id of agency and system.
    Client,
    /// To be a hub: `serverAuth`.
    Server {
        /// The DNS names and IP addresses under which the server is reached; at least one.
        names: Vec<ServerName<'static>>,
    },
}

/// How long a certificate is valid. Certificates count in whole seconds: fractions are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// From five minutes before now (late clocks) to so many days of 24 hours after now.
    Days(u32),
    /// Exactly so, even in the past or in the future.
    Exactly {
        /// The first second.
        not_before: Timestamp,
        /// The last second.
        not_after: Timestamp,
    },
}

/// The first and the last second of a certificate, whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
}

impl IssueRequest {
    /// The name of the certificate's files: `<agency>-<system>`.
    pub(super) fn file_name(&self) -> String {
        format!("{}-{}", self.agency, self.system)
    }

    /// The certificate to sign, in the name of `trust_domain`.
    pub(super) fn params(&self, trust_domain: &TrustDomain, bounds: Bounds) -> Result<CertificateParams, PkiError> {
        let mut params = params_base(&[
            (DnType::OrganizationName, self.agency.as_str()),
            (DnType::CommonName, self.system.as_str()),
        ])?;
        bounds.apply_to(&mut params)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![self.kind.extended_key_usage()];
        params.subject_alt_names = self.alternative_names(trust_domain)?;
        Ok(params)
    }

    fn alternative_names(&self, trust_domain: &TrustDomain) -> Result<Vec<SanType>, PkiError> {
        match &self.kind {
            CertificateKind::Client => {
                let id = SpiffeId {
                    trust_domain: trust_domain.clone(),
                    agency: self.agency.clone(),
                    system: self.system.clone(),
                };
                Ok(vec![SanType::URI(Ia5String::try_from(id.to_string())?)])
            }
            CertificateKind::Server { names } if names.is_empty() => Err(PkiError::NoServerName),
            CertificateKind::Server { names } => names.iter().map(alternative_name).collect(),
        }
    }
}

impl CertificateKind {
    fn extended_key_usage(&self) -> ExtendedKeyUsagePurpose {
        match self {
            Self::Client => ExtendedKeyUsagePurpose::ClientAuth,
            Self::Server { .. } => ExtendedKeyUsagePurpose::ServerAuth,
        }
    }
}

impl Validity {
    /// The first and the last second, when it is `now`.
    pub(super) fn bounds(self, now: Timestamp) -> Result<Bounds, PkiError> {
        let (not_before, not_after) = match self {
            Self::Days(days) => {
                (moved(now, -CLOCK_SKEW_TOLERATED)?, moved(now, SignedDuration::from_hours(24 * i64::from(days)))?)
            }
            Self::Exactly { not_before, not_after } => (not_before, not_after),
        };
        let bounds = Bounds { not_before: whole_second(not_before)?, not_after: whole_second(not_after)? };
        if bounds.not_after <= bounds.not_before {
            return Err(PkiError::EmptyValidity);
        }
        Ok(bounds)
    }
}

impl Bounds {
    /// Writes the bounds into a certificate to sign.
    pub(super) fn apply_to(self, params: &mut CertificateParams) -> Result<(), PkiError> {
        params.not_before = asn1_time(self.not_before)?.to_datetime();
        params.not_after = asn1_time(self.not_after)?.to_datetime();
        Ok(())
    }
}

/// A certificate with a subject and a random serial number, and nothing else.
pub(super) fn params_base(subject: &[(DnType, &str)]) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for (kind, value) in subject {
        params.distinguished_name.push(kind.clone(), *value);
    }
    params.serial_number = Some(serial_random()?);
    Ok(params)
}

/// `time` plus `by`.
pub(super) fn moved(time: Timestamp, by: SignedDuration) -> Result<Timestamp, PkiError> {
    time.checked_add(by).map_err(|_out_of_calendar| PkiError::InvalidTime(time))
}

fn whole_second(time: Timestamp) -> Result<Timestamp, PkiError> {
    Timestamp::from_second(time.as_second()).map_err(|_out_of_calendar| PkiError::InvalidTime(time))
}

fn asn1_time(time: Timestamp) -> Result<ASN1Time, PkiError> {
    ASN1Time::from_timestamp(time.as_second()).map_err(|_out_of_calendar| PkiError::InvalidTime(time))
}

fn alternative_name(name: &ServerName<'static>) -> Result<SanType, PkiError> {
    match name {
        ServerName::DnsName(dns) => Ok(SanType::DnsName(Ia5String::try_from(dns.as_ref())?)),
        ServerName::IpAddress(address) => Ok(SanType::IpAddress((*address).into())),
        // The library may learn further kinds of name, which no certificate of ours carries.
        _ => Err(PkiError::NoServerName),
    }
}

/// 128 random bits, so that a serial number is unique without being counted (RFC 5280, 4.1.2.2).
fn serial_random() -> Result<SerialNumber, PkiError> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_unspecified| PkiError::NoRandomness)?;
    Ok(SerialNumber::from_slice(&bytes))
}
