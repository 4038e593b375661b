//! The hub's secrets: one file, readable by its owner alone.

mod error;
mod file;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use aws_lc_rs::aead::RandomizedNonceKey;

pub use self::error::KeyringError;
use crate::secret::Secret;
use crate::subject_key::cipher;

/// The secrets of one hub, the same on each of its nodes.
///
/// Losing them is losing every sealed value; changing `pseudonym_root` is losing every subject. They are erased from
/// memory when dropped and never shown.
///
/// The file is TOML, mode 0600; each secret is 32 bytes in base64:
///
/// ```toml
/// pseudonym_root = "…"   # every pseudonym is derived from it
/// ledger_seed = "…"      # seed of the Ed25519 key that signs checkpoints
///
/// [master]
/// current = 1            # wraps new keys
///
/// [master.keys]          # destroying one erases what its keys sealed, in backups too
/// 1 = "…"
/// ```
pub struct Keyring {
    pseudonym_root: Secret,
    ledger_seed: Secret,
    current: MasterKey,
    /// Every other master key, for keys wrapped in its epoch.
    others: BTreeMap<u32, MasterKey>,
}

/// A numbered key that wraps the keys of subjects.
struct MasterKey {
    epoch: u32,
    secret: Secret,
    cipher: RandomizedNonceKey,
}

impl Keyring {
    /// Fresh secrets for a new hub, with master key 1.
    #[must_use]
    pub fn generate() -> Self {
        Self {
            pseudonym_root: Secret::generate(),
            ledger_seed: Secret::generate(),
            current: MasterKey::new(1, Secret::generate()),
            others: BTreeMap::new(),
        }
    }

    /// Reads the keyring from its file.
    ///
    /// # Errors
    /// [`KeyringError`] when the file is missing, cannot be read, is open to others than its owner (Unix; a
    /// credential of systemd is not), or is not a keyring. No error quotes the file's content.
    pub fn load(path: &Path) -> Result<Self, KeyringError> {
        file::load(path)
    }

    /// Writes the keyring to a new file of mode 0600, and returns once file and folder are on the disk.
    ///
    /// # Errors
    /// [`KeyringError::AlreadyExists`] when there is a file: a keyring is never overwritten.
    /// [`KeyringError::NotWritten`] when it cannot be written; no file is left then.
    pub fn save_new(&self, path: &Path) -> Result<(), KeyringError> {
        file::save_new(self, path)
    }

    /// Seed of the Ed25519 key that signs the checkpoints of the hub's ledger.
    #[must_use]
    pub fn ledger_seed(&self) -> &[u8; 32] {
        self.ledger_seed.expose()
    }

    /// Number of the master key that wraps new keys.
    #[must_use]
    pub fn current_epoch(&self) -> u32 {
        self.current.epoch
    }

    pub(crate) fn pseudonym_root(&self) -> &Secret {
        &self.pseudonym_root
    }

    pub(crate) fn current_master(&self) -> &RandomizedNonceKey {
        &self.current.cipher
    }

    /// The master key of an epoch, unless it was destroyed.
    pub(crate) fn master(&self, epoch: u32) -> Option<&RandomizedNonceKey> {
        if epoch == self.current.epoch {
            return Some(&self.current.cipher);
        }
        self.others.get(&epoch).map(|master| &master.cipher)
    }

    fn masters(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.current).chain(self.others.values())
    }
}

impl MasterKey {
    fn new(epoch: u32, secret: Secret) -> Self {
        let cipher = cipher(secret.expose());
        Self { epoch, secret, cipher }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Keyring")
            .field("current_epoch", &self.current.epoch)
            .field("other_epochs", &self.others.keys())
            .finish_non_exhaustive()
    }
}
