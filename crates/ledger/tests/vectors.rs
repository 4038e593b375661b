//! The golden bytes in `tests/vectors`: made by other implementations, and never to change.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::HashMap;

use prost::Message;
use unefois_ledger::{
    Change, Checkpoint, Delivery, DossierTerms, Entry, EntryKind, ExportWriter, Hash, Operation, Outcome,
    PersonalOpening, PersonalPart, PublicPart, Publication, PublishedItem, Purpose, Receipt, Report, SigningKey,
    Source, Tree, VerifyingKey, commit, decode_leaf, decode_personal, leaf_hash, root_of, verify_export,
};

const ENTRY: &str = include_str!("../../../tests/vectors/entry.txt");
const RECEIPT: &str = include_str!("../../../tests/vectors/receipt.txt");
const EXPORT: &str = include_str!("../../../tests/vectors/export.txt");
const CHECKPOINT: &str = include_str!("../../../tests/vectors/checkpoint.note");
const VKEY: &str = include_str!("../../../tests/vectors/checkpoint.vkey");

/// The seed of RFC 8032 section 7.1, test 1.
const SEED: [u8; 32] = [
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5,
    0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];

struct Vectors(HashMap<&'static str, Vec<u8>>);

impl Vectors {
    fn parse(text: &'static str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(lines.map(|line| line.split_once(' ').unwrap()).map(|(k, v)| (k, unhex(v))).collect())
    }

    fn get(&self, name: &str) -> &[u8] {
        &self.0[name]
    }

    fn array(&self, name: &str) -> [u8; 32] {
        self.get(name).try_into().unwrap()
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// `count` bytes: `first`, `first + 1` …
fn run(first: u8, count: u8) -> Vec<u8> {
    (first..first + count).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn exchange() -> PublicPart {
    PublicPart {
        format: 1,
        entry_id: run(0, 16),
        recorded_at_micros: 1_767_225_600_000_001,
        kind: EntryKind::Repeat.into(),
        outcome: Outcome::Released.into(),
        reason: String::new(),
        authority_epoch: 9,
        caller_agency: "cnaf".into(),
        caller_system: "guichet".into(),
        consumer: "cnaf".into(),
        provider: "urssaf".into(),
        local_body: "caf-751".into(),
        dataset: "declared-turnover".into(),
        dataset_major: 1,
        operation: Operation::Pull.into(),
        purpose: Purpose::Simplification.into(),
        legal_basis: "crpa-l114-8-i".into(),
        agreement: "cnaf-turnover".into(),
        policy_digest: run(0xc0, 32),
        released_fields: names(&["period", "sale_of_goods"]),
        withheld_fields: names(&["declared_with_doubt"]),
        source: Source::Held.into(),
        repeats: run(0x10, 16),
        publication: None,
        change: None,
        method: String::new(),
        delivery: None,
    }
}

fn personal(vectors: &Vectors) -> PersonalPart {
    PersonalPart {
        subject_pseudonym: run(0x20, 32),
        record_id: run(0x40, 16),
        revision: 3,
        natural_key: unhex("0a03323032"),
        case_reference: "DOSSIER-2026-0042".into(),
        agent_reference: "agent-17".into(),
        request_id: "0197a5c0-0000-7000-8000-000000000001".into(),
        consent_id: run(0x50, 16),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
        payload_commitment: vectors.get("exchange.payload_commitment").to_vec(),
        payload_blind: run(0x80, 32),
        query: unhex("0a01"),
        evidence_digest: run(0x60, 32),
        event_id: Vec::new(),
        dossier: None,
    }
}

fn access() -> PublicPart {
    PublicPart {
        format: 1,
        entry_id: run(1, 16),
        recorded_at_micros: -1,
        kind: EntryKind::Access.into(),
        outcome: Outcome::Refused.into(),
        reason: "ROLE_REQUIRED".into(),
        authority_epoch: 9,
        caller_agency: "opco-exemple".into(),
        caller_system: "portail".into(),
        method: "/unefois.audit.v1.AuditService/SearchExchanges".into(),
        ..PublicPart::default()
    }
}

fn publication(root: Hash) -> PublicPart {
    PublicPart {
        format: 1,
        entry_id: run(2, 16),
        recorded_at_micros: 1_767_225_600_000_002,
        kind: EntryKind::Publication.into(),
        outcome: Outcome::Accepted.into(),
        caller_agency: "urssaf".into(),
        caller_system: "flux".into(),
        provider: "urssaf".into(),
        dataset: "declared-turnover".into(),
        dataset_major: 1,
        publication: Some(Publication { count: 2, root: root.into() }),
        ..PublicPart::default()
    }
}

fn change() -> PublicPart {
    PublicPart {
        format: 1,
        entry_id: run(3, 16),
        recorded_at_micros: 1_767_225_600_000_003,
        kind: EntryKind::Registry.into(),
        outcome: Outcome::Accepted.into(),
        authority_epoch: 10,
        caller_agency: "dinum".into(),
        caller_system: "ops".into(),
        change: Some(Change {
            noun: "agreement".into(),
            id: "cnaf-turnover".into(),
            verb: "suspend".into(),
            version: 4,
            digest: run(0xd0, 32),
        }),
        ..PublicPart::default()
    }
}

fn delivery() -> PublicPart {
    PublicPart {
        entry_id: run(4, 16),
        kind: EntryKind::Delivery.into(),
        operation: Operation::Push.into(),
        delivery: Some(Delivery { subscription_id: run(0xe0, 16), attempt: 2 }),
        ..exchange()
    }
}

fn delivery_personal(vectors: &Vectors) -> PersonalPart {
    PersonalPart {
        subject_pseudonym: run(0x20, 32),
        record_id: run(0x40, 16),
        revision: 3,
        payload_commitment: vectors.get("exchange.payload_commitment").to_vec(),
        payload_blind: run(0x80, 32),
        event_id: run(0x30, 16),
        ..PersonalPart::default()
    }
}

fn dossier() -> PublicPart {
    PublicPart {
        format: 1,
        entry_id: run(5, 16),
        recorded_at_micros: 1_767_225_600_000_005,
        kind: EntryKind::Dossier.into(),
        outcome: Outcome::Accepted.into(),
        caller_agency: "cnaf".into(),
        caller_system: "guichet".into(),
        consumer: "cnaf".into(),
        change: Some(Change { noun: "dossier".into(), verb: "open".into(), ..Change::default() }),
        ..PublicPart::default()
    }
}

fn dossier_personal() -> PersonalPart {
    PersonalPart {
        subject_pseudonym: run(0x20, 32),
        case_reference: "DOSSIER-2026-0042".into(),
        dossier: Some(DossierTerms { reason: "benefit-claim".into(), last_day: "2026-12-31".into() }),
        ..PersonalPart::default()
    }
}

fn subscription() -> PublicPart {
    PublicPart {
        format: 1,
        entry_id: run(6, 16),
        recorded_at_micros: 1_767_225_600_000_006,
        kind: EntryKind::Subscription.into(),
        outcome: Outcome::Accepted.into(),
        caller_agency: "cnaf".into(),
        caller_system: "guichet".into(),
        consumer: "cnaf".into(),
        agreement: "cnaf-turnover".into(),
        change: Some(Change {
            noun: "subscription".into(),
            id: "e0e1e2e3-e4e5-e6e7-e8e9-eaebecedeeef".into(),
            verb: "create".into(),
            version: 0,
            digest: run(0xd0, 32),
        }),
        ..PublicPart::default()
    }
}

fn leaves(vectors: &Vectors) -> Vec<Vec<u8>> {
    let names = ["exchange.leaf", "access.leaf", "publication.leaf", "change.leaf"];
    names.iter().map(|name| vectors.get(name).to_vec()).collect()
}

fn leaf_hashes(vectors: &Vectors) -> Vec<Hash> {
    leaves(vectors).iter().map(|leaf| leaf_hash(leaf)).collect()
}

fn key() -> SigningKey {
    SigningKey::from_seed("hub.example/shard/0", &SEED).unwrap()
}

fn verifying_key() -> VerifyingKey {
    VKEY.trim_end().parse().unwrap()
}

#[test]
fn an_exchange_with_every_field_has_its_golden_bytes() {
    let vectors = Vectors::parse(ENTRY);
    let blind = vectors.array("exchange.personal_blind");
    let part = personal(&vectors).encode_to_vec();
    assert_eq!(part, vectors.get("exchange.personal_part"));
    assert_eq!(exchange().encode_to_vec(), vectors.get("exchange.public_part"));
    assert_eq!(commit(&blind, &part), vectors.array("exchange.personal_hash"));
    let leaf = Entry::leaf_bytes(&exchange(), Some(PersonalOpening { blind: &blind, part: &part }));
    assert_eq!(leaf, vectors.get("exchange.leaf"));
    assert_eq!(leaf_hash(&leaf).0, vectors.array("exchange.leaf_hash"));
}

#[test]
fn a_payload_has_its_golden_commitment() {
    let vectors = Vectors::parse(ENTRY);
    let blind = vectors.array("exchange.payload_blind");
    let commitment = commit(&blind, vectors.get("exchange.payload"));
    assert_eq!(commitment, vectors.array("exchange.payload_commitment"));
}

#[test]
fn a_refused_access_has_its_golden_bytes_and_no_personal_part() {
    let vectors = Vectors::parse(ENTRY);
    assert_eq!(access().encode_to_vec(), vectors.get("access.public_part"));
    let leaf = Entry::leaf_bytes(&access(), None);
    assert_eq!(leaf, vectors.get("access.leaf"));
    assert_eq!(leaf_hash(&leaf).0, vectors.array("access.leaf_hash"));
}

#[test]
fn a_publication_has_its_golden_root_and_bytes() {
    let vectors = Vectors::parse(ENTRY);
    let items = [(0x40, 1, 0x70), (0x41, 300, 0x71)].map(|(id, revision, commitment)| {
        let (record_id, commitment) = (run(id, 16), run(commitment, 32));
        PublishedItem { record_id, revision, commitment }.encode_to_vec()
    });
    assert_eq!(items[0], vectors.get("publication.item.0"));
    assert_eq!(items[1], vectors.get("publication.item.1"));
    let root = root_of(&items.map(|item| leaf_hash(&item)));
    assert_eq!(root.0, vectors.array("publication.root"));
    assert_eq!(publication(root).encode_to_vec(), vectors.get("publication.public_part"));
    let leaf = Entry::leaf_bytes(&publication(root), None);
    assert_eq!(leaf, vectors.get("publication.leaf"));
    assert_eq!(leaf_hash(&leaf).0, vectors.array("publication.leaf_hash"));
}

#[test]
fn a_change_has_its_golden_bytes() {
    let vectors = Vectors::parse(ENTRY);
    assert_eq!(change().encode_to_vec(), vectors.get("change.public_part"));
    let leaf = Entry::leaf_bytes(&change(), None);
    assert_eq!(leaf, vectors.get("change.leaf"));
    assert_eq!(leaf_hash(&leaf).0, vectors.array("change.leaf_hash"));
}

#[test]
fn a_delivery_a_dossier_and_a_subscription_have_their_golden_bytes() {
    let vectors = Vectors::parse(ENTRY);
    let parts = [
        ("delivery", delivery(), Some(delivery_personal(&vectors))),
        ("dossier", dossier(), Some(dossier_personal())),
        ("subscription", subscription(), None),
    ];
    let blind = vectors.array("exchange.personal_blind");
    for (name, public, personal) in parts {
        let golden = |part: &str| vectors.get(&format!("{name}.{part}"));
        assert_eq!(public.encode_to_vec(), golden("public_part"), "{name}");
        let part = personal.as_ref().map(Message::encode_to_vec);
        if let (Some(part), Some(personal)) = (&part, &personal) {
            assert_eq!(part, golden("personal_part"), "{name}");
            assert_eq!(decode_personal(part).unwrap(), *personal);
        }
        let opening = part.as_ref().map(|part| PersonalOpening { blind: &blind, part });
        let leaf = Entry::leaf_bytes(&public, opening);
        assert_eq!(leaf, golden("leaf"), "{name}");
        assert_eq!(leaf_hash(&leaf).0, vectors.array(&format!("{name}.leaf_hash")), "{name}");
        assert_eq!(decode_leaf(&leaf).unwrap().1, public);
    }
}

#[test]
fn golden_bytes_read_back_field_by_field() {
    let vectors = Vectors::parse(ENTRY);
    let (entry, public) = decode_leaf(vectors.get("exchange.leaf")).unwrap();
    assert_eq!(public, exchange());
    assert_eq!(entry.personal_hash, vectors.get("exchange.personal_hash"));
    let part = decode_personal(vectors.get("exchange.personal_part")).unwrap();
    assert_eq!(part, personal(&vectors));
    assert_eq!(decode_leaf(vectors.get("access.leaf")).unwrap().1, access());
    assert_eq!(decode_leaf(vectors.get("change.leaf")).unwrap().1, change());
}

#[test]
fn the_key_and_the_checkpoint_have_their_golden_text() {
    assert_eq!(key().verifying_key(), verifying_key());
    assert_eq!(verifying_key().to_string(), VKEY.trim_end());
    let head = Tree::empty().append(&leaf_hashes(&Vectors::parse(ENTRY))).head();
    assert_eq!(key().sign(head), CHECKPOINT);
    let opened = Checkpoint::open(CHECKPOINT, &verifying_key()).unwrap();
    assert_eq!(opened, Checkpoint { origin: "hub.example/shard/0".into(), head });
}

#[test]
fn the_golden_export_is_written_and_verified() {
    let vectors = Vectors::parse(ENTRY);
    let mut writer = ExportWriter::begin(Vec::new()).unwrap();
    for (index, leaf) in (0..).zip(leaves(&vectors)) {
        writer.entry(index, leaf_hash(&leaf), &leaf).unwrap();
    }
    assert_eq!(writer.finish(CHECKPOINT).unwrap(), EXPORT.as_bytes());
    let checkpoint = Checkpoint::open(CHECKPOINT, &verifying_key()).unwrap();
    let report = verify_export(EXPORT.as_bytes(), &verifying_key(), None).unwrap();
    assert_eq!(report, Report { checkpoint, unchanged: None });
}

#[test]
fn the_golden_receipt_verifies_with_its_payload() {
    let vectors = Vectors::parse(RECEIPT);
    let receipt = Receipt {
        entry: vectors.get("entry").to_vec(),
        index: 0,
        personal_blind: vectors.get("personal_blind").to_vec(),
        personal_part: vectors.get("personal_part").to_vec(),
        inclusion_path: vec![Hash(vectors.array("inclusion_path.0")), Hash(vectors.array("inclusion_path.1"))],
        checkpoint: String::from_utf8(vectors.get("checkpoint").to_vec()).unwrap(),
    };
    let verified = receipt.verify(&verifying_key()).unwrap();
    assert_eq!(verified.public, exchange());
    let entry = Vectors::parse(ENTRY);
    assert_eq!(verified.personal, Some(personal(&entry)));
    verified.verify_payload(entry.get("exchange.payload")).unwrap();
}
