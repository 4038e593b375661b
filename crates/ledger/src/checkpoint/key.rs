//! The Ed25519 keys that sign and check checkpoints, and their C2SP texts.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use signed_note::{Signer, VerificationError, Verifier, Verifiers};
use zeroize::Zeroizing;

/// The algorithm byte of Ed25519 in C2SP signed-note.
const ALGORITHM_ED25519: u8 = 1;

/// The longest name of a key, in bytes; it is repeated in every checkpoint.
const NAME_BYTES_MAX: usize = 255;

/// The secret key of a shard. Its `Debug` shows the name only, and its bytes are wiped on drop.
#[derive(Clone)]
pub struct SigningKey {
    name: String,
    id: u32,
    secret: ed25519_dalek::SigningKey,
}

/// The public key of a shard, and so of its hub ([`of_origin`](Self::of_origin)): all that a verifier has to trust. Its text is `<name>+<id>+<key>` (C2SP signed-note), by
/// `Display` and `FromStr`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    id: u32,
    public: ed25519_dalek::VerifyingKey,
}

/// Why a key cannot be made or read. It shows nothing of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The name is empty, too long, or has a space, a `+` or a control character.
    #[error("the name of a key is 1 to 255 bytes without spaces, `+` or control characters")]
    Name,
    /// The text is not that of a key.
    #[error("the text is not that of an Ed25519 key: `<name>+<id>+<key>`")]
    Text,
    /// The identifier in the text is not that of the key beside it.
    #[error("the identifier in the text is not that of the key beside it")]
    Id,
}

/// The origin of the checkpoints of a shard, which is also the name of its key: `<name of the hub>/shard/<slot>`.
#[must_use]
pub fn shard_origin(hub: &str, slot: u32) -> String {
    format!("{hub}/shard/{slot}")
}

/// The slot in the origin of a shard; `None` for what is no such origin.
#[must_use]
pub fn shard_slot(origin: &str) -> Option<u32> {
    hub_and_slot(origin).map(|(_, slot)| slot)
}

impl SigningKey {
    /// Makes the key named `name` from the 32 bytes of an Ed25519 seed (RFC 8032), which the caller drew or keeps.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::Name`] when no key may have that name.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, InvalidKey> {
        check_name(name)?;
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let id = key_id(name, &secret.verifying_key());
        Ok(Self { name: name.to_owned(), id, secret })
    }

    /// The name of the key: the origin of its checkpoints.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key, to give away.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey { name: self.name.clone(), id: self.id, public: self.secret.verifying_key() }
    }
}

impl VerifyingKey {
    /// The name of the key: the origin of the checkpoints that it opens.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same public key as it speaks for another shard of the same hub: one key signs for all of them, each time under
    /// the origin of the shard. `None` when `origin` is not that of a shard of this hub.
    #[must_use]
    pub fn of_origin(&self, origin: &str) -> Option<Self> {
        if origin == self.name {
            return Some(self.clone());
        }
        if hub_and_slot(&self.name)?.0 != hub_and_slot(origin)?.0 {
            return None;
        }
        check_name(origin).ok()?;
        Some(Self { name: origin.to_owned(), id: key_id(origin, &self.public), public: self.public })
    }
}

fn hub_and_slot(origin: &str) -> Option<(&str, u32)> {
    let (hub, slot) = origin.rsplit_once("/shard/")?;
    let slot = slot.parse().ok()?;
    // A slot has one text: `01` is no slot.
    (shard_origin(hub, slot) == origin).then_some((hub, slot))
}

/// Reads the text of a secret key: `PRIVATE+KEY+<name>+<id>+<key>`, as the Go tools write it.
impl FromStr for SigningKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let text = text.strip_prefix("PRIVATE+KEY+").ok_or(InvalidKey::Text)?;
        let (name, id, seed) = parse(text)?;
        let key = Self::from_seed(name, &seed)?;
        if id != id_text(key.id) {
            return Err(InvalidKey::Id);
        }
        Ok(key)
    }
}

impl FromStr for VerifyingKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let (name, id, bytes) = parse(text)?;
        check_name(name)?;
        let Ok(public) = ed25519_dalek::VerifyingKey::from_bytes(&bytes) else {
            return Err(InvalidKey::Text);
        };
        let key = Self { name: name.to_owned(), id: key_id(name, &public), public };
        if id != id_text(key.id) {
            return Err(InvalidKey::Id);
        }
        Ok(key)
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&signed_note::new_ed25519_verifier_key(&self.name, &self.public))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({self})")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Signer for SigningKey {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ed25519_dalek::SignatureError> {
        Ok(ed25519_dalek::Signer::sign(&self.secret, message).to_vec())
    }
}

impl Verifier for VerifyingKey {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        // Strict: a signature that some verifiers accept and others refuse is refused here.
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.public.verify_strict(message, &signature).is_ok())
    }
}

impl Verifiers for VerifyingKey {
    fn verifier(&self, name: &str, id: u32) -> Result<&dyn Verifier, VerificationError> {
        if name == self.name && id == self.id {
            return Ok(self);
        }
        Err(VerificationError::UnknownKey { name: name.to_owned(), id })
    }
}

fn check_name(name: &str) -> Result<(), InvalidKey> {
    let printable = name.len() <= NAME_BYTES_MAX && !name.chars().any(char::is_control);
    if printable && signed_note::is_key_name_valid(name) {
        return Ok(());
    }
    Err(InvalidKey::Name)
}

/// Takes `<name>+<id>+<base64 of the algorithm and 32 bytes>` apart.
fn parse(text: &str) -> Result<(&str, &str, Zeroizing<[u8; 32]>), InvalidKey> {
    let (name, rest) = text.split_once('+').ok_or(InvalidKey::Text)?;
    let (id, key) = rest.split_once('+').ok_or(InvalidKey::Text)?;
    let Ok(key) = BASE64_STANDARD.decode(key).map(Zeroizing::new) else {
        return Err(InvalidKey::Text);
    };
    let Some((&ALGORITHM_ED25519, key)) = key.split_first() else {
        return Err(InvalidKey::Text);
    };
    match key.try_into() {
        Ok(key) => Ok((name, id, Zeroizing::new(key))),
        Err(_) => Err(InvalidKey::Text),
    }
}

fn key_id(name: &str, public: &ed25519_dalek::VerifyingKey) -> u32 {
    signed_note::key_id(name, &[&[ALGORITHM_ED25519], public.as_bytes().as_slice()].concat())
}

fn id_text(id: u32) -> String {
    format!("{id:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example key pair of C2SP signed-note.
    const SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn the_texts_of_keys_are_those_of_the_go_tools() {
        let secret: SigningKey = SECRET.parse().unwrap();
        assert_eq!(secret.verifying_key().to_string(), PUBLIC);
        let public: VerifyingKey = PUBLIC.parse().unwrap();
        assert_eq!(public, secret.verifying_key());
    }

    #[test]
    fn a_key_with_the_identifier_of_another_is_refused() {
        let id = |text: &str| text.replace("c74f20a3", "c74f20a4");
        assert_eq!(id(PUBLIC).parse::<VerifyingKey>().unwrap_err(), InvalidKey::Id);
        assert_eq!(id(SECRET).parse::<SigningKey>().unwrap_err(), InvalidKey::Id);
        let upper = PUBLIC.replace("c74f20a3", "C74F20A3");
        assert_eq!(upper.parse::<VerifyingKey>().unwrap_err(), InvalidKey::Id);
    }

    #[test]
    fn text_that_is_no_key_is_refused() {
        for text in ["", "name", "name+00000000", "name+00000000+AQ==", "name+00000000+!"] {
            assert_eq!(text.parse::<VerifyingKey>().unwrap_err(), InvalidKey::Text, "{text}");
            assert_eq!(text.parse::<SigningKey>().unwrap_err(), InvalidKey::Text, "{text}");
        }
    }

    #[test]
    fn names_that_would_break_a_note_are_refused() {
        let long = "x".repeat(256);
        for name in ["", "a b", "a+b", "a\nb", "a\u{7}b", "a\u{a0}b", &long] {
            assert_eq!(SigningKey::from_seed(name, &[7; 32]).unwrap_err(), InvalidKey::Name);
        }
    }

    #[test]
    fn the_debug_text_of_a_secret_key_shows_its_name_only() {
        let key: SigningKey = SECRET.parse().unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey { name: \"PeterNeumann\", .. }");
    }

    #[test]
    fn the_debug_text_of_a_public_key_is_its_text() {
        let key: VerifyingKey = PUBLIC.parse().unwrap();
        assert_eq!(format!("{key:?}"), format!("VerifyingKey({PUBLIC})"));
    }

    #[test]
    fn a_key_speaks_for_every_shard_of_its_hub_and_for_no_other_hub() {
        let key_of = |name: &str| SigningKey::from_seed(name, &[7; 32]).unwrap().verifying_key();
        let key = key_of("hub.example/shard/0");
        for slot in [0, 1, 10, u32::MAX] {
            let origin = shard_origin("hub.example", slot);
            assert_eq!(key.of_origin(&origin), Some(key_of(&origin)));
        }
        let strangers = ["", "hub.example", "hub.example/shard/", "hub.example/shard/01", "hub.example/shard/+1"];
        let others = ["other.example/shard/1", "x/hub.example/shard/1", "hub.example/shard/0/shard/1", "/shard/1"];
        for origin in strangers.into_iter().chain(others) {
            assert_eq!(key.of_origin(origin), None, "{origin}");
        }
        assert_eq!(key_of("PeterNeumann").of_origin("PeterNeumann/shard/1"), None, "a key that is not of a shard");
        assert_eq!(key_of("PeterNeumann").of_origin("PeterNeumann"), Some(key_of("PeterNeumann")));
    }

    #[test]
    fn the_origin_of_a_shard_names_hub_and_slot() {
        assert_eq!(shard_origin("hub.example", 3), "hub.example/shard/3");
        assert_eq!(shard_slot("hub.example/shard/3"), Some(3));
        assert_eq!(shard_slot("hub.example/shard/03"), None);
    }
}
