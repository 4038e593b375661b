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

/// The one holder of what is in force. It is told after the commit, by the recorder or by whoever hears of other nodes;
/// everybody else reads.
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

    /// Goes on to a registry and an epoch that were committed. What is older than what is known stays behind: two may
    /// tell at once.
    pub(crate) fn advance(&self, registry: &Arc<Registry>, epoch: u64) {
        self.in_force.rcu(|known| {
            let newer = registry.version() > known.registry.version();
            InForce {
                registry: Arc::clone(if newer { registry } else { &known.registry }),
                epoch: known.epoch.max(epoch),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use unefois_core::{Registry, RegistryFile};

    use super::Authority;

    fn registry(version: u64) -> Arc<Registry> {
        Arc::new(Registry::of(version, RegistryFile::default()))
    }

    #[test]
    fn what_is_in_force_never_goes_back() {
        let authority = Authority::new(registry(3), 5);
        authority.advance(&registry(4), 4);
        authority.advance(&registry(2), 6);
        let now = authority.load();
        assert_eq!((now.registry.version(), now.epoch), (4, 6));
    }
}
