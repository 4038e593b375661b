//! Rows that are invented: each is different for each number, and the same each time.

use jiff::Timestamp;
use unefois_core::{Consent, ConsentId, DatasetId, Purpose};
use unefois_store::{
    AttemptRow, DossierRow, EntryRow, EventPlace, HeldRevision, IndexRow, KeyRow, NewDeadLetter, NewEvent,
    PublicationRow, RecordAsked, RegistryItemRow, RegistryVersionRow, RequestClaim, RevisionRow,
    SubjectWithIdentifiers, SubscriptionRow, TileRow,
};

/// The largest number that the store holds.
pub const LARGEST: u64 = i64::MAX as u64;

/// 2026-11-21T09:30:00.123456Z, in microseconds since 1970.
pub const NOW: i64 = 1_795_253_400_123_456;

/// 1948-06-13T23:59:59.999999Z, in microseconds since 1970: before it, and not a whole second.
pub const LONG_AGO: i64 = -680_054_400_000_001;

/// 9999-12-30T21:59:59.999999Z, in microseconds since 1970.
pub const FAR_AHEAD: i64 = 253_402_207_199_999_999;

/// Texts in the order of their bytes, which is that of no language: capitals first, accents last, and what a quoted
/// statement or a pattern would trip over.
pub const TEXTS: [&str; 12] = [
    "",
    " ",
    "\"; DROP TABLE entry; --",
    "%_\\",
    "'quoted' $1 ?1 {}",
    "A-1",
    "Z",
    "a-1",
    "a_1",
    "z",
    "é",
    "\u{1f431} \u{202e}אב\n",
];

/// An identifier.
pub fn id(number: u64) -> [u8; 16] {
    let mut id = [0x1d; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id
}

/// A digest or a pseudonym.
pub fn digest(number: u64) -> [u8; 32] {
    let mut digest = [0xd1; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    digest
}

/// Any bytes at all, these ones for this number.
pub fn bytes(number: u64) -> Vec<u8> {
    [&[0x00, 0xff, b'\'', b'\\'][..], &number.to_le_bytes()].concat()
}

/// A subject known by one identifier, `digest(number)`, whose traces are sealed under `id(1_000_000 + number)`.
pub fn subject(number: u64) -> SubjectWithIdentifiers {
    SubjectWithIdentifiers { id: id(number), trace_key: trace_key(number), pseudonyms: vec![digest(number)] }
}

pub fn trace_key(number: u64) -> [u8; 16] {
    id(1_000_000 + number)
}

pub fn consent(number: u64) -> Consent {
    Consent {
        id: consent_id(number),
        consumer: "cnaf".parse().unwrap(),
        dataset: DatasetId::parse("declared-turnover").unwrap(),
        purpose: Purpose::NonTakeUp,
        granted_at: Timestamp::from_microsecond(NOW).unwrap(),
        expires_at: None,
        withdrawn_at: None,
        granted_by: "portail".parse().unwrap(),
        evidence_digest: digest(number),
    }
}

pub fn consent_id(number: u64) -> ConsentId {
    ConsentId(uuid::Uuid::from_bytes(id(number)))
}

/// An entry without a personal part.
pub fn entry(index: u64) -> EntryRow {
    EntryRow { index, leaf_hash: digest(index), leaf: bytes(index), personal: None }
}

/// An entry about that subject.
pub fn entry_about(index: u64, subject: u64) -> EntryRow {
    EntryRow { personal: Some((trace_key(subject), bytes(index))), ..entry(index) }
}

pub fn tile(level: u8, index: u64) -> TileRow {
    TileRow { level, index, hashes: digest(index).repeat(256), root: digest(index + 1) }
}

pub fn index_row(index: u64) -> IndexRow {
    IndexRow {
        index,
        recorded_at: NOW,
        kind: 1,
        outcome: 1,
        reason: String::new(),
        consumer: "cnaf".to_owned(),
        provider: "dgfip".to_owned(),
        local_body: String::new(),
        dataset: "declared-turnover".to_owned(),
        purpose: 2,
    }
}

/// The first revision of record `number`, which hangs on that subject and has a key of its own.
pub fn revision(number: u64, subject: u64) -> RevisionRow {
    RevisionRow {
        record: id(number),
        subject: id(subject),
        dataset: "declared-turnover".to_owned(),
        provider: "dgfip".to_owned(),
        selector: digest(number),
        traits: None,
        held: HeldRevision {
            record: id(number),
            discriminator: digest(0),
            number: 1,
            provider_recorded_at: LONG_AGO,
            learned_at: NOW,
            change: None,
            payload_key: id(number),
            sealed: bytes(number),
        },
    }
}

/// The question that finds [`revision`].
pub fn asked(number: u64, root: u64) -> RecordAsked {
    let RevisionRow { dataset, provider, selector, .. } = revision(number, root);
    RecordAsked { root: id(root), dataset, provider, selector }
}

pub fn publication(number: u64) -> PublicationRow {
    PublicationRow {
        agency: "dgfip".to_owned(),
        publication_id: format!("publication {number}"),
        content: digest(number),
        dataset: "declared-turnover".to_owned(),
        record: id(number),
        revision: 1,
        kind: 1,
        entry: Some((0, number)),
        item_index: 3,
        item_path: vec![digest(1), digest(2), digest(3)],
        published_at: NOW,
    }
}

pub fn claim(number: u64) -> RequestClaim {
    RequestClaim {
        agency: "cnaf".to_owned(),
        request_id: format!("request {number:04}"),
        content: digest(number),
        slot: 0,
        index: number,
        held: Some((id(number), 1)),
        live: None,
        claimed_at: NOW,
    }
}

pub fn key(number: u64) -> KeyRow {
    KeyRow {
        id: id(number),
        subject: Some(id(number)),
        label: None,
        usage: 1,
        master_epoch: 1,
        wrapped: bytes(number),
        created_at: NOW,
    }
}

pub fn registry_version(version: u64) -> RegistryVersionRow {
    RegistryVersionRow { version, applied_at: NOW, applied_by: "dinum/registry".to_owned() }
}

/// An item by its noun, identifier and body.
pub fn registry_item((noun, id, body): (&str, &str, &str)) -> RegistryItemRow {
    RegistryItemRow { noun: noun.to_owned(), id: id.to_owned(), body: body.to_owned() }
}

/// The number of a subject whose events are in that partition.
pub fn in_partition(partition: u8, number: u64) -> u64 {
    (u64::from(partition) << 56) | number
}

/// An event about the record and the subject of one number.
pub fn event(number: u64, subject: u64) -> NewEvent {
    NewEvent {
        id: id(number),
        subject: id(subject),
        root: id(subject),
        dataset: "declared-turnover".to_owned(),
        provider: "dgfip".to_owned(),
        record: id(number),
        revision: 1,
        kind: 1,
        changed: vec![1, 3, 300],
        traceparent: None,
    }
}

pub fn subscription(number: u64) -> SubscriptionRow {
    SubscriptionRow {
        id: id(number),
        agency: "cnaf".to_owned(),
        name: format!("subscription {number:04}"),
        agreement: "a-1".to_owned(),
        kinds: vec![1, 2],
        fields: vec![1, 300],
        whole_population: false,
        state: 1,
        retention: DAY,
        redelivery: 30_000_000,
        attempts_max: 5,
        created_at: NOW,
    }
}

/// A day, in microseconds.
pub const DAY: i64 = 86_400_000_000;

pub fn attempt(subscription: u64, place: EventPlace) -> AttemptRow {
    AttemptRow { subscription: id(subscription), place, attempts: 2, last_at: NOW, reason: "no answer".to_owned() }
}

pub fn dead_letter(subscription: u64, place: EventPlace) -> NewDeadLetter {
    NewDeadLetter { subscription: id(subscription), place, attempts: 5, reason: "no answer".to_owned(), at: NOW }
}

/// A dossier of the CNAF on that subject, open until tomorrow.
pub fn dossier(subject: u64) -> DossierRow {
    DossierRow {
        agency: "cnaf".to_owned(),
        subject: id(subject),
        reason: "reason".to_owned(),
        opened_at: NOW,
        until: NOW + DAY,
        closed_at: None,
    }
}
