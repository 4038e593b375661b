//! Pseudonyms, per-subject keys, sealing and opening: the hub's cryptography, without storage and without policy.
//!
//! A [`Keyring`] is the hub's secrets, read from one file. From it come the [`Pseudonyms`] (keyed digests, so that no
//! identifier of a person is stored in clear) and the [`SubjectKey`]s (each wrapped under a numbered master key), which
//! seal what the hub keeps. Whoever destroys a subject's wrapped key has erased what it sealed; whoever destroys a
//! master key has erased every key of its epoch, in backups too.
//!
//! Which keys exist, where wrapped keys lie and when they are destroyed is the business of other rooms.

mod framing;
mod keyring;
mod pseudonym;
pub mod random;
mod seal;
mod secret;
mod subject_key;

pub use keyring::{Keyring, KeyringError};
pub use pseudonym::Pseudonyms;
pub use random::fill;
pub use seal::{Aad, AnswerAad, EntryAad, OpenError, PageAad, RecordAad, SEAL_OVERHEAD_BYTES};
pub use subject_key::{KeyId, KeyUse, SubjectKey, UnknownKeyUse, UnwrapError, WrappedKey};
