//! The verifier of callers during the handshake, so that a caller is told by a TLS alert that it is refused.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error as RustlsError, OtherError, RootCertStore,
    SignatureScheme,
};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::authorities::Authorities;
use super::{PeerError, ServerFiles, TlsError};
use crate::peer::certificate_parse;
use crate::rule::client_check;
use crate::{PeerCertificate, Trust};

/// RFC 5280 as rustls verifies it, then the rules of our own.
#[derive(Debug)]
pub(super) struct PeerVerifier {
    trust_domain: Authorities,
    partners: Option<Authorities>,
    /// Verifies with both bundles, and finds the alert for what it refuses.
    everyone: Arc<dyn ClientCertVerifier>,
}

impl PeerVerifier {
    /// Reads the authorities of `files`.
    pub(super) fn read(files: &ServerFiles, provider: &Arc<CryptoProvider>) -> Result<Self, TlsError> {
        let algorithms = provider.signature_verification_algorithms;
        let trust_domain = Authorities::read(&files.trust_domain_ca, algorithms)?;
        let partners = files.partner_ca.as_deref().map(|path| Authorities::read(path, algorithms)).transpose()?;
        let bundles = [Some(&trust_domain), partners.as_ref()];
        let roots = bundles.into_iter().flatten().flat_map(|bundle| bundle.roots().roots.iter().cloned()).collect();
        let everyone =
            WebPkiClientVerifier::builder_with_provider(Arc::new(RootCertStore { roots }), Arc::clone(provider));
        Ok(Self { everyone: everyone.build()?, trust_domain, partners })
    }

    /// Who the holder of `leaf` is. The trust domain's authorities are asked alone first, because only their word makes a
    /// SPIFFE id ours.
    pub(super) fn peer(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<PeerCertificate, PeerError> {
        let trust = self.trust_of(leaf, intermediates, now)?;
        client_check(&certificate_parse(leaf)?)?;
        Ok(PeerCertificate::parse(leaf, trust)?)
    }

    fn trust_of(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Trust, PeerError> {
        let Err(refusal) = self.trust_domain.vouch(leaf, intermediates, now) else {
            return Ok(Trust::TrustDomain);
        };
        let Some(partners) = &self.partners else {
            return Err(refusal);
        };
        match (partners.vouch(leaf, intermediates, now), refusal) {
            (Ok(()), _) => Ok(Trust::Partner),
            // The bundle that has the caller's authority says more than the one that does not.
            (Err(PeerError::Untrusted(_)), PeerError::Rule(rule)) => Err(PeerError::Rule(rule)),
            (Err(refusal), _) => Err(refusal),
        }
    }
}

impl ClientCertVerifier for PeerVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.everyone.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, RustlsError> {
        let verified = self.everyone.verify_client_cert(end_entity, intermediates, now)?;
        match self.peer(end_entity, intermediates, now) {
            Ok(_peer) => Ok(verified),
            Err(refusal) => Err(CertificateError::Other(OtherError(Arc::new(refusal))).into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        self.everyone.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        self.everyone.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.everyone.supported_verify_schemes()
    }
}
