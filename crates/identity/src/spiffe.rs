//! The name that our own certificate authority gives to a system: a SPIFFE id of one exact shape.

use std::fmt;

use thiserror::Error;
use unefois_core::{AgencyCode, InvalidCode};

/// The longest trust domain, in bytes. SPIFFE permits 255, but it is also the organization in the name of
/// the authority's certificate, where RFC 5280 (`ub-organization-name`) permits 64.
const TRUST_DOMAIN_BYTES_MAX: usize = 64;
/// The longest name of a system, in bytes.
const SYSTEM_NAME_BYTES_MAX: usize = 60;

/// The name under which one hub's certificate authority issues SPIFFE ids, such as `unefois.example`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TrustDomain(String);

impl TrustDomain {
    /// Reads a trust domain: 1 to 64 of `a-z`, `0-9`, `.`, `-` and `_` (SPIFFE-ID section 2.1).
    ///
    /// # Errors
    /// [`InvalidTrustDomain`] when it is empty, too long, or has another character, capitals included.
    pub fn parse(text: &str) -> Result<Self, InvalidTrustDomain> {
        let permitted =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
        if text.is_empty() || text.len() > TRUST_DOMAIN_BYTES_MAX || !text.bytes().all(permitted) {
            return Err(InvalidTrustDomain(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The trust domain as text, without a scheme.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The name of one of an agency's systems: it is part of a SPIFFE id and of a file name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SystemName(String);

impl SystemName {
    /// Reads the name of a system: 1 to 60 of `a-z`, `0-9` and `-`.
    ///
    /// # Errors
    /// [`InvalidSystemName`] when it is empty, too long, or has another character.
    pub fn parse(text: &str) -> Result<Self, InvalidSystemName> {
        let permitted = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || text.len() > SYSTEM_NAME_BYTES_MAX || !text.bytes().all(permitted) {
            return Err(InvalidSystemName(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SystemName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Who a certificate of our own authority names: `spiffe://<trust domain>/agency/<agency>/system/<system>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SpiffeId {
    /// The authority's name.
    pub trust_domain: TrustDomain,
    /// The agency, as the certificate spells it: it may be an alias of the registered one.
    pub agency: AgencyCode,
    /// The agency's system.
    pub system: SystemName,
}

impl SpiffeId {
    /// Reads exactly `spiffe://<trust domain>/agency/<agency>/system/<system>`: no port, query, fragment,
    /// percent-encoding, empty or further segment.
    ///
    /// # Errors
    /// [`InvalidSpiffeId`] when the text has another shape or one of its three names is not well formed.
    pub fn parse(uri: &str) -> Result<Self, InvalidSpiffeId> {
        let shape = || InvalidSpiffeId::Shape(uri.to_owned());
        let path = uri.strip_prefix("spiffe://").ok_or_else(shape)?;
        let segments: Vec<&str> = path.split('/').collect();
        let [trust_domain, "agency", agency, "system", system] = segments[..] else {
            return Err(shape());
        };
        Ok(Self {
            trust_domain: TrustDomain::parse(trust_domain)?,
            agency: AgencyCode::parse(agency)
                .map_err(|source| InvalidSpiffeId::Agency { uri: uri.to_owned(), source })?,
            system: SystemName::parse(system)?,
        })
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trust_domain, agency, system } = self;
        write!(formatter, "spiffe://{trust_domain}/agency/{agency}/system/{system}")
    }
}

/// A text that is not a trust domain.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a trust domain: 1 to 64 of a-z, 0-9, `.`, `-` and `_` are expected")]
pub struct InvalidTrustDomain(pub String);

/// A text that is not the name of a system.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not the name of a system: 1 to 60 of a-z, 0-9 and `-` are expected")]
pub struct InvalidSystemName(pub String);

/// A URI that is not one of our SPIFFE ids.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidSpiffeId {
    /// It has another shape.
    #[error("`{0}` is not of the shape spiffe://<trust domain>/agency/<agency>/system/<system>")]
    Shape(String),
    /// Its trust domain is not well formed.
    #[error("the SPIFFE id has no valid trust domain")]
    TrustDomain(#[from] InvalidTrustDomain),
    /// Its agency is not well formed.
    #[error("`{uri}` names no valid agency")]
    Agency {
        /// The whole URI.
        uri: String,
        /// What is wrong with the agency's code.
        #[source]
        source: InvalidCode,
    },
    /// Its system is not well formed.
    #[error("the SPIFFE id names no valid system")]
    System(#[from] InvalidSystemName),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spiffe_id_reads_back_as_it_was_written() {
        let uri = "spiffe://unefois.example/agency/cnaf/system/main-2";
        let id = SpiffeId::parse(uri).unwrap();
        assert_eq!(id.trust_domain.as_str(), "unefois.example");
        assert_eq!(id.agency.as_str(), "cnaf");
        assert_eq!(id.system.as_str(), "main-2");
        assert_eq!(id.to_string(), uri);
    }

    #[test]
    fn any_other_shape_is_refused() {
        for uri in [
            "",
            "spiffe://",
            "spiffe://unefois.example",
            "spiffe:///agency/cnaf/system/main",
            "SPIFFE://unefois.example/agency/cnaf/system/main",
            "https://unefois.example/agency/cnaf/system/main",
            "spiffe://unefois.example/agency/cnaf",
            "spiffe://unefois.example/agency/cnaf/system/",
            "spiffe://unefois.example/agency//system/main",
            "spiffe://unefois.example/agency/cnaf/system/main/",
            "spiffe://unefois.example/agency/cnaf/system/main/more",
            "spiffe://unefois.example//agency/cnaf/system/main",
            "spiffe://unefois.example/system/main/agency/cnaf",
            "spiffe://unefois.example/agency/CNAF/system/main",
            "spiffe://unefois.example/agency/cnaf/system/Main",
            "spiffe://unefois.example/agency/cnaf/system/..",
            "spiffe://unefois.example/agency/cn%61f/system/main",
            "spiffe://unefois.example/agency/cnaf/system/main?x",
            "spiffe://unefois.example/agency/cnaf/system/main#x",
            "spiffe://unefois.example:443/agency/cnaf/system/main",
            "spiffe://user@unefois.example/agency/cnaf/system/main",
            "spiffe://Unefois.example/agency/cnaf/system/main",
            " spiffe://unefois.example/agency/cnaf/system/main",
        ] {
            assert!(SpiffeId::parse(uri).is_err(), "`{uri}` was accepted");
        }
    }

    #[test]
    fn names_have_a_greatest_length() {
        assert!(SystemName::parse(&"a".repeat(60)).is_ok());
        assert!(SystemName::parse(&"a".repeat(61)).is_err());
        assert!(TrustDomain::parse(&"a".repeat(64)).is_ok());
        assert!(TrustDomain::parse(&"a".repeat(65)).is_err());
    }
}
