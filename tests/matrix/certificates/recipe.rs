//! How a certificate is made: every part of it by itself, so that any part may be wrong.

use jiff::{SignedDuration, Timestamp, fmt::strtime};
use unefois_testkit::Presented;

use super::{
    der::{bits, context, integer, null, oid, sequence, set, tagged, text},
    extension::{CLIENT_AUTH, CRL_SIGN, DIGITAL_SIGNATURE, Extension, KEY_CERT_SIGN},
    openssl::Key,
};

/// The parts of a certificate.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    /// The version's number; `None` leaves it out, which says 1.
    pub(crate) version: Option<u8>,
    /// The bytes of the serial number.
    pub(crate) serial: Vec<u8>,
    pub(crate) signature: Signature,
    /// The algorithm that stands beside the signature; the same, as it should be, when `None`.
    pub(crate) signature_said: Option<Signature>,
    pub(crate) subject: String,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) key: Key,
    pub(crate) extensions: Vec<Extension>,
}

/// An algorithm of signatures on certificates.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signature {
    EcdsaSha256,
    EcdsaSha1,
    RsaSha256,
    RsaSha1,
    RsaMd5,
}

/// An authority, good or bad: a certificate, and the key that signs for it.
#[derive(Debug, Clone)]
pub(crate) struct Authority {
    pub(crate) subject: String,
    pub(crate) key: Key,
    pub(crate) certificate: Vec<u8>,
    /// The certificates between its own, which comes first, and the one that is trusted.
    pub(crate) chain: Vec<Vec<u8>>,
}

impl Recipe {
    /// A good certificate of a system of CNAF.
    pub(crate) fn client() -> Self {
        Self::client_named("spiffe://unefois.local/agency/cnaf/system/main")
    }

    /// A certificate that is good but for the name that it gives.
    pub(crate) fn client_named(uri: &str) -> Self {
        let extensions = vec![
            Extension::no_authority(),
            Extension::key_usage(DIGITAL_SIGNATURE),
            Extension::purposes(&[CLIENT_AUTH]),
            Extension::uri(uri),
        ];
        Self::of("main", extensions)
    }

    /// A good certificate of an authority.
    pub(crate) fn authority(subject: &str, below_max: Option<u8>) -> Self {
        let extensions = vec![Extension::authority(below_max), Extension::key_usage(KEY_CERT_SIGN | CRL_SIGN)];
        Self::of(subject, extensions)
    }

    fn of(subject: &str, extensions: Vec<Extension>) -> Self {
        #[allow(clippy::disallowed_methods, reason = "a test runs now")]
        let now = Timestamp::now();
        Self {
            version: Some(2),
            serial: vec![0x2a; 16],
            signature: Signature::EcdsaSha256,
            signature_said: None,
            subject: subject.to_owned(),
            not_before: now - SignedDuration::from_hours(1),
            not_after: now + SignedDuration::from_hours(24),
            key: Key::p256(),
            extensions,
        }
    }

    /// The same, changed.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The same with an extension more, or another in its place.
    pub(crate) fn with(self, extension: Extension) -> Self {
        self.without(extension.oid).but(|recipe| recipe.extensions.push(extension))
    }

    /// The same without that extension.
    pub(crate) fn without(self, oid: &str) -> Self {
        self.but(|recipe| recipe.extensions.retain(|extension| extension.oid != oid))
    }

    /// The certificate, signed by an authority.
    pub(crate) fn signed_by(&self, issuer: &Authority) -> Vec<u8> {
        self.signed(&issuer.subject, &issuer.key)
    }

    /// The certificate in the hands of its holder, with the chain that vouches for it.
    pub(crate) fn presented(&self, issuer: &Authority) -> Presented {
        let chain = [vec![self.signed_by(issuer)], issuer.chain.clone()].concat();
        Presented { chain, key: self.key.private() }
    }

    /// The authority of this certificate, which itself vouches for it: one to trust.
    pub(crate) fn root(&self) -> Authority {
        let certificate = self.signed(&self.subject, &self.key);
        Authority { subject: self.subject.clone(), key: self.key.clone(), certificate, chain: Vec::new() }
    }

    /// The authority of this certificate, below another.
    pub(crate) fn below(&self, issuer: &Authority) -> Authority {
        let certificate = self.signed_by(issuer);
        let chain = [vec![certificate.clone()], issuer.chain.clone()].concat();
        Authority { subject: self.subject.clone(), key: self.key.clone(), certificate, chain }
    }

    fn signed(&self, issuer: &str, key: &Key) -> Vec<u8> {
        let body = self.body(issuer);
        let signature = key.sign(self.signature.digest(), &body);
        let said = self.signature_said.unwrap_or(self.signature);
        sequence(&[body, said.der(), bits(&signature)])
    }

    fn body(&self, issuer: &str) -> Vec<u8> {
        let extensions: Vec<Vec<u8>> = self.extensions.iter().map(Extension::der).collect();
        sequence(&[
            self.version.map(|version| context(0, &integer(&[version]))).unwrap_or_default(),
            integer(&self.serial),
            self.signature.der(),
            name(issuer),
            sequence(&[time(self.not_before), time(self.not_after)]),
            name(&self.subject),
            self.key.public(),
            if extensions.is_empty() { Vec::new() } else { context(3, &sequence(&extensions)) },
        ])
    }
}

impl Signature {
    fn der(self) -> Vec<u8> {
        match self {
            Self::EcdsaSha256 => sequence(&[oid("1.2.840.10045.4.3.2")]),
            Self::EcdsaSha1 => sequence(&[oid("1.2.840.10045.4.1")]),
            Self::RsaSha256 => sequence(&[oid("1.2.840.113549.1.1.11"), null()]),
            Self::RsaSha1 => sequence(&[oid("1.2.840.113549.1.1.5"), null()]),
            Self::RsaMd5 => sequence(&[oid("1.2.840.113549.1.1.4"), null()]),
        }
    }

    fn digest(self) -> &'static str {
        match self {
            Self::EcdsaSha256 | Self::RsaSha256 => "sha256",
            Self::EcdsaSha1 | Self::RsaSha1 => "sha1",
            Self::RsaMd5 => "md5",
        }
    }
}

/// A common name alone.
fn name(common_name: &str) -> Vec<u8> {
    sequence(&[set(&[sequence(&[oid("2.5.4.3"), text(common_name)])])])
}

/// `UTCTime`, as RFC 5280 wants it until 2049.
fn time(time: Timestamp) -> Vec<u8> {
    tagged(0x17, strtime::format("%y%m%d%H%M%SZ", time).unwrap().as_bytes())
}
