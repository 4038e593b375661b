//! Sealing and opening: AES-256-GCM under a subject's key, bound to the place where the sealed bytes belong.

use aws_lc_rs::aead::{self, NONCE_LEN, Nonce, RandomizedNonceKey};
use thiserror::Error;

use crate::framing::framed;
use crate::subject_key::SubjectKey;

const TAG_LEN: usize = 16;

/// How much longer sealed bytes are than the plain ones: nonce (12 bytes) and tag (16 bytes).
pub const SEAL_OVERHEAD_BYTES: usize = NONCE_LEN + TAG_LEN;

/// What sealed bytes are bound to: they open only where they were sealed for.
///
/// Made by [`RecordAad`], [`EntryAad`], [`AnswerAad`] and [`PageAad`] alone, each under its own label, so that sealed bytes moved to
/// another record, another entry or another kind of place never open there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aad(Vec<u8>);

/// The place of a published record's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordAad<'a> {
    /// Identifier of the dataset, as the catalog names it, major version included where it has one.
    pub dataset: &'a str,
    /// Identifier of the record.
    pub record: [u8; 16],
    /// Revision of the record, from 1.
    pub revision: u64,
}

impl RecordAad<'_> {
    /// The associated data of this place.
    #[must_use]
    pub fn encode(&self) -> Aad {
        Aad(framed(&[b"unefois.vault.v1 record", self.dataset.as_bytes(), &self.record, &self.revision.to_be_bytes()]))
    }
}

/// The place of a ledger entry's personal part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryAad<'a> {
    /// Origin of the ledger shard, as its checkpoints say it.
    pub origin: &'a str,
    /// Identifier of the entry.
    pub entry_id: [u8; 16],
}

impl EntryAad<'_> {
    /// The associated data of this place.
    #[must_use]
    pub fn encode(&self) -> Aad {
        Aad(framed(&[b"unefois.vault.v1 entry", self.origin.as_bytes(), &self.entry_id]))
    }
}

/// The place of a live answer kept for the repetition of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerAad<'a> {
    /// The agency that asked.
    pub agency: &'a str,
    /// The request's identifier, unique within its agency.
    pub request_id: &'a str,
}

impl AnswerAad<'_> {
    /// The associated data of this place.
    #[must_use]
    pub fn encode(&self) -> Aad {
        Aad(framed(&[b"unefois.vault.v1 answer", self.agency.as_bytes(), self.request_id.as_bytes()]))
    }
}

/// A page of a listing that goes on after something which only the hub may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageAad<'a> {
    /// What is listed.
    pub listing: &'a str,
    /// The agency that it is listed to.
    pub agency: &'a str,
}

impl PageAad<'_> {
    /// The associated data of this place.
    #[must_use]
    pub fn encode(&self) -> Aad {
        Aad(framed(&[b"unefois.vault.v1 page", self.listing.as_bytes(), self.agency.as_bytes()]))
    }
}

/// Sealed bytes that do not open. It is never the caller's fault: either the store was altered, or the hub asked for
/// the wrong key or place.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum OpenError {
    /// Fewer bytes than any sealed value has.
    #[error("sealed value is cut short: {length_bytes} bytes where at least {SEAL_OVERHEAD_BYTES} are expected")]
    CutShort {
        /// How many bytes there were.
        length_bytes: usize,
    },
    /// The bytes were altered, belong to another place, or were sealed under another key; which of the three cannot be
    /// told.
    #[error("sealed value does not open: altered, moved from another place, or sealed under another key")]
    NotAuthentic,
}

impl SubjectKey {
    /// Seals `plaintext` for the place `aad`: `nonce ‖ ciphertext ‖ tag`, [`SEAL_OVERHEAD_BYTES`] longer than the plain
    /// bytes.
    ///
    /// The nonce is 96 random bits, so one key seals at most 2³² values (NIST SP 800-38D, section 8.3); a subject's own
    /// key and a ledger key renewed monthly stay far below.
    #[must_use]
    pub fn seal(&self, aad: &Aad, plaintext: &[u8]) -> Vec<u8> {
        seal(self.cipher(), &aad.0, plaintext)
    }

    /// Opens what [`SubjectKey::seal`] sealed under this key for the same place.
    ///
    /// # Errors
    /// [`OpenError`] when the bytes are cut short, altered, moved, or sealed under another key. Nothing of the plain
    /// bytes is given away then.
    pub fn open(&self, aad: &Aad, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        open(self.cipher(), &aad.0, sealed)
    }
}

pub(crate) fn seal(cipher: &RandomizedNonceKey, aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(plaintext.len() + SEAL_OVERHEAD_BYTES);
    sealed.extend_from_slice(&[0; NONCE_LEN]);
    sealed.extend_from_slice(plaintext);
    let (nonce, tag) = cipher
        .seal_in_place_separate_tag(aead::Aad::from(aad), &mut sealed[NONCE_LEN..])
        .expect("AES-GCM seals anything shorter than 64 GiB");
    sealed[..NONCE_LEN].copy_from_slice(nonce.as_ref());
    sealed.extend_from_slice(tag.as_ref());
    sealed
}

pub(crate) fn open(cipher: &RandomizedNonceKey, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let cut_short = OpenError::CutShort { length_bytes: sealed.len() };
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(cut_short)?;
    let plain_length = ciphertext.len().checked_sub(TAG_LEN).ok_or(cut_short)?;
    let mut bytes = ciphertext.to_vec();
    let opened = cipher.open_in_place(Nonce::assume_unique_for_key(*nonce), aead::Aad::from(aad), &mut bytes);
    if opened.is_err() {
        return Err(OpenError::NotAuthentic);
    }
    bytes.truncate(plain_length);
    Ok(bytes)
}
