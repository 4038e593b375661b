//! What a certificate issued here was asked for, read back from it to ask for it again.

use std::net::IpAddr;
use std::path::Path;

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, ServerName};
use unefois_core::AgencyCode;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::x509::AttributeTypeAndValue;

use super::request::{CLOCK_SKEW_TOLERATED, CertificateKind, Validity, moved};
use super::{IssueRequest, PkiError};
use crate::SystemName;
use crate::peer::{certificate_parse, timestamp_of};
use crate::pem::certificate_read;

/// The request that gives the certificate in `path` again, valid from `now` for as long as it was.
pub(super) fn renewal_of(
    path: &Path,
    authority: &CertificateDer<'_>,
    now: Timestamp,
) -> Result<IssueRequest, PkiError> {
    let der = certificate_read(path)?;
    let invalid = |source| PkiError::InvalidCertificate { path: path.to_owned(), source };
    let certificate = certificate_parse(&der).map_err(invalid)?;
    let authority = certificate_parse(authority).map_err(invalid)?;
    certificate
        .verify_signature(Some(authority.public_key()))
        .map_err(|source| PkiError::NotIssuedHere { path: path.to_owned(), source })?;
    let (agency, system, kind) =
        identity_of(&certificate).ok_or_else(|| PkiError::NotRenewable { path: path.to_owned() })?;
    let not_before = timestamp_of(certificate.validity().not_before).map_err(invalid)?;
    let not_after = timestamp_of(certificate.validity().not_after).map_err(invalid)?;
    let begin = moved(now, -CLOCK_SKEW_TOLERATED)?;
    let validity =
        Validity::Exactly { not_before: begin, not_after: moved(begin, not_after.duration_since(not_before))? };
    Ok(IssueRequest { agency, system, kind, validity })
}

fn identity_of(certificate: &X509Certificate<'_>) -> Option<(AgencyCode, SystemName, CertificateKind)> {
    let subject = certificate.subject();
    let agency = AgencyCode::parse(only_text(subject.iter_organization())?).ok()?;
    let system = SystemName::parse(only_text(subject.iter_common_name())?).ok()?;
    let usage = certificate.extended_key_usage().ok()??.value;
    let kind = match (usage.client_auth, usage.server_auth) {
        (true, false) => CertificateKind::Client,
        (false, true) => CertificateKind::Server { names: server_names(certificate)? },
        (true, true) | (false, false) => return None,
    };
    Some((agency, system, kind))
}

fn only_text<'a>(mut attributes: impl Iterator<Item = &'a AttributeTypeAndValue<'a>>) -> Option<&'a str> {
    let first = attributes.next()?;
    match attributes.next() {
        None => first.as_str().ok(),
        Some(_) => None,
    }
}

fn server_names(certificate: &X509Certificate<'_>) -> Option<Vec<ServerName<'static>>> {
    let names = &certificate.subject_alternative_name().ok()??.value.general_names;
    names.iter().map(server_name).collect()
}

fn server_name(name: &GeneralName<'_>) -> Option<ServerName<'static>> {
    match name {
        GeneralName::DNSName(dns) => ServerName::try_from((*dns).to_owned()).ok(),
        GeneralName::IPAddress(bytes) => {
            let address = match bytes.len() {
                4 => IpAddr::from(<[u8; 4]>::try_from(*bytes).ok()?),
                16 => IpAddr::from(<[u8; 16]>::try_from(*bytes).ok()?),
                _ => return None,
            };
            Some(ServerName::from(address))
        }
        // This authority gives servers no other kind of name.
        _ => None,
    }
}
