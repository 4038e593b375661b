//! A world: everything that a decision depends on, and the decision that the code makes in it.

use jiff::Timestamp;
use unefois_core::{Consent, Decision, ExchangeRequest, QuotaState, Reason, Registry, RegistryFile, decide, state_of};

/// Everything that a decision depends on.
#[derive(Debug, Clone)]
pub struct World {
    /// The registry files, in the order in which they were applied.
    pub files: Vec<RegistryFile>,
    /// What is asked.
    pub request: ExchangeRequest,
    /// The consents of the subject.
    pub consents: Vec<Consent>,
    /// Whether releases are left.
    pub quota: QuotaState,
    /// When it is asked.
    pub now: Timestamp,
}

impl World {
    /// What the code under test decides.
    pub fn decided(&self) -> Decision {
        let registry = self.files.iter().fold(Registry::default(), |registry, file| registry.with(file));
        let ExchangeRequest { caller, dataset, purpose, consent_asked, .. } = &self.request;
        // The door gives a caller the code of its agency; the registry finds it by an alias too, and so does this.
        let consumer = registry.agency(&caller.agency).map_or(&caller.agency, |agency| &agency.code);
        let consent = state_of(&self.consents, consumer, dataset, *purpose, *consent_asked, self.now);
        decide(&self.request, &registry, &consent, self.quota, self.now)
    }
}

/// The reason of a refusal; `None` for a grant.
pub fn reason(decision: &Decision) -> Option<Reason> {
    match decision {
        Decision::Grant(_) => None,
        Decision::Refusal(refusal) => Some(refusal.reason),
    }
}
