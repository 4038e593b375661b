//! Keyed digests that stand for what must not be stored in clear, each kind under a key of its own.

use std::fmt;

use aws_lc_rs::hkdf::{self, HKDF_SHA256};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use zeroize::Zeroizing;

use crate::framing::write_framed;
use crate::keyring::Keyring;
use crate::secret::Secret;

/// Makes the pseudonyms of one hub: HMAC-SHA-256 of the framed parts, under keys derived by HKDF-SHA-256 from the
/// keyring's `pseudonym_root`, one a kind.
///
/// The same parts always give the same pseudonym, on every node with the same keyring; without the keyring nobody can
/// compute one, so that a stolen database does not yield to trying out every identifier. Pseudonyms of different kinds
/// cannot be joined. Values are fixed for ever (they are stored): see the vectors in the tests.
pub struct Pseudonyms {
    // The keys live in memory of aws-lc, which cleanses what it frees.
    identifier: hmac::Key,
    consumer: hmac::Key,
    search: hmac::Key,
    natural_key: hmac::Key,
    request: hmac::Key,
    reference: hmac::Key,
    traits: hmac::Key,
}

impl Keyring {
    /// The pseudonyms of this hub. Make them once and share them: the keys are computed here.
    #[must_use]
    pub fn pseudonyms(&self) -> Pseudonyms {
        Pseudonyms::derive(self.pseudonym_root())
    }
}

impl Pseudonyms {
    /// Stands for an identifier of a subject.
    ///
    /// - `kind`: the scheme, by its stable name (`nir`, `siren` …);
    /// - `issuer`: whose scheme it is, for identifiers that only mean something at their agency; else empty;
    /// - `text`: the identifier in its canonical form (a NIR is its 13 characters without the key).
    #[must_use]
    pub fn identifier(&self, kind: &str, issuer: &str, text: &str) -> [u8; 32] {
        digest(&self.identifier, &[kind.as_bytes(), issuer.as_bytes(), text.as_bytes()])
    }

    /// Stands for a subject in the ledger entries of one consumer, under a key of that consumer: two agencies cannot
    /// join what they know of one person.
    #[must_use]
    pub fn subject_for_consumer(&self, subject: [u8; 16], consumer: &str) -> [u8; 32] {
        let secret_of_consumer = Zeroizing::new(digest(&self.consumer, &[consumer.as_bytes()]));
        let key_of_consumer = hmac::Key::new(HMAC_SHA256, secret_of_consumer.as_slice());
        digest(&key_of_consumer, &[&subject])
    }

    /// Stands for a subject in the search index, whose rows erasure deletes.
    #[must_use]
    pub fn search(&self, subject: [u8; 16]) -> [u8; 32] {
        digest(&self.search, &[&subject])
    }

    /// Stands for a natural key, or a part of one, of a dataset's records.
    ///
    /// - `dataset`: identifier of the dataset;
    /// - `part`: which part of the key (the stable name that the caller gives to it);
    /// - `bytes`: its canonical bytes.
    #[must_use]
    pub fn natural_key(&self, dataset: &str, part: &str, bytes: &[u8]) -> [u8; 32] {
        digest(&self.natural_key, &[dataset.as_bytes(), part.as_bytes(), bytes])
    }

    /// Stands for the body of an agency's request, to recognise a repetition; never a bare digest, because the few
    /// values that a body can have may be tried out.
    #[must_use]
    pub fn request(&self, agency: &str, bytes: &[u8]) -> [u8; 32] {
        digest(&self.request, &[agency.as_bytes(), bytes])
    }

    /// Stands for an identifier that an agency chose for an act of its own: agencies put what they like in it, names of
    /// people too.
    ///
    /// - `kind`: what it identifies (`request`, `publication`).
    #[must_use]
    pub fn reference(&self, agency: &str, kind: &str, text: &str) -> [u8; 32] {
        digest(&self.reference, &[agency.as_bytes(), kind.as_bytes(), text.as_bytes()])
    }

    /// Stands for the traits of a person (name, first names, day of birth) in what one provider publishes. Another provider
    /// that publishes the same traits is not told by it that they are known.
    ///
    /// - `provider`: the agency that published them;
    /// - `dataset`: identifier of the dataset;
    /// - `bytes`: the traits in the form in which they are compared.
    #[must_use]
    pub fn traits(&self, provider: &str, dataset: &str, bytes: &[u8]) -> [u8; 32] {
        digest(&self.traits, &[provider.as_bytes(), dataset.as_bytes(), bytes])
    }

    fn derive(root: &Secret) -> Self {
        let root = hkdf::Salt::new(HKDF_SHA256, b"unefois.vault.v1").extract(root.expose());
        let key = |label: &str| -> hmac::Key {
            let info = [label.as_bytes()];
            root.expand(&info, HMAC_SHA256).expect("HKDF gives up to 255 digests, one is asked").into()
        };
        Self {
            identifier: key("pseudonym of an identifier"),
            consumer: key("key of a consumer"),
            search: key("pseudonym in the search index"),
            natural_key: key("pseudonym of a natural key"),
            request: key("digest of a request"),
            reference: key("pseudonym of a reference"),
            traits: key("pseudonym of traits"),
        }
    }
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pseudonyms").finish_non_exhaustive()
    }
}

fn digest(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    write_framed(parts, |piece| context.update(piece));
    let tag = context.sign();
    tag.as_ref().try_into().expect("HMAC-SHA-256 gives 32 bytes")
}
