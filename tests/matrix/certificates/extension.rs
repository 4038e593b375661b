//! The extensions of a certificate (RFC 5280, 4.2).

use super::der::{context, flags, integer, octets, oid, sequence, tagged, truth};

/// An extension, ready to stand in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Extension {
    pub(crate) oid: &'static str,
    critical: Critical,
    value: Vec<u8>,
}

/// Whether who does not understand an extension may overlook it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Critical {
    Yes,
    No,
}

/// A name that a certificate gives its holder besides the subject.
#[derive(Debug, Clone)]
pub(crate) enum Name {
    Uri(Vec<u8>),
    Dns(&'static str),
}

pub(crate) const ALTERNATIVE_NAMES: &str = "2.5.29.17";
pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub(crate) const KEY_USAGE: &str = "2.5.29.15";
pub(crate) const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const NAME_CONSTRAINTS: &str = "2.5.29.30";

/// Bits of the key usage.
pub(crate) const DIGITAL_SIGNATURE: u8 = 0x80;
pub(crate) const KEY_AGREEMENT: u8 = 0x08;
pub(crate) const KEY_CERT_SIGN: u8 = 0x04;
pub(crate) const CRL_SIGN: u8 = 0x02;

pub(crate) const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
pub(crate) const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
pub(crate) const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
pub(crate) const ANY_PURPOSE: &str = "2.5.29.37.0";

impl Extension {
    pub(crate) fn new(oid: &'static str, critical: Critical, value: Vec<u8>) -> Self {
        Self { oid, critical, value }
    }

    pub(crate) fn names(names: &[Name]) -> Self {
        let names: Vec<Vec<u8>> = names.iter().map(Name::der).collect();
        Self::new(ALTERNATIVE_NAMES, Critical::No, sequence(&names))
    }

    /// One URI.
    pub(crate) fn uri(uri: &str) -> Self {
        Self::names(&[Name::Uri(uri.as_bytes().to_vec())])
    }

    pub(crate) fn key_usage(usage: u8) -> Self {
        Self::new(KEY_USAGE, Critical::Yes, flags(usage))
    }

    pub(crate) fn purposes(purposes: &[&str]) -> Self {
        let purposes: Vec<Vec<u8>> = purposes.iter().map(|purpose| oid(purpose)).collect();
        Self::new(EXTENDED_KEY_USAGE, Critical::No, sequence(&purposes))
    }

    /// Of an authority, with the number of authorities that may stand below it.
    pub(crate) fn authority(below_max: Option<u8>) -> Self {
        let below_max = below_max.map(|max| integer(&[max])).unwrap_or_default();
        Self::new(BASIC_CONSTRAINTS, Critical::Yes, sequence(&[truth(), below_max]))
    }

    /// Of a certificate that is no authority's.
    pub(crate) fn no_authority() -> Self {
        Self::new(BASIC_CONSTRAINTS, Critical::Yes, sequence::<Vec<u8>>(&[]))
    }

    /// Names that those whom an authority vouches for must have.
    pub(crate) fn permitting(name: &Name) -> Self {
        Self::new(NAME_CONSTRAINTS, Critical::Yes, sequence(&[context(0, &sequence(&[name.der()]))]))
    }

    /// Names that they must not have.
    pub(crate) fn excluding(name: &Name) -> Self {
        Self::new(NAME_CONSTRAINTS, Critical::Yes, sequence(&[context(1, &sequence(&[name.der()]))]))
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        let critical = match self.critical {
            Critical::Yes => truth(),
            Critical::No => Vec::new(),
        };
        sequence(&[oid(self.oid), critical, octets(&self.value)])
    }
}

impl Name {
    fn der(&self) -> Vec<u8> {
        match self {
            Self::Dns(name) => tagged(0x82, name.as_bytes()),
            Self::Uri(uri) => tagged(0x86, uri),
        }
    }
}
