//! Certificates for the tests, good ones and bad ones.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use unefois_core::AgencyCode;
use unefois_identity::{
    Authority, CertificateKind, IssueRequest, Issued, PeerCertificate, ServerName, SystemName, Trust, TrustDomain,
    Validity,
};

/// A certificate to call with.
#[derive(Debug, Clone)]
pub struct Client {
    /// The certificate (PEM).
    pub certificate: PathBuf,
    /// Its key (PEM).
    pub key: PathBuf,
}

impl Client {
    /// The certificate as a hub reads it that trusts its authority as a partner's.
    #[must_use]
    pub fn as_partner(&self) -> PeerCertificate {
        let der = CertificateDer::from_pem_file(&self.certificate).unwrap();
        PeerCertificate::parse(&der, Trust::Partner).unwrap()
    }
}

/// A certificate authority and what it issued.
#[derive(Debug)]
pub struct Pki {
    directory: PathBuf,
    authority: Authority,
}

impl Pki {
    /// A new authority in that folder.
    #[must_use]
    pub fn init(directory: &Path) -> Self {
        let domain = TrustDomain::parse("unefois.local").unwrap();
        let authority = Authority::init(directory, &domain, now()).unwrap();
        Self { directory: directory.to_owned(), authority }
    }

    /// The certificate of the authority.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// A certificate for a hub on this machine; the same one each time.
    #[must_use]
    pub fn server(&self) -> Client {
        let names = ["127.0.0.1", "localhost"].map(|name| ServerName::try_from(name).unwrap()).to_vec();
        self.kept("hub", "server", CertificateKind::Server { names })
    }

    /// A good certificate for a system of an agency; the same one each time.
    #[must_use]
    pub fn client(&self, agency: &str, system: &str) -> Client {
        self.kept(agency, system, CertificateKind::Client)
    }

    /// A certificate that has expired.
    #[must_use]
    pub fn expired(&self, agency: &str) -> Client {
        let hours = |hours: i64| now() - SignedDuration::from_hours(hours);
        let validity = Validity::Exactly { not_before: hours(48), not_after: hours(24) };
        self.issue(agency, "expired", CertificateKind::Client, validity)
    }

    fn kept(&self, agency: &str, system: &str, kind: CertificateKind) -> Client {
        let certificate = self.directory.join(format!("{agency}-{system}.pem"));
        if certificate.exists() {
            return Client { key: certificate.with_extension("key"), certificate };
        }
        self.issue(agency, system, kind, Validity::Days(30))
    }

    fn issue(&self, agency: &str, system: &str, kind: CertificateKind, validity: Validity) -> Client {
        let request = IssueRequest {
            agency: AgencyCode::parse(agency).unwrap(),
            system: SystemName::parse(system).unwrap(),
            kind,
            validity,
        };
        let Issued { certificate_path, key_path, .. } = self.authority.issue(&request, now()).unwrap();
        Client { certificate: certificate_path, key: key_path }
    }
}

#[allow(clippy::disallowed_methods, reason = "a test runs now")]
fn now() -> Timestamp {
    Timestamp::now()
}
