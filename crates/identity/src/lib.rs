//! Certificates, the development CA, revocation, and who a peer is.
//!
//! A server loads [`ServerTls`] once and keeps it in a [`ReloadingServerTls`]. Each connection goes through
//! [`ServerTls::accept`], which gives the verified [`PeerCertificate`]; each request on it goes through
//! [`identify`], which reads the registry as it is *then*, so that a revocation bites on connections already open.
//! Nothing that a request says can change who is calling.
//!
//! Deliberately absent: gRPC, the database, certificate revocation lists (revocations live in the registry), and
//! session resumption (every connection proves that it holds its key).

mod caller;
mod digest;
mod name;
mod peer;
mod pem;
mod pki;
mod rule;
mod spiffe;
mod tls;

pub use caller::{Unidentified, identify};
pub use peer::{InvalidPeer, PeerCertificate, Trust};
pub use pem::PemError;
pub use pki::{
    Authority, CertificateKind, InvalidPkcs12Password, IssueRequest, Issued, Pkcs12Password, PkiError, Validity,
    agency_named_by, fingerprint_of,
};
pub use rule::BrokenRule;
pub use rustls_pki_types::ServerName;
pub use spiffe::{InvalidSpiffeId, InvalidSystemName, InvalidTrustDomain, SpiffeId, SystemName, TrustDomain};
pub use tls::{
    AcceptError, ClientFiles, Expiries, PeerError, ReloadingServerTls, ServerFiles, ServerTls, TlsError, client_config,
    client_config_without_certificate,
};
