//! The authorities that may vouch for a caller, and the rules of the chains that lead to them.

use std::cell::Cell;
use std::path::Path;

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::{CertificateError, RootCertStore};
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error as PathError, KeyUsage, VerifiedPath};
use x509_parser::certificate::X509Certificate;

use super::{PeerError, TlsError};
use crate::BrokenRule;
use crate::peer::certificate_parse;
use crate::pem::certificates_read;
use crate::rule::issuer_check;

/// One bundle of trusted authorities.
#[derive(Debug)]
pub(super) struct Authorities {
    roots: RootCertStore,
    /// How many authorities may stand between each root and a caller; `None` when it does not say.
    authorities_below_max: Vec<Option<u32>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Authorities {
    /// Reads the PEM bundle `path`; each certificate in it must be an authority's.
    pub(super) fn read(path: &Path, algorithms: WebPkiSupportedAlgorithms) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        let mut authorities_below_max = Vec::new();
        for certificate in certificates_read(path)? {
            let invalid = |source| TlsError::InvalidAuthority { path: path.to_owned(), source };
            let parsed =
                certificate_parse(&certificate).map_err(|_not_x509| invalid(CertificateError::BadEncoding.into()))?;
            let may_sign = parsed.is_ca() && issuer_check(&parsed).is_ok();
            if !may_sign {
                return Err(TlsError::NotAnAuthority { path: path.to_owned() });
            }
            authorities_below_max.push(path_length_of(&parsed));
            roots.add(certificate.clone()).map_err(invalid)?;
        }
        Ok(Self { roots, authorities_below_max, algorithms })
    }

    /// The authorities alone.
    pub(super) fn roots(&self) -> &RootCertStore {
        &self.roots
    }

    /// Whether one of the authorities vouches for `leaf` at `now`: RFC 5280 path validation, with what the library
    /// leaves out of it.
    pub(super) fn vouch(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), PeerError> {
        let broken = Cell::new(None);
        let path_check = |path: &VerifiedPath<'_>| {
            self.path_check(path).map_err(|rule| {
                broken.set(Some(rule));
                // Another path may keep the rules: the library tries it when this one is refused.
                PathError::UnknownIssuer
            })
        };
        let certificate = EndEntityCert::try_from(leaf).map_err(PeerError::Untrusted)?;
        let verified = certificate.verify_for_usage(
            self.algorithms.all,
            &self.roots.roots,
            intermediates,
            now,
            KeyUsage::client_auth(),
            None,
            Some(&path_check),
        );
        match (verified, broken.get()) {
            (Ok(_path), _) => Ok(()),
            (Err(_refused), Some(rule)) => Err(PeerError::Rule(rule)),
            (Err(refusal), None) => Err(PeerError::Untrusted(refusal)),
        }
    }

    fn path_check(&self, path: &VerifiedPath<'_>) -> Result<(), BrokenRule> {
        let mut below = 0;
        for issuer in path.intermediate_certificates() {
            let der = issuer.der();
            // The library has read it before: what the two read differently is refused.
            let parsed = certificate_parse(&der).map_err(|_unreadable| BrokenRule::KeyUsageDamaged)?;
            issuer_check(&parsed)?;
            below += 1;
        }
        let trusted = self.roots.roots.iter().position(|root| std::ptr::eq(root, path.anchor()));
        let max = trusted.and_then(|index| self.authorities_below_max[index]);
        if max.is_some_and(|max| below > max) {
            return Err(BrokenRule::ChainTooLong);
        }
        Ok(())
    }
}

fn path_length_of(authority: &X509Certificate<'_>) -> Option<u32> {
    authority.basic_constraints().ok().flatten()?.value.path_len_constraint
}
