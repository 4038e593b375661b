//! Who is calling: from a verified certificate and the registry, and from nothing else.

use jiff::Timestamp;
use thiserror::Error;
use unefois_core::{Agency, Caller, CertificateRule, Reason, Registry};

use crate::{PeerCertificate, SpiffeId, Trust, TrustDomain};

/// Why a certificate gives no caller. Every request of the connection is refused until the registry changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unidentified {
    /// The registry says that it is revoked.
    #[error("the certificate is revoked")]
    Revoked,
    /// It has ended, or has not begun.
    #[error("the certificate is not valid at this time")]
    OutsideValidity,
    /// No registered agency is behind it.
    #[error("no registered agency holds the certificate")]
    Unknown,
    /// The rules of two different systems match it, so that it names neither.
    #[error("the certificate matches the rules of two systems")]
    Ambiguous,
}

impl Unidentified {
    /// The stable reason that the caller is told.
    #[must_use]
    pub fn reason(self) -> Reason {
        match self {
            Self::Revoked => Reason::CertificateRevoked,
            Self::OutsideValidity => Reason::CertificateExpired,
            Self::Unknown | Self::Ambiguous => Reason::CertificateUnknown,
        }
    }
}

/// Who `peer` is in `registry` at `now`. Called for every request, so that a revocation bites at once.
///
/// A SPIFFE id is honoured when the authorities of the trust domain signed it and it is of `trust_domain`; it
/// then decides alone: the agency it names must be registered, the system is the one it names. Any other
/// certificate is the system whose registered rule it matches: issuer and subject (RFC 4514, compared byte
/// for byte), or SHA-256 of the public key. Rules of two systems name neither.
///
/// # Errors
/// [`Unidentified`], in this order: revoked, outside of its validity, unknown or ambiguous.
pub fn identify(
    peer: &PeerCertificate,
    registry: &Registry,
    trust_domain: &TrustDomain,
    now: Timestamp,
) -> Result<Caller, Unidentified> {
    if registry.is_revoked(&peer.fingerprint) {
        return Err(Unidentified::Revoked);
    }
    if !peer.is_valid_at(now) {
        return Err(Unidentified::OutsideValidity);
    }
    match honoured_spiffe_id(peer, trust_domain) {
        Some(id) => named_caller(id, peer, registry),
        None => ruled_caller(peer, registry),
    }
}

fn honoured_spiffe_id<'a>(peer: &'a PeerCertificate, trust_domain: &TrustDomain) -> Option<&'a SpiffeId> {
    match peer.trust {
        Trust::TrustDomain => peer.spiffe.as_ref().filter(|id| id.trust_domain == *trust_domain),
        Trust::Partner => None,
    }
}

fn named_caller(id: &SpiffeId, peer: &PeerCertificate, registry: &Registry) -> Result<Caller, Unidentified> {
    let agency = registry.agency(&id.agency).ok_or(Unidentified::Unknown)?;
    Ok(caller(agency, id.system.as_str(), peer))
}

fn ruled_caller(peer: &PeerCertificate, registry: &Registry) -> Result<Caller, Unidentified> {
    let by_name = name_rule(peer).and_then(|rule| registry.system(&rule));
    let by_key = registry.system(&CertificateRule::PublicKey { sha256: peer.public_key_sha256 });
    if let (Some((one, one_system)), Some((other, other_system))) = (by_name, by_key)
        && (&one.code, one_system) != (&other.code, other_system)
    {
        return Err(Unidentified::Ambiguous);
    }
    let (agency, system) = by_name.or(by_key).ok_or(Unidentified::Unknown)?;
    Ok(caller(agency, system, peer))
}

fn name_rule(peer: &PeerCertificate) -> Option<CertificateRule> {
    // An authority may sign many certificates without a subject: none of them names a system.
    if peer.subject.is_empty() {
        return None;
    }
    Some(CertificateRule::IssuerAndSubject { issuer: peer.issuer.clone(), subject: peer.subject.clone() })
}

fn caller(agency: &Agency, system: &str, peer: &PeerCertificate) -> Caller {
    Caller {
        agency: agency.code.clone(),
        system: system.to_owned(),
        roles: agency.roles.iter().copied().collect(),
        certificate: peer.fingerprint,
    }
}
