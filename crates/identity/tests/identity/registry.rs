//! Registries of invented agencies for the tests.

use unefois_core::{
    Agency, AgencyCode, CertificateRule, Fingerprint, Registry, RegistryFile, Revocation, Role, System,
};

/// An agency that consumes data and has no system with a certificate of its own.
pub fn agency(code: &str) -> Agency {
    Agency {
        code: AgencyCode::parse(code).unwrap(),
        name: format!("Agency {code}"),
        aliases: Vec::new(),
        roles: vec![Role::Consumer],
        local_bodies: Vec::new(),
        datasets: Vec::new(),
        systems: Vec::new(),
    }
}

pub fn with_alias(mut agency: Agency, alias: &str) -> Agency {
    agency.aliases.push(AgencyCode::parse(alias).unwrap());
    agency
}

pub fn with_rule(mut agency: Agency, system: &str, rule: CertificateRule) -> Agency {
    agency.systems.push(System { name: system.to_owned(), certificates: vec![rule] });
    agency
}

/// The registry of `agencies`.
pub fn registry<const COUNT: usize>(agencies: [Agency; COUNT]) -> Registry {
    Registry::default().with(&RegistryFile { agencies: agencies.into(), ..RegistryFile::default() })
}

/// `registry` after the certificate of `fingerprint` was revoked.
pub fn revoking(registry: &Registry, fingerprint: Fingerprint) -> Registry {
    let agency = AgencyCode::parse("cnaf").unwrap();
    let revocation = Revocation { fingerprint, agency, reason: "key lost".to_owned() };
    registry.with(&RegistryFile { revocations: vec![revocation], ..RegistryFile::default() })
}
