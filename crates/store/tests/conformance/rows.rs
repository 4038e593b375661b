//! Rows that are invented: each is different for each number, and the same each time.

use jiff::Timestamp;
use unefois_core::{
    Attempted, Consent, ConsentId, DatasetId, DeadLetter, DeadLetterCause, EventId, EventKind, FieldNumbers, Filter,
    ImpersonalCode, NewSubscription, Partition, Place, Position, Purpose, Reach, SubjectId, SubjectKind, Subscription,
    SubscriptionId, SubscriptionState, SubscriptionTerms,
};
use unefois_store::{
    DossierRow, EntryRow, HeldRevision, IndexRow, KeyRow, NewEvent, PublicationRow, RecordAsked, RegistryItemRow,
    RegistryVersionRow, RequestClaim, RevisionRow, SubjectWithIdentifiers, TileRow,
};
use uuid::Uuid;

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
        id: event_id(number),
        subject: id(subject),
        root: id(subject),
        about: SubjectKind::NaturalPerson,
        dataset: "declared-turnover".to_owned(),
        provider: "dgfip".to_owned(),
        record: id(number),
        revision: 1,
        kind: EventKind::Created,
        changed: fields(&[1, 3, 63]),
        traceparent: None,
    }
}

pub fn event_id(number: u64) -> EventId {
    EventId(Uuid::from_bytes(id(number)))
}

pub fn fields(numbers: &[u32]) -> FieldNumbers {
    FieldNumbers::of(numbers.iter().copied()).unwrap()
}

pub fn place(partition: usize, position: u64) -> Place {
    Place { partition: Partition::numbered(partition).unwrap(), position: Position(position) }
}

pub fn subscription_id(number: u64) -> SubscriptionId {
    SubscriptionId(Uuid::from_bytes(id(number)))
}

pub fn subscription(number: u64) -> Subscription {
    Subscription {
        id: subscription_id(number),
        agency: "cnaf".parse().unwrap(),
        asked: NewSubscription {
            name: format!("subscription-{number:04}").parse().unwrap(),
            agreement: "a-1".parse().unwrap(),
            filter: Filter {
                kinds: [EventKind::Created, EventKind::Revised].into(),
                fields: ["siren", "turnover"].map(Into::into).into(),
            },
            reach: Reach::OpenDossiers,
            terms: SubscriptionTerms {
                retention_days: 1,
                redelivery_after: jiff::SignedDuration::from_secs(30),
                attempts_max: 5,
            },
        },
        state: SubscriptionState::Active,
        created_at: Timestamp::from_microsecond(NOW).unwrap(),
    }
}

/// A subscription for which events are kept that many days.
pub fn keeping(number: u64, retention_days: u16) -> Subscription {
    let mut subscription = subscription(number);
    subscription.asked.terms.retention_days = retention_days;
    subscription
}

/// A day, in microseconds.
pub const DAY: i64 = 86_400_000_000;

pub fn no_answer() -> ImpersonalCode {
    ImpersonalCode::parse("no-answer").unwrap()
}

pub fn attempt(place: Place) -> Attempted {
    let last_at = Timestamp::from_microsecond(NOW).unwrap();
    Attempted { place, attempts: 2, last_at, rejected: Some(no_answer()) }
}

/// A dead letter of the event and about the subject of these numbers.
pub fn dead_letter(place: Place, event: u64, subject: u64) -> DeadLetter {
    let (event, subject) = (event_id(event), SubjectId(Uuid::from_bytes(id(subject))));
    DeadLetter { event, place, subject, attempts: 5, cause: DeadLetterCause::Rejected(no_answer()) }
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
