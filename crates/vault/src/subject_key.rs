//! The keys of a subject: made here, kept elsewhere wrapped under a master key, unwrapped here for use.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::framing::framed;
use crate::keyring::Keyring;
use crate::secret::SECRET_BYTES;
use crate::{random, seal};

/// Names one key in the key store; says nothing about whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 16]);

/// What a key seals. A subject has one key a use, because payloads and traces live for different times (12 months for
/// what is taken under article L114-8 II of the code de la sécurité sociale, 36 for the traces of it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyUse {
    /// The payloads of a subject's records.
    Payload,
    /// The personal parts of the ledger entries about a subject.
    Trace,
    /// The personal parts of the ledger entries about nobody; one key a month.
    Ledger,
}

impl KeyUse {
    /// The number by which this use is stored and bound to the wrapped key; it never changes.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Payload => 1,
            Self::Trace => 2,
            Self::Ledger => 3,
        }
    }
}

/// A number that names no [`KeyUse`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("no use of a key has the number {0}")]
pub struct UnknownKeyUse(pub u8);

impl TryFrom<u8> for KeyUse {
    type Error = UnknownKeyUse;

    fn try_from(number: u8) -> Result<Self, UnknownKeyUse> {
        match number {
            1 => Ok(Self::Payload),
            2 => Ok(Self::Trace),
            3 => Ok(Self::Ledger),
            unknown => Err(UnknownKeyUse(unknown)),
        }
    }
}

/// A key as the key store keeps it: useless without the master key of its epoch.
///
/// Name, use and epoch are bound to the wrapped bytes: a row whose columns were changed or swapped does not unwrap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// Name of the key.
    pub id: KeyId,
    /// What it seals.
    pub key_use: KeyUse,
    /// Number of the master key that wraps it.
    pub master_epoch: u32,
    /// `nonce (12) ‖ sealed key (32) ‖ tag (16)`.
    pub bytes: Vec<u8>,
}

/// A key ready to seal and open, its key schedule computed once. Erased from memory when dropped; never shown.
///
/// It is not `Clone`: share it by `Arc`, so that a cache which lets go of it lets go of the secret.
pub struct SubjectKey {
    id: KeyId,
    key_use: KeyUse,
    // Lives in memory of aws-lc, which cleanses what it frees.
    cipher: RandomizedNonceKey,
}

impl SubjectKey {
    /// Name of the key, to be stored beside what it seals.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What the key seals.
    #[must_use]
    pub fn key_use(&self) -> KeyUse {
        self.key_use
    }

    pub(crate) fn cipher(&self) -> &RandomizedNonceKey {
        &self.cipher
    }

    fn new(id: KeyId, key_use: KeyUse, secret: &[u8; SECRET_BYTES]) -> Self {
        Self { id, key_use, cipher: cipher(secret) }
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SubjectKey")
            .field("id", &self.id)
            .field("key_use", &self.key_use)
            .finish_non_exhaustive()
    }
}

/// A wrapped key that does not unwrap.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum UnwrapError {
    /// The keyring has no master key of that epoch. When it was destroyed on purpose, all that its keys sealed is
    /// erased, and this is how it shows.
    #[error("master key {epoch} is not in the keyring: what it protected is erased")]
    MasterKeyGone {
        /// Number of the missing master key.
        epoch: u32,
    },
    /// The row was altered, or wrapped by another hub's master key of that number.
    #[error("wrapped key does not open under master key {epoch}: its row was altered, or it is another hub's")]
    NotAuthentic {
        /// Number of the master key that was tried.
        epoch: u32,
    },
}

impl Keyring {
    /// Makes a key and wraps it under the current master key.
    ///
    /// The key is to be committed to the key store and read back before anything is sealed with it: a key that was
    /// lost takes with it what it sealed.
    #[must_use]
    pub fn new_key(&self, id: KeyId, key_use: KeyUse) -> (SubjectKey, WrappedKey) {
        let secret = Zeroizing::new(random::fill::<SECRET_BYTES>());
        let master_epoch = self.current_epoch();
        let wrapped = WrappedKey {
            id,
            key_use,
            master_epoch,
            bytes: seal::seal(self.current_master(), &wrapping_aad(id, key_use, master_epoch), secret.as_slice()),
        };
        (SubjectKey::new(id, key_use, &secret), wrapped)
    }

    /// Makes a stored key ready for use.
    ///
    /// # Errors
    /// [`UnwrapError`] when the master key of its epoch is gone, or the row is not what was wrapped.
    pub fn unwrap(&self, wrapped: &WrappedKey) -> Result<SubjectKey, UnwrapError> {
        let WrappedKey { id, key_use, master_epoch: epoch, ref bytes } = *wrapped;
        let master = self.master(epoch).ok_or(UnwrapError::MasterKeyGone { epoch })?;
        let Ok(opened) = seal::open(master, &wrapping_aad(id, key_use, epoch), bytes) else {
            return Err(UnwrapError::NotAuthentic { epoch });
        };
        let opened = Zeroizing::new(opened);
        let secret = opened.as_slice().try_into();
        let secret: &[u8; SECRET_BYTES] = secret.expect("authentic, and `new_key` wraps secrets of this length only");
        Ok(SubjectKey::new(id, key_use, secret))
    }
}

/// AES-256-GCM under `secret`, with a random nonce a message.
pub(crate) fn cipher(secret: &[u8; SECRET_BYTES]) -> RandomizedNonceKey {
    RandomizedNonceKey::new(&AES_256_GCM, secret).expect("AES-256 takes keys of 32 bytes")
}

fn wrapping_aad(id: KeyId, key_use: KeyUse, master_epoch: u32) -> Vec<u8> {
    framed(&[b"unefois.vault.v1 wrapped key", &id.0, &[key_use.number()], &master_epoch.to_be_bytes()])
}
