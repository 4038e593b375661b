//! Access: who a certificate is, and the entry of a refusal at the door.

use unefois_core::{Caller, Reason};
use unefois_identity::{PeerCertificate, identify};
use unefois_ledger::{EntryKind, Outcome, PublicPart};
use uuid::Uuid;

use crate::{entry::Draft, failure::Failure, hub::Hub};

impl Hub {
    /// Who calls, under the registry of the moment.
    ///
    /// # Errors
    /// `CERTIFICATE_UNKNOWN`, `CERTIFICATE_EXPIRED` or `CERTIFICATE_REVOKED`.
    pub fn identify(&self, certificate: &PeerCertificate) -> Result<Caller, Failure> {
        let in_force = self.authority.load();
        identify(certificate, &in_force.registry, &self.trust_domain, self.clock.now())
            .map_err(|unidentified| Failure::new(unidentified.reason()))
    }

    /// Records that an agency called a method that none of its roles may call. Gives the failure to answer with.
    pub async fn access_refused(&self, caller: &Caller, method: &str) -> Failure {
        let refusal = Failure::new(Reason::RoleRequired);
        let public = PublicPart {
            kind: EntryKind::Access.into(),
            outcome: Outcome::Refused.into(),
            reason: refusal.reason.code().to_owned(),
            caller_agency: caller.agency.to_string(),
            caller_system: caller.system.clone(),
            method: method.to_owned(),
            ..PublicPart::default()
        };
        match self.record_draft(Draft::new(public, Uuid::now_v7())).await {
            Ok(id) => refusal.recorded_as(id),
            Err(failure) => failure,
        }
    }
}
