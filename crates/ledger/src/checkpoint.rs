//! Checkpoints: signed statements of a shard's size and root (C2SP tlog-checkpoint in a C2SP signed-note).
//!
//! The name of the signing key is the origin of the checkpoint: a key speaks for one shard.

mod key;

use signed_note::{Note, NoteError};

pub use key::{InvalidKey, SigningKey, VerifyingKey, shard_origin, shard_slot};

use crate::hash::TreeHead;

/// What a checkpoint states, once its signature has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The shard that it is about: `<name of the hub>/shard/<slot>`.
    pub origin: String,
    /// The size and root of its tree.
    pub head: TreeHead,
}

/// Why text is not a checkpoint of the shard that the key speaks for.
#[derive(Debug, thiserror::Error)]
pub enum InvalidCheckpoint {
    /// The text is not a signed note, or not in its one canonical form with one signature.
    #[error("the checkpoint is not a signed note with exactly one signature")]
    Note,
    /// No signature is by the key that is trusted.
    #[error("the checkpoint is not signed by `{key}`")]
    Signer {
        /// The name of the key.
        key: String,
    },
    /// The signature does not fit the text: one of them was changed.
    #[error("the signature of `{key}` does not fit the checkpoint")]
    Signature {
        /// The name of the key.
        key: String,
    },
    /// The signed text is no checkpoint, or has lines that this version does not know.
    #[error("the signed text is not a checkpoint without extensions")]
    Text,
    /// The checkpoint is about another shard than the key speaks for.
    #[error("the checkpoint is about `{found}`, and the key speaks for `{due}`")]
    Origin {
        /// The name of the key.
        due: String,
        /// The origin that the checkpoint states.
        found: String,
    },
}

impl SigningKey {
    /// Signs the head of the shard that this key speaks for; gives the whole note. The same head gives the same text.
    #[must_use]
    pub fn sign(&self, head: TreeHead) -> String {
        let text = tlog_tiles::Checkpoint::new(self.name(), head.size, head.root.into(), "")
            .expect("the name of a key is not empty, and there are no extensions")
            .to_bytes();
        let mut note = Note::new(&text, &[]).expect("the name of a key is short and printable");
        note.add_sigs(&[self]).expect("the name of a key is valid, and Ed25519 always signs");
        String::from_utf8(note.to_bytes()).expect("notes are UTF-8")
    }
}

impl Checkpoint {
    /// Opens a checkpoint: checks that it is signed by `key`, about the shard that the key speaks for.
    ///
    /// Stricter than C2SP asks: exactly one signature, no extension lines, and only the canonical text, so that no
    /// byte of it can be changed unnoticed.
    ///
    /// # Errors
    ///
    /// [`InvalidCheckpoint`] when anything about it is otherwise.
    pub fn open(text: &str, key: &VerifyingKey) -> Result<Self, InvalidCheckpoint> {
        let Ok(note) = Note::from_bytes(text.as_bytes()) else {
            return Err(InvalidCheckpoint::Note);
        };
        let signatures = match note.verify(key) {
            Ok((signatures, _)) => signatures,
            Err(error) => return Err(refusal(&error, key)),
        };
        // Rebuilt from its text and the one signature that was checked: more signatures, or loose base64, differ.
        let Ok(canonical) = Note::new(note.text(), &signatures) else {
            return Err(InvalidCheckpoint::Note);
        };
        if canonical.to_bytes() != text.as_bytes() {
            return Err(InvalidCheckpoint::Note);
        }
        Self::read(note.text(), key)
    }

    /// Opens a checkpoint of whichever shard of a hub, with the public key of any of them: what it is about is its
    /// [`origin`](Self::origin).
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::open`].
    pub fn open_of_hub(text: &str, key: &VerifyingKey) -> Result<Self, InvalidCheckpoint> {
        let origin = text.lines().next().unwrap_or_default();
        // Where it is no shard of this hub, the key itself says what is wrong.
        Self::open(text, key.of_origin(origin).as_ref().unwrap_or(key))
    }

    fn read(text: &[u8], key: &VerifyingKey) -> Result<Self, InvalidCheckpoint> {
        let Ok(signed) = tlog_tiles::Checkpoint::from_bytes(text) else {
            return Err(InvalidCheckpoint::Text);
        };
        if !signed.extension().is_empty() {
            return Err(InvalidCheckpoint::Text);
        }
        if signed.origin() != key.name() {
            let (due, found) = (key.name().to_owned(), signed.origin().to_owned());
            return Err(InvalidCheckpoint::Origin { due, found });
        }
        let head = TreeHead { size: signed.size(), root: (*signed.hash()).into() };
        Ok(Self { origin: signed.origin().to_owned(), head })
    }
}

fn refusal(error: &NoteError, key: &VerifyingKey) -> InvalidCheckpoint {
    let name = key.name().to_owned();
    match error {
        NoteError::UnverifiedNote => InvalidCheckpoint::Signer { key: name },
        NoteError::InvalidSignature { .. } => InvalidCheckpoint::Signature { key: name },
        NoteError::MalformedNote
        | NoteError::InvalidSigner
        | NoteError::MismatchedVerifier
        | NoteError::VerificationError(_)
        | NoteError::SignatureError(_) => InvalidCheckpoint::Note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf_hash;

    fn key() -> SigningKey {
        SigningKey::from_seed("hub.example/shard/0", &[7; 32]).unwrap()
    }

    fn head() -> TreeHead {
        TreeHead { size: 1, root: leaf_hash(b"entry") }
    }

    #[test]
    fn a_checkpoint_opens_under_the_key_that_signed_it() {
        let checkpoint = Checkpoint::open(&key().sign(head()), &key().verifying_key()).unwrap();
        assert_eq!(checkpoint.origin, "hub.example/shard/0");
        assert_eq!(checkpoint.head, head());
    }

    #[test]
    fn a_checkpoint_does_not_open_under_another_key() {
        let other_seed = SigningKey::from_seed("hub.example/shard/0", &[8; 32]).unwrap();
        let other_shard = SigningKey::from_seed("hub.example/shard/1", &[7; 32]).unwrap();
        for other in [other_seed, other_shard] {
            let result = Checkpoint::open(&key().sign(head()), &other.verifying_key());
            assert!(matches!(result, Err(InvalidCheckpoint::Signer { .. })));
        }
    }

    #[test]
    fn a_checkpoint_of_any_shard_opens_under_the_key_of_its_hub_and_says_which_it_is() {
        let signed = |name: &str, seed| SigningKey::from_seed(name, &[seed; 32]).unwrap().sign(head());
        let trusted = key().verifying_key();
        for slot in [0, 1, 12] {
            let origin = shard_origin("hub.example", slot);
            let opened = Checkpoint::open_of_hub(&signed(&origin, 7), &trusted).unwrap();
            assert_eq!((opened.origin, opened.head), (origin, head()));
        }
        for (name, seed) in [("hub.example/shard/1", 8), ("other.example/shard/1", 7)] {
            let refused = Checkpoint::open_of_hub(&signed(name, seed), &trusted);
            assert!(matches!(refused, Err(InvalidCheckpoint::Signer { .. })), "{name}: {refused:?}");
        }
        let renamed = signed("hub.example/shard/1", 7).replacen("shard/1", "shard/2", 1);
        assert!(Checkpoint::open_of_hub(&renamed, &trusted).is_err(), "another shard's checkpoint under this name");
    }

    #[test]
    fn a_checkpoint_with_another_size_is_found() {
        let forged = key().sign(head()).replacen("\n1\n", "\n2\n", 1);
        let result = Checkpoint::open(&forged, &key().verifying_key());
        assert!(matches!(result, Err(InvalidCheckpoint::Signature { .. })));
    }

    #[test]
    fn a_second_signature_is_refused_whoever_made_it() {
        let text = key().sign(head());
        let own_again = text.lines().last().unwrap();
        let witness = "— witness.example AAAAAAAA";
        for line in [own_again, witness] {
            let result = Checkpoint::open(&format!("{text}{line}\n"), &key().verifying_key());
            assert!(matches!(result, Err(InvalidCheckpoint::Note)), "{line}");
        }
    }

    #[test]
    fn a_key_speaks_for_its_own_shard_only() {
        let result = open_signed("hub.example/shard/1\n1\n", "\n");
        assert!(matches!(result, Err(InvalidCheckpoint::Origin { .. })));
    }

    #[test]
    fn a_checkpoint_with_an_extension_is_refused() {
        let result = open_signed("hub.example/shard/0\n1\n", "\nextension\n");
        assert!(matches!(result, Err(InvalidCheckpoint::Text)));
    }

    /// Opens a text, with the root between its two pieces, that the key really signed.
    fn open_signed(before: &str, after: &str) -> Result<Checkpoint, InvalidCheckpoint> {
        let text = format!("{before}{}{after}", head().root);
        let mut note = Note::new(text.as_bytes(), &[]).unwrap();
        note.add_sigs(&[&key()]).unwrap();
        Checkpoint::open(&String::from_utf8(note.to_bytes()).unwrap(), &key().verifying_key())
    }
}
