//! Drafts: an entry as far as a use case can make it, before the recorder gives it its place.

use prost::Message;
use unefois_ledger::{Entry, PersonalOpening, PersonalPart, PublicPart, Receipt};
use unefois_vault::{EntryAad, SubjectKey};
use uuid::Uuid;

use crate::{failure::Failure, index::Fed};

/// An entry before it has a place: everything but the instant, the authority epoch and the index.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// Its identifier.
    pub(crate) id: Uuid,
    /// The public part; the recorder fills in the instant and the epoch.
    pub(crate) public: PublicPart,
    /// The personal part, opened and sealed; absent when the entry is about nobody and holds no reference.
    pub(crate) personal: Option<Personal>,
}

/// The personal part of a draft.
#[derive(Debug, Clone)]
pub(crate) struct Personal {
    pub(crate) blind: [u8; 32],
    pub(crate) part: Vec<u8>,
    pub(crate) key: [u8; 16],
    /// The subject whose key that is; absent when it is the ledger's.
    pub(crate) subject: Option<[u8; 16]>,
    /// The blind and the part, sealed.
    pub(crate) sealed: Vec<u8>,
}

/// Where the recorder put an entry, and what proves it.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) id: Uuid,
    pub(crate) leaf: Vec<u8>,
    pub(crate) index: u64,
    pub(crate) inclusion_path: Vec<unefois_ledger::Hash>,
    pub(crate) checkpoint: std::sync::Arc<str>,
}

impl Draft {
    /// A draft with a fresh identifier. `origin` is that of the shard that will hold it.
    pub(crate) fn new(public: PublicPart, id: Uuid) -> Self {
        let public = PublicPart { format: unefois_ledger::ENTRY_FORMAT, entry_id: id.as_bytes().to_vec(), ..public };
        Self { id, public, personal: None }
    }

    /// The same, with its personal part sealed under `key`, which is that of `subject` or else the ledger's.
    pub(crate) fn sealed(
        mut self,
        part: &PersonalPart,
        key: &SubjectKey,
        subject: Option<[u8; 16]>,
        origin: &str,
    ) -> Self {
        let blind = unefois_vault::fill::<32>();
        let part = part.encode_to_vec();
        let aad = EntryAad { origin, entry_id: *self.id.as_bytes() };
        let sealed = key.seal(&aad.encode(), &[&blind[..], &part[..]].concat());
        self.personal = Some(Personal { blind, part, key: key.id().0, subject, sealed });
        self
    }

    /// What the follower is fed of it once it has its place: nobody needs the public part any more.
    pub(crate) fn feed(&mut self, index: u64, is_kept: impl Fn(&[u8; 16]) -> bool) -> Fed {
        let personal = self.personal.as_ref().filter(|personal| is_kept(&personal.key));
        let subject = personal.and_then(|personal| personal.subject);
        Fed { index, public: std::mem::take(&mut self.public), subject }
    }

    /// The bytes that are hashed, once the recorder has filled in its part.
    pub(crate) fn leaf(&self) -> Vec<u8> {
        let opening =
            self.personal.as_ref().map(|personal| PersonalOpening { blind: &personal.blind, part: &personal.part });
        Entry::leaf_bytes(&self.public, opening)
    }
}

impl Placed {
    /// The receipt, with the opening of the personal part.
    pub(crate) fn receipt(self, personal: Option<&Personal>) -> Receipt {
        let (personal_blind, personal_part) = match personal {
            Some(personal) => (personal.blind.to_vec(), personal.part.clone()),
            None => (Vec::new(), Vec::new()),
        };
        Receipt {
            entry: self.leaf,
            index: self.index,
            personal_blind,
            personal_part,
            inclusion_path: self.inclusion_path,
            checkpoint: self.checkpoint.to_string(),
        }
    }
}

/// The identifier of the one entry of an act.
pub(crate) fn single_id(outcome: Result<Vec<Placed>, Failure>) -> Result<Uuid, Failure> {
    let placed = outcome?;
    placed.first().map(|placed| placed.id).ok_or_else(|| Failure::new(unefois_core::Reason::Internal))
}
