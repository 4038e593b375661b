//! The proof that the hub keeps what a provider published.

use prost::Message;
use unefois_ledger::{
    Blind, EntryKind, Hash, InvalidProof, InvalidReceipt, PublicPart, PublishedItem, TreeHead, VerifyingKey,
    check_inclusion, commit, leaf_hash,
};
use unefois_proto::pb::publication::v1::Acknowledgement;
use uuid::Uuid;

use crate::receipt::{MalformedReceipt, path_from_wire, receipt_from_wire};

/// Why an acknowledgement proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAcknowledgement {
    /// It has no receipt that can be read. An item equal to the newest revision (`UNCHANGED`) gets none: the
    /// acknowledgement of that revision proves it.
    #[error("the acknowledgement has no receipt that can be read")]
    Malformed(#[source] MalformedReceipt),
    /// A field is not what the contract says.
    #[error("`{field}` of the acknowledgement cannot be read")]
    Field {
        /// The name of the field.
        field: &'static str,
    },
    /// The receipt does not verify.
    #[error("the receipt of the acknowledgement does not verify")]
    Receipt(#[source] InvalidReceipt),
    /// The receipt is that of another act.
    #[error("the receipt of the acknowledgement is not that of a publication")]
    NotAPublication,
    /// The record, its revision or its bytes are not those that were recorded.
    #[error("the record is not in the batch that was recorded")]
    Item(#[source] InvalidProof),
}

/// Verifies that the ledger records the publication of a record: `canonical`, under the blind of the acknowledgement,
/// is what the published item commits to, and the path leads from that item to the root in the entry.
///
/// `canonical` is the canonical encoding of the whole record. What a provider sent is canonical when its fields were
/// encoded once each, in the order of their numbers, as prost does.
///
/// # Errors
///
/// [`InvalidAcknowledgement`], which says what failed first.
pub fn verify_acknowledgement(
    acknowledgement: &Acknowledgement,
    canonical: &[u8],
    key: &VerifyingKey,
) -> Result<(), InvalidAcknowledgement> {
    let wire = acknowledgement.receipt.clone().ok_or(MalformedReceipt::Missing);
    let receipt = wire.and_then(receipt_from_wire).map_err(InvalidAcknowledgement::Malformed)?;
    let verified = receipt.verify(key).map_err(InvalidAcknowledgement::Receipt)?;
    let batch = batch_of(&verified.public)?;
    let item = leaf_hash(&item_of(acknowledgement, canonical)?.encode_to_vec());
    let path = path_from_wire(&acknowledgement.item_path).ok_or(unreadable("item_path"))?;
    check_inclusion(batch, acknowledgement.item_index.into(), item, &path).map_err(InvalidAcknowledgement::Item)
}

/// The tree over the items of a publication.
fn batch_of(public: &PublicPart) -> Result<TreeHead, InvalidAcknowledgement> {
    let publication = public.publication.as_ref().filter(|_| public.kind() == EntryKind::Publication);
    let publication = publication.ok_or(InvalidAcknowledgement::NotAPublication)?;
    let Ok(root) = Hash::try_from(publication.root.as_slice()) else {
        return Err(InvalidAcknowledgement::NotAPublication);
    };
    Ok(TreeHead { size: publication.count.into(), root })
}

fn item_of(acknowledgement: &Acknowledgement, canonical: &[u8]) -> Result<PublishedItem, InvalidAcknowledgement> {
    let Ok(record_id) = Uuid::try_parse(&acknowledgement.record_id) else {
        return Err(unreadable("record_id"));
    };
    let Ok(blind) = <&Blind>::try_from(acknowledgement.blind.as_slice()) else {
        return Err(unreadable("blind"));
    };
    Ok(PublishedItem {
        record_id: record_id.as_bytes().to_vec(),
        revision: acknowledgement.revision,
        commitment: commit(blind, canonical).to_vec(),
    })
}

fn unreadable(field: &'static str) -> InvalidAcknowledgement {
    InvalidAcknowledgement::Field { field }
}

#[cfg(test)]
mod tests {
    use unefois_ledger::{BatchTree, ENTRY_FORMAT, Entry, Outcome, Publication, Receipt, SigningKey, Tree};
    use unefois_proto::pb::publication::v1::AcknowledgementKind;

    use super::*;
    use crate::receipt::receipt_to_wire;

    const RECORD: &[u8] = b"the whole record";

    fn key() -> SigningKey {
        SigningKey::from_seed("hub.example/shard/0", &[7; 32]).unwrap()
    }

    /// The acknowledgement of [`RECORD`], the second of a batch of three, in an entry of that kind.
    fn acknowledgement(kind: EntryKind) -> Acknowledgement {
        let mut acknowledgement = Acknowledgement {
            record_id: "0190f5fe-7c00-7a00-8abc-012345678901".to_owned(),
            revision: 1,
            kind: AcknowledgementKind::Created.into(),
            receipt: None,
            item_index: 1,
            item_path: Vec::new(),
            blind: vec![9; 32],
            findings: Vec::new(),
        };
        let item = leaf_hash(&item_of(&acknowledgement, RECORD).unwrap().encode_to_vec());
        let items = BatchTree::of(&[leaf_hash(b"first"), item, leaf_hash(b"third")]);
        let public = PublicPart {
            format: ENTRY_FORMAT,
            entry_id: vec![3; 16],
            kind: kind.into(),
            outcome: Outcome::Accepted.into(),
            publication: Some(Publication { count: 3, root: items.head().root.into() }),
            ..PublicPart::default()
        };
        let path = items.path(1).unwrap();
        acknowledgement.item_path = path.into_iter().map(Vec::from).collect();
        acknowledgement.receipt = Some(receipt_to_wire(receipt_of(&public)));
        acknowledgement
    }

    /// The receipt of the only entry of a ledger.
    fn receipt_of(public: &PublicPart) -> Receipt {
        let entry = Entry::leaf_bytes(public, None);
        let head = Tree::empty().append(&[leaf_hash(&entry)]).head();
        Receipt {
            entry,
            index: 0,
            personal_blind: Vec::new(),
            personal_part: Vec::new(),
            inclusion_path: Vec::new(),
            checkpoint: key().sign(head),
        }
    }

    fn verify(acknowledgement: &Acknowledgement, canonical: &[u8]) -> Result<(), InvalidAcknowledgement> {
        verify_acknowledgement(acknowledgement, canonical, &key().verifying_key())
    }

    #[test]
    fn an_acknowledgement_proves_the_record() {
        verify(&acknowledgement(EntryKind::Publication), RECORD).unwrap();
    }

    #[test]
    fn an_acknowledgement_proves_no_other_record() {
        let good = acknowledgement(EntryKind::Publication);
        let others = [
            Acknowledgement { revision: 2, ..good.clone() },
            Acknowledgement { item_index: 0, ..good.clone() },
            Acknowledgement { blind: vec![8; 32], ..good.clone() },
            Acknowledgement { item_path: Vec::new(), ..good.clone() },
            Acknowledgement { record_id: Uuid::nil().to_string(), ..good.clone() },
        ];
        for other in others {
            assert!(matches!(verify(&other, RECORD), Err(InvalidAcknowledgement::Item(_))), "{other:?}");
        }
        assert!(matches!(verify(&good, b"another record"), Err(InvalidAcknowledgement::Item(_))));
    }

    #[test]
    fn a_field_that_cannot_be_read_is_named() {
        let good = acknowledgement(EntryKind::Publication);
        let wrong = [
            ("record_id", Acknowledgement { record_id: "7".to_owned(), ..good.clone() }),
            ("blind", Acknowledgement { blind: vec![9; 31], ..good.clone() }),
            ("item_path", Acknowledgement { item_path: vec![vec![0; 31]], ..good }),
        ];
        for (name, wrong) in wrong {
            let found = verify(&wrong, RECORD);
            assert!(
                matches!(found, Err(InvalidAcknowledgement::Field { field }) if field == name),
                "{name}: {found:?}"
            );
        }
    }

    #[test]
    fn the_receipt_of_another_act_proves_no_publication() {
        let found = verify(&acknowledgement(EntryKind::Exchange), RECORD);
        assert!(matches!(found, Err(InvalidAcknowledgement::NotAPublication)), "{found:?}");
    }

    #[test]
    fn an_acknowledgement_without_receipt_proves_nothing() {
        let unchanged = Acknowledgement { receipt: None, ..acknowledgement(EntryKind::Publication) };
        let found = verify(&unchanged, RECORD);
        assert!(matches!(found, Err(InvalidAcknowledgement::Malformed(MalformedReceipt::Missing))), "{found:?}");
    }
}
