//! The generated types read the golden bytes of the ledger, and write the same bytes again.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;

use prost::Message;
use unefois_proto::pb::ledger::v1::{Entry, ExchangeReceipt, PersonalPart, PublicPart};

fn vectors(file: &str) -> BTreeMap<String, Vec<u8>> {
    let path = format!("{}/../../tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
    lines.map(|(name, hex)| (name.to_owned(), bytes(hex))).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn survives<T: Message + Default>(name: &str, golden: &[u8]) -> T {
    let read = T::decode(golden).unwrap();
    assert_eq!(read.encode_to_vec(), golden, "{name}");
    read
}

#[test]
fn the_contract_and_the_ledger_have_the_same_bytes() {
    let mut entries = 0;
    for (name, golden) in vectors("entry.txt") {
        match name.rsplit_once('.') {
            Some((_, "public_part")) => drop(survives::<PublicPart>(&name, &golden)),
            Some((_, "personal_part")) => drop(survives::<PersonalPart>(&name, &golden)),
            Some((_, "leaf")) => {
                let entry: Entry = survives(&name, &golden);
                let (_, public) = unefois_ledger::decode_leaf(&golden).unwrap();
                let wire = PublicPart::decode(entry.public_part.as_slice()).unwrap();
                assert_eq!(
                    (wire.reason, wire.consumer, wire.outcome),
                    (public.reason, public.consumer, public.outcome)
                );
                entries += 1;
            }
            _ => {}
        }
    }
    assert!(entries >= 4, "{entries} leaves were read");
}

#[test]
fn a_receipt_on_the_wire_has_the_golden_bytes() {
    let vectors = vectors("receipt.txt");
    let receipt: ExchangeReceipt = survives("receipt", &vectors["receipt"]);
    assert_eq!(receipt.entry, vectors["entry"]);
}
