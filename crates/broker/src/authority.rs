//! What is in force now: the registry, and the epoch under which decisions are made.

use std::sync::Arc;

use arc_swap::ArcSwap;
use unefois_core::Registry;

/// The registry and the authority epoch, always seen together.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    pub(crate) registry: Arc<Registry>,
    /// Raised by every act that removes authority; a decision made under an older one is made again.
    pub(crate) epoch: u64,
}

/// The one holder of what is in force. The recorder replaces it, after the commit; everybody else reads.
#[derive(Debug)]
pub(crate) struct Authority {
    in_force: ArcSwap<InForce>,
}

impl Authority {
    pub(crate) fn new(registry: Arc<Registry>, epoch: u64) -> Self {
        Self { in_force: ArcSwap::from_pointee(InForce { registry, epoch }) }
    }

    pub(crate) fn load(&self) -> Arc<InForce> {
        self.in_force.load_full()
    }

    pub(crate) fn epoch_raised(&self, epoch: u64) {
        let registry = Arc::clone(&self.load().registry);
        self.in_force.store(Arc::new(InForce { registry, epoch }));
    }

    pub(crate) fn registry_replaced(&self, registry: Arc<Registry>, epoch: u64) {
        self.in_force.store(Arc::new(InForce { registry, epoch }));
    }
}
