//! The entry: the messages whose bytes are the leaves of the tree, fixed for ever.
//!
//! The same messages stand in `proto/unefois/ledger/v1/entry.proto` for other languages. The bytes are made once, by
//! [`Entry::leaf_bytes`]; from then on everybody hashes the stored bytes and nobody encodes them again.

mod decode;
mod kind;

use std::fmt;

use prost::Message;

pub use decode::{InvalidEntry, decode_leaf, decode_personal};
pub use kind::{EntryKind, Operation, Outcome, Purpose, Source};

use crate::commitment::{Blind, commit};

/// The number of the entry format that this version writes and reads: [`PublicPart::format`].
pub const ENTRY_FORMAT: u32 = 1;

/// One entry as it is hashed. The leaf is the encoding of this message; its hash is that of RFC 6962 section 2.1,
/// SHA-256(0x00 ‖ leaf).
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct Entry {
    /// The bytes of a [`PublicPart`].
    #[prost(bytes = "vec", tag = "1")]
    pub public_part: Vec<u8>,
    /// SHA-256(blind ‖ the bytes of a [`PersonalPart`]), 32 bytes; empty when the entry has no personal part. It stays
    /// when the personal part is erased, so that every proof still verifies.
    #[prost(bytes = "vec", tag = "2")]
    pub personal_hash: Vec<u8>,
}

/// What an auditor may always read: who did what, under which rule, and what came of it. It names no person.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct PublicPart {
    /// [`ENTRY_FORMAT`].
    #[prost(uint32, tag = "1")]
    pub format: u32,
    /// The identifier of the entry: a UUIDv7 in 16 bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub entry_id: Vec<u8>,
    /// When the hub recorded it: microseconds since 1970-01-01T00:00:00Z.
    #[prost(int64, tag = "3")]
    pub recorded_at_micros: i64,
    /// What kind of act it records: an [`EntryKind`], always set.
    #[prost(enumeration = "EntryKind", tag = "4")]
    pub kind: i32,
    /// What came of it: an [`Outcome`], always set.
    #[prost(enumeration = "Outcome", tag = "5")]
    pub outcome: i32,
    /// The stable reason of a refusal or failure, such as `CONSENT_WITHDRAWN`; empty otherwise.
    #[prost(string, tag = "6")]
    pub reason: String,
    /// The authority epoch under which it was decided; every act that removes authority raises it.
    #[prost(uint64, tag = "7")]
    pub authority_epoch: u64,
    /// The agency that called, from its certificate.
    #[prost(string, tag = "8")]
    pub caller_agency: String,
    /// The system of that agency, from its certificate.
    #[prost(string, tag = "9")]
    pub caller_system: String,
    /// The agency that the data was for.
    #[prost(string, tag = "10")]
    pub consumer: String,
    /// The agency that holds the data.
    #[prost(string, tag = "11")]
    pub provider: String,
    /// The local body of the consumer, such as one CAF; empty when none was named.
    #[prost(string, tag = "12")]
    pub local_body: String,
    /// The identifier of the dataset.
    #[prost(string, tag = "13")]
    pub dataset: String,
    /// The major version of the dataset; 0 when the entry is about none, or about records of several.
    #[prost(uint32, tag = "14")]
    pub dataset_major: u32,
    /// The [`Operation`].
    #[prost(enumeration = "Operation", tag = "15")]
    pub operation: i32,
    /// The [`Purpose`] stated.
    #[prost(enumeration = "Purpose", tag = "16")]
    pub purpose: i32,
    /// The code of the legal basis, such as `crpa-l114-8-i`.
    #[prost(string, tag = "17")]
    pub legal_basis: String,
    /// The identifier of the agreement.
    #[prost(string, tag = "18")]
    pub agreement: String,
    /// SHA-256 of the agreement as it was in force, 32 bytes; empty when no agreement was found.
    #[prost(bytes = "vec", tag = "19")]
    pub policy_digest: Vec<u8>,
    /// The fields that left the hub.
    #[prost(string, repeated, tag = "20")]
    pub released_fields: Vec<String>,
    /// The fields that were asked for, and withheld.
    #[prost(string, repeated, tag = "21")]
    pub withheld_fields: Vec<String>,
    /// Where the data came from: a [`Source`].
    #[prost(enumeration = "Source", tag = "22")]
    pub source: i32,
    /// For a repeat, the `entry_id` of the first exchange; for an event told again, that of its first delivery to the
    /// subscription; 16 bytes, empty otherwise.
    #[prost(bytes = "vec", tag = "23")]
    pub repeats: Vec<u8>,
    /// For a publication, what was published.
    #[prost(message, optional, tag = "24")]
    pub publication: Option<Publication>,
    /// For a change of the registry, of a consent, a subject, a dossier or a subscription, what changed.
    #[prost(message, optional, tag = "25")]
    pub change: Option<Change>,
    /// For an access refused at the door, or an audit query: the full gRPC method.
    #[prost(string, tag = "26")]
    pub method: String,
    /// For a delivery, to which subscription, and which attempt it was.
    #[prost(message, optional, tag = "27")]
    pub delivery: Option<Delivery>,
}

/// What identifies a person, and what could be guessed from a bare digest. It is stored sealed, apart from the public
/// part, where erasure can remove it. Its `Debug` shows nothing, because logs name no person.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
#[prost(skip_debug)]
pub struct PersonalPart {
    /// The pseudonym of the subject under a key of the consumer, 32 bytes: two consumers cannot join what they know of
    /// one person. Empty when the entry is about nobody.
    #[prost(bytes = "vec", tag = "1")]
    pub subject_pseudonym: Vec<u8>,
    /// The record: a UUID in 16 bytes; empty when no record was found.
    #[prost(bytes = "vec", tag = "2")]
    pub record_id: Vec<u8>,
    /// The revision of the record.
    #[prost(uint64, tag = "3")]
    pub revision: u64,
    /// The natural key asked for: the dataset's message with its key fields only, encoded.
    #[prost(bytes = "vec", tag = "4")]
    pub natural_key: Vec<u8>,
    /// The caller's reference of the case.
    #[prost(string, tag = "5")]
    pub case_reference: String,
    /// The caller's reference of the agent who is looking.
    #[prost(string, tag = "6")]
    pub agent_reference: String,
    /// The `request_id`, as given or as made by the hub.
    #[prost(string, tag = "7")]
    pub request_id: String,
    /// The consent relied on, or changed: a UUID in 16 bytes; empty when there is none.
    #[prost(bytes = "vec", tag = "8")]
    pub consent_id: Vec<u8>,
    /// The W3C `traceparent` of the call.
    #[prost(string, tag = "9")]
    pub traceparent: String,
    /// SHA-256(`payload_blind` ‖ payload) over exactly the bytes of `data` in the response, 32 bytes; empty when
    /// nothing was released.
    #[prost(bytes = "vec", tag = "10")]
    pub payload_commitment: Vec<u8>,
    /// 32 random bytes; empty exactly when `payload_commitment` is.
    #[prost(bytes = "vec", tag = "11")]
    pub payload_blind: Vec<u8>,
    /// For an audit query, the request, encoded.
    #[prost(bytes = "vec", tag = "12")]
    pub query: Vec<u8>,
    /// For a consent, SHA-256 of the evidence that the person gave it, 32 bytes; empty otherwise.
    #[prost(bytes = "vec", tag = "13")]
    pub evidence_digest: Vec<u8>,
    /// For a delivery, the event: a UUID in 16 bytes; empty otherwise. Two agencies that were told of one event share
    /// its identifier, so that it stands here and not in the public part.
    #[prost(bytes = "vec", tag = "14")]
    pub event_id: Vec<u8>,
    /// For a dossier, its terms.
    #[prost(message, optional, tag = "15")]
    pub dossier: Option<DossierTerms>,
}

/// One telling of one event to one subscription.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct Delivery {
    /// The subscription: a UUID in 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub subscription_id: Vec<u8>,
    /// Which attempt, from 1. It is raised where the event was rejected, or was the first one left unacknowledged; a
    /// telling that only follows another one keeps the number.
    #[prost(uint32, tag = "2")]
    pub attempt: u32,
}

/// What a consumer declared of a dossier.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct DossierTerms {
    /// Why, as a code of the consumer, such as `benefit-claim`.
    #[prost(string, tag = "1")]
    pub reason: String,
    /// The last day, included (Europe/Paris), as `YYYY-MM-DD`.
    #[prost(string, tag = "2")]
    pub last_day: String,
}

/// One acknowledged batch of published records.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct Publication {
    /// How many records.
    #[prost(uint32, tag = "1")]
    pub count: u32,
    /// The RFC 6962 root over the encoded [`PublishedItem`]s of the batch, in their order; 32 bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub root: Vec<u8>,
}

/// One change of the registry, of a consent, a subject, a dossier or a subscription.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct Change {
    /// What kind of thing changed: `agency`, `agreement`, `revocation`, `consent`, `subject`, `dossier`,
    /// `subscription`.
    #[prost(string, tag = "1")]
    pub noun: String,
    /// Its identifier; empty where the identifier would name a person.
    #[prost(string, tag = "2")]
    pub id: String,
    /// What happened to it: `create`, `amend`, `suspend`, `grant`, `withdraw` …
    #[prost(string, tag = "3")]
    pub verb: String,
    /// The version of the registry that the change made; 0 for a consent.
    #[prost(uint64, tag = "4")]
    pub version: u64,
    /// SHA-256 of the thing as it is after the change, 32 bytes; empty for a consent.
    #[prost(bytes = "vec", tag = "5")]
    pub digest: Vec<u8>,
}

/// One record of a published batch. Its encoding is a leaf of [`Publication::root`].
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct PublishedItem {
    /// The record: a UUID in 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub record_id: Vec<u8>,
    /// The revision.
    #[prost(uint64, tag = "2")]
    pub revision: u64,
    /// SHA-256(blind ‖ the canonical bytes of the whole record), 32 bytes.
    #[prost(bytes = "vec", tag = "3")]
    pub commitment: Vec<u8>,
}

/// What opens the personal hash of an entry: the blind, and the encoded [`PersonalPart`] exactly as it is stored.
#[derive(Clone, Copy)]
pub struct PersonalOpening<'a> {
    /// The 32 random bytes drawn for this entry.
    pub blind: &'a Blind,
    /// The bytes of the personal part.
    pub part: &'a [u8],
}

impl Entry {
    /// Makes the leaf of a new entry: the only encoding its bytes ever undergo.
    #[must_use]
    pub fn leaf_bytes(public: &PublicPart, personal: Option<PersonalOpening<'_>>) -> Vec<u8> {
        let entry = Self {
            public_part: public.encode_to_vec(),
            personal_hash: personal.map(|opening| commit(opening.blind, opening.part).to_vec()).unwrap_or_default(),
        };
        entry.encode_to_vec()
    }
}

impl fmt::Debug for PersonalPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonalPart").finish_non_exhaustive()
    }
}
