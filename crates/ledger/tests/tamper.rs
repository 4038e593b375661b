//! Whatever is changed in what leaves the hub, or in what it stores, is found.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use proptest::{prelude::*, sample::Index};
use prost::Message;
use unefois_ledger::{
    Checkpoint, Entry, EntryKind, ExportWriter, Finding, Hash, InvalidEdge, InvalidPayload, InvalidReceipt, Outcome,
    PersonalOpening, PersonalPart, PublicPart, Receipt, SigningKey, Tree, TreeHead, VerifyingKey, commit, leaf_hash,
    tile_root, verify_export, verify_export_of_hub,
};

const PAYLOAD: &[u8] = b"the turnover of Marie";
const PAYLOAD_BLIND: [u8; 32] = [3; 32];
const PERSONAL_BLIND: [u8; 32] = [5; 32];

/// A shard of a few entries, with everything that was ever given out about it.
struct Shard {
    leaves: Vec<Vec<u8>>,
    checkpoint: String,
}

impl Shard {
    fn of(size: u8) -> Self {
        let leaves: Vec<_> = (0..size).map(leaf).collect();
        let checkpoint = key().sign(head(&leaves));
        Self { leaves, checkpoint }
    }

    fn receipt(&self, index: u8) -> Receipt {
        let appended = Tree::empty().append(&hashes(&self.leaves));
        Receipt {
            entry: self.leaves[usize::from(index)].clone(),
            index: index.into(),
            personal_blind: PERSONAL_BLIND.to_vec(),
            personal_part: personal_part(),
            inclusion_path: appended.inclusion_path(index.into()).unwrap(),
            checkpoint: self.checkpoint.clone(),
        }
    }

    fn export(&self) -> Vec<u8> {
        let mut writer = ExportWriter::begin(Vec::new()).unwrap();
        for (index, leaf) in (0..).zip(&self.leaves) {
            writer.entry(index, leaf_hash(leaf), leaf).unwrap();
        }
        writer.finish(&self.checkpoint).unwrap()
    }

    /// The lines of the export, from the header to the end, each with its line feed.
    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.export()).unwrap();
        text.split_inclusive('\n').map(str::to_owned).collect()
    }
}

fn key() -> SigningKey {
    SigningKey::from_seed("hub.example/shard/0", &[9; 32]).unwrap()
}

fn public_key() -> VerifyingKey {
    key().verifying_key()
}

fn personal_part() -> Vec<u8> {
    let personal = PersonalPart {
        subject_pseudonym: vec![1; 32],
        case_reference: "DOSSIER-1".into(),
        payload_commitment: commit(&PAYLOAD_BLIND, PAYLOAD).to_vec(),
        payload_blind: PAYLOAD_BLIND.to_vec(),
        ..PersonalPart::default()
    };
    personal.encode_to_vec()
}

fn leaf(number: u8) -> Vec<u8> {
    let public = PublicPart {
        format: 1,
        entry_id: vec![number; 16],
        recorded_at_micros: 1_767_225_600_000_000 + i64::from(number),
        kind: EntryKind::Exchange.into(),
        outcome: Outcome::Released.into(),
        consumer: "cnaf".into(),
        ..PublicPart::default()
    };
    let opening = PersonalOpening { blind: &PERSONAL_BLIND, part: &personal_part() };
    Entry::leaf_bytes(&public, Some(opening))
}

fn hashes(leaves: &[Vec<u8>]) -> Vec<Hash> {
    leaves.iter().map(|leaf| leaf_hash(leaf)).collect()
}

fn head(leaves: &[Vec<u8>]) -> TreeHead {
    Tree::empty().append(&hashes(leaves)).head()
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

fn found(lines: &[String]) -> Finding {
    verify_export(lines.concat().as_bytes(), &public_key(), None).unwrap_err()
}

/// Changes one bit of a receipt, counted over all of its fields; `None` when the change leaves no text.
fn flip_receipt(mut receipt: Receipt, at: Index) -> Option<Receipt> {
    let mut index = receipt.index.to_be_bytes();
    let mut checkpoint = receipt.checkpoint.into_bytes();
    let mut fields: Vec<&mut [u8]> =
        vec![&mut receipt.entry, &mut index, &mut receipt.personal_blind, &mut receipt.personal_part, &mut checkpoint];
    fields.extend(receipt.inclusion_path.iter_mut().map(|hash| &mut hash.0[..]));
    let mut bit = at.index(fields.iter().map(|field| field.len() * 8).sum());
    for field in fields {
        if bit < field.len() * 8 {
            flip(field, bit);
            break;
        }
        bit -= field.len() * 8;
    }
    receipt.index = u64::from_be_bytes(index);
    receipt.checkpoint = String::from_utf8(checkpoint).ok()?;
    Some(receipt)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_flipped_bit_of_a_receipt_is_found(size in 1_u8..9, which: Index, at: Index) {
        let receipt = Shard::of(size).receipt(which.index(size.into()) as u8);
        if let Some(changed) = flip_receipt(receipt, at) {
            prop_assert!(changed.verify(&public_key()).is_err());
        }
    }

    #[test]
    fn any_flipped_bit_of_a_payload_is_found(at: Index) {
        let verified = Shard::of(1).receipt(0).verify(&public_key()).unwrap();
        prop_assert_eq!(verified.verify_payload(PAYLOAD), Ok(()));
        let mut changed = PAYLOAD.to_vec();
        flip(&mut changed, at.index(PAYLOAD.len() * 8));
        prop_assert_eq!(verified.verify_payload(&changed), Err(InvalidPayload::Changed));
    }

    #[test]
    fn any_flipped_bit_of_an_export_is_found(size in 0_u8..9, at: Index) {
        let mut export = Shard::of(size).export();
        let bits = export.len() * 8;
        flip(&mut export, at.index(bits));
        let finding = verify_export(export.as_slice(), &public_key(), None).unwrap_err();
        let unread = matches!(finding, Finding::Unread { .. });
        prop_assert!(!unread);
    }

    #[test]
    fn an_export_cut_anywhere_is_found(size in 0_u8..9, at: Index) {
        let export = Shard::of(size).export();
        let cut = &export[..at.index(export.len())];
        prop_assert!(verify_export(cut, &public_key(), None).is_err());
    }

    #[test]
    fn any_flipped_bit_of_a_tile_changes_its_root(at: Index) {
        let leaves: Vec<_> = (0_u32..256).map(|leaf| leaf_hash(&leaf.to_be_bytes())).collect();
        let mut tile = Tree::empty().append(&leaves).tiles().remove(0);
        flip(&mut tile.hashes, at.index(8192 * 8));
        prop_assert_ne!(tile_root(&tile.hashes).unwrap(), tile.root);
    }

    #[test]
    fn any_flipped_bit_of_a_stored_edge_is_found(size in 1_usize..1000, at: Index) {
        let leaves: Vec<_> = (0..size).map(|leaf| leaf_hash(&leaf.to_be_bytes())).collect();
        let appended = Tree::empty().append(&leaves);
        let head = appended.head();
        let full = size / 256;
        let below: Vec<_> = appended.tiles().iter().map(|tile| tile.root).collect();
        let edges = [leaves[full * 256..].to_vec(), below];
        let mut edge: Vec<_> = edges.into_iter().filter(|hashes| !hashes.is_empty()).collect();
        prop_assert!(Tree::restore(head, &edge).is_ok());
        let count: usize = edge.iter().map(Vec::len).sum();
        let bit = at.index(count * 256);
        flip(&mut edge.iter_mut().flatten().nth(bit / 256).unwrap().0, bit % 256);
        let found = matches!(Tree::restore(head, &edge), Err(InvalidEdge::Root { .. }));
        prop_assert!(found);
    }
}

#[test]
fn what_was_not_changed_verifies() {
    for size in 1..9 {
        let shard = Shard::of(size);
        verify_export(shard.export().as_slice(), &public_key(), None).unwrap();
        for index in 0..size {
            let verified = shard.receipt(index).verify(&public_key()).unwrap();
            assert_eq!(verified.public.entry_id, [index; 16]);
        }
    }
}

#[test]
fn a_changed_entry_is_named() {
    let mut lines = Shard::of(20).lines();
    lines[18] = lines[18].replace(&lines[18][60..], &lines[19][60..]);
    let finding = found(&lines);
    assert_eq!(finding.to_string(), "entry 17 was changed: its bytes do not hash to the leaf recorded beside it");
}

#[test]
fn an_entry_changed_together_with_its_hash_is_found_by_the_root() {
    let mut shard = Shard::of(20);
    shard.leaves[17] = leaf(99);
    assert!(matches!(found(&shard.lines()), Finding::Root { .. }));
}

#[test]
fn removed_and_moved_entries_are_named() {
    let mut removed = Shard::of(5).lines();
    removed.remove(3);
    assert!(matches!(found(&removed), Finding::Misplaced { due: 2, found: 3 }));
    let mut moved = Shard::of(5).lines();
    moved.swap(2, 4);
    assert!(matches!(found(&moved), Finding::Misplaced { due: 1, found: 3 }));
    let mut doubled = Shard::of(5).lines();
    doubled.insert(2, doubled[1].clone());
    assert!(matches!(found(&doubled), Finding::Misplaced { due: 1, found: 0 }));
}

#[test]
fn entries_cut_from_the_end_or_added_there_are_counted() {
    let mut cut = Shard::of(5).lines();
    cut.remove(5);
    assert!(matches!(found(&cut), Finding::Count { held: 4, covered: 5 }));
    let mut added = Shard::of(5).lines();
    added.insert(6, Shard::of(6).lines()[6].clone());
    assert!(matches!(found(&added), Finding::Count { held: 6, covered: 5 }));
    let ended = &Shard::of(5).lines()[..6];
    assert!(matches!(found(ended), Finding::Truncated { entries: 5 }));
}

#[test]
fn a_file_that_is_no_export_is_refused() {
    for text in ["", "\n", "unefois-ledger-export 2\n", "something else"] {
        assert!(matches!(found(&[text.to_owned()]), Finding::Header), "{text:?}");
    }
    let endless = vec![b'x'; 2 << 20];
    let finding = verify_export(endless.as_slice(), &public_key(), None).unwrap_err();
    assert!(matches!(finding, Finding::Header));
}

#[test]
fn lines_have_one_form_only() {
    let good = Shard::of(2).lines();
    for (from, to) in [("entry 1", "entry 01"), ("entry 1", "entry +1"), ("\n", "\r\n"), ("\n", " \n")] {
        let mut lines = good.clone();
        lines[2] = lines[2].replace(from, to);
        assert!(matches!(found(&lines), Finding::Malformed { line: 3 }), "{from} → {to:?}");
    }
}

#[test]
fn a_leaf_that_is_no_entry_is_named() {
    let mut shard = Shard::of(2);
    shard.leaves[1] = b"not an entry".to_vec();
    assert!(matches!(found(&shard.lines()), Finding::Unreadable { index: 1, .. }));
}

#[test]
fn a_checkpoint_by_another_key_is_refused() {
    let stranger = SigningKey::from_seed("hub.example/shard/0", &[8; 32]).unwrap();
    let mut shard = Shard::of(3);
    shard.checkpoint = stranger.sign(head(&shard.leaves));
    assert!(matches!(found(&shard.lines()), Finding::Checkpoint(_)));
}

/// Verifies the export of a shard of 5 entries against an earlier checkpoint.
fn against(origin: &str, earlier: TreeHead) -> Result<Option<u64>, Finding> {
    let earlier = Checkpoint { origin: origin.into(), head: earlier };
    verify_export(Shard::of(5).export().as_slice(), &public_key(), Some(&earlier)).map(|report| report.unchanged)
}

#[test]
fn an_export_continues_every_earlier_checkpoint() {
    for size in 0..=5 {
        let earlier = head(&Shard::of(size).leaves);
        let unchanged = against("hub.example/shard/0", earlier).unwrap();
        assert_eq!(unchanged, Some(size.into()));
    }
}

#[test]
fn rewritten_history_is_found_although_it_is_signed() {
    let other = TreeHead { size: 3, root: leaf_hash(b"what was there before") };
    let result = against("hub.example/shard/0", other);
    assert!(matches!(result, Err(Finding::Rewritten { earlier: 3 })));
    let longer = head(&Shard::of(6).leaves);
    let result = against("hub.example/shard/0", longer);
    assert!(matches!(result, Err(Finding::Shrunk { earlier: 6, found: 5 })));
    let result = against("hub.example/shard/1", head(&Shard::of(3).leaves));
    assert!(matches!(result, Err(Finding::OtherShard { .. })));
}

#[test]
fn with_one_public_key_every_shard_of_the_hub_is_verified_and_compared_with_its_own_earlier_checkpoints() {
    let name = |slot: u32| unefois_ledger::shard_origin("hub.example", slot);
    let earlier: Vec<Checkpoint> =
        [2_u8, 3, 9].map(|size| Checkpoint { origin: name(size.into()), head: head(&Shard::of(size).leaves) }).into();
    let of_slot = |slot: u32, seed: u8| {
        let mut shard = Shard::of(5);
        shard.checkpoint = SigningKey::from_seed(&name(slot), &[seed; 32]).unwrap().sign(head(&shard.leaves));
        verify_export_of_hub(shard.export().as_slice(), &public_key(), &earlier)
    };
    for (slot, unchanged) in [(0, None), (2, Some(2)), (3, Some(3)), (10, None)] {
        let report = of_slot(slot, 9).unwrap();
        assert_eq!((report.checkpoint.origin, report.unchanged), (name(slot), unchanged));
    }
    assert!(matches!(of_slot(9, 9), Err(Finding::Shrunk { earlier: 9, found: 5 })));
    assert!(matches!(of_slot(2, 8), Err(Finding::Checkpoint(_))), "another hub's key");
    assert!(matches!(
        verify_export(Shard::of(5).export().as_slice(), &public_key().of_origin(&name(1)).unwrap(), None),
        Err(Finding::Checkpoint(_))
    ));
}

#[test]
fn a_receipt_of_another_shard_verifies_under_the_key_of_the_hub() {
    let shard = |seed: u8| {
        let mut shard = Shard::of(4);
        let key = SigningKey::from_seed("hub.example/shard/1", &[seed; 32]).unwrap();
        shard.checkpoint = key.sign(head(&shard.leaves));
        shard
    };
    let verified = shard(9).receipt(2).verify(&public_key()).unwrap();
    assert_eq!(verified.checkpoint.origin, "hub.example/shard/1");
    assert!(matches!(shard(8).receipt(2).verify(&public_key()), Err(InvalidReceipt::Checkpoint(_))));
}

#[test]
fn a_receipt_without_the_personal_part_of_its_entry_is_refused() {
    let mut receipt = Shard::of(3).receipt(1);
    receipt.personal_part.clear();
    receipt.personal_blind.clear();
    let result = receipt.verify(&public_key());
    assert!(matches!(result, Err(InvalidReceipt::PersonalHash)));
}

#[test]
fn nothing_can_be_added_to_an_entry_without_a_personal_part() {
    let public = PublicPart {
        format: 1,
        entry_id: vec![1; 16],
        kind: EntryKind::Access.into(),
        outcome: Outcome::Refused.into(),
        ..PublicPart::default()
    };
    let entry = Entry::leaf_bytes(&public, None);
    let head = TreeHead { size: 1, root: leaf_hash(&entry) };
    let bare = Receipt {
        entry,
        index: 0,
        personal_blind: Vec::new(),
        personal_part: Vec::new(),
        inclusion_path: Vec::new(),
        checkpoint: key().sign(head),
    };
    let verified = bare.verify(&public_key()).unwrap();
    assert_eq!(verified.personal, None);
    assert_eq!(verified.verify_payload(PAYLOAD), Err(InvalidPayload::NoCommitment));
    let added = Receipt { personal_part: personal_part(), ..bare };
    assert!(matches!(added.verify(&public_key()), Err(InvalidReceipt::PersonalHash)));
}

#[test]
fn bytes_cannot_move_between_a_blind_and_what_it_blinds() {
    let mut receipt = Shard::of(3).receipt(1);
    let last = receipt.personal_blind.pop().unwrap();
    receipt.personal_part.insert(0, last);
    let result = receipt.verify(&public_key());
    assert!(matches!(result, Err(InvalidReceipt::PersonalHash)));
}

#[test]
fn a_receipt_shows_where_its_entry_is_and_nothing_of_a_person() {
    let receipt = Shard::of(3).receipt(1);
    let shown = format!("{receipt:?}");
    assert!(shown.starts_with("Receipt { index: 1, checkpoint: \"hub.example/shard/0\\n3\\n"), "{shown}");
    assert!(!shown.contains("entry") && !shown.contains("personal"), "{shown}");
}
