//! Reading an entry back from its stored bytes, strictly: what this version cannot show in full, it refuses.

use prost::Message;

use super::{ENTRY_FORMAT, Entry, EntryKind, Operation, Outcome, PersonalPart, PublicPart, Purpose, Source};

/// Why bytes are not an entry that this version can read.
#[derive(Debug, thiserror::Error)]
pub enum InvalidEntry {
    /// The bytes are not an encoding of the message.
    #[error("the {part} cannot be decoded")]
    Encoding {
        /// Which part: `entry`, `public part` or `personal part`.
        part: &'static str,
        /// What the decoder found.
        #[source]
        source: prost::DecodeError,
    },
    /// The entry was written by another version of the format.
    #[error("the entry has format {found}, and this version reads format {ENTRY_FORMAT}")]
    Format {
        /// The format that the entry states.
        found: u32,
    },
    /// A field of a fixed length has another one.
    #[error("`{field}` has {found} bytes, which is not its length")]
    Length {
        /// The name of the field.
        field: &'static str,
        /// How many bytes it has.
        found: usize,
    },
    /// A field has a value outside its closed list, or lacks a value that every entry has.
    #[error("`{field}` has the value {value}, which means nothing")]
    Value {
        /// The name of the field.
        field: &'static str,
        /// The value found.
        value: i32,
    },
}

/// Decodes the leaf of an entry into its envelope and its public part. It does not hash anything.
///
/// # Errors
///
/// [`InvalidEntry`] when the bytes are no entry, are of another format, or hold a field whose length or value is
/// outside the format.
pub fn decode_leaf(leaf: &[u8]) -> Result<(Entry, PublicPart), InvalidEntry> {
    let entry: Entry = decode("entry", leaf)?;
    optional_length("personal_hash", &entry.personal_hash, 32)?;
    let public: PublicPart = decode("public part", &entry.public_part)?;
    check_public(&public)?;
    Ok((entry, public))
}

/// Decodes the opened bytes of a personal part. It does not compare them with a hash.
///
/// # Errors
///
/// [`InvalidEntry`] when the bytes are no personal part, or hold a field whose length is outside the format.
pub fn decode_personal(part: &[u8]) -> Result<PersonalPart, InvalidEntry> {
    let personal: PersonalPart = decode("personal part", part)?;
    optional_length("subject_pseudonym", &personal.subject_pseudonym, 32)?;
    optional_length("record_id", &personal.record_id, 16)?;
    optional_length("consent_id", &personal.consent_id, 16)?;
    optional_length("payload_commitment", &personal.payload_commitment, 32)?;
    length("payload_blind", &personal.payload_blind, personal.payload_commitment.len())?;
    optional_length("evidence_digest", &personal.evidence_digest, 32)?;
    optional_length("event_id", &personal.event_id, 16)?;
    Ok(personal)
}

fn decode<M: Message + Default>(part: &'static str, bytes: &[u8]) -> Result<M, InvalidEntry> {
    M::decode(bytes).map_err(|source| InvalidEntry::Encoding { part, source })
}

fn check_public(public: &PublicPart) -> Result<(), InvalidEntry> {
    if public.format != ENTRY_FORMAT {
        return Err(InvalidEntry::Format { found: public.format });
    }
    length("entry_id", &public.entry_id, 16)?;
    optional_length("policy_digest", &public.policy_digest, 32)?;
    optional_length("repeats", &public.repeats, 16)?;
    if let Some(publication) = &public.publication {
        length("publication.root", &publication.root, 32)?;
    }
    if let Some(change) = &public.change {
        optional_length("change.digest", &change.digest, 32)?;
    }
    if let Some(delivery) = &public.delivery {
        length("delivery.subscription_id", &delivery.subscription_id, 16)?;
    }
    set("kind", public.kind, EntryKind::is_valid)?;
    set("outcome", public.outcome, Outcome::is_valid)?;
    known("operation", public.operation, Operation::is_valid)?;
    known("purpose", public.purpose, Purpose::is_valid)?;
    known("source", public.source, Source::is_valid)
}

fn length(field: &'static str, bytes: &[u8], due: usize) -> Result<(), InvalidEntry> {
    if bytes.len() == due {
        return Ok(());
    }
    Err(InvalidEntry::Length { field, found: bytes.len() })
}

fn optional_length(field: &'static str, bytes: &[u8], due: usize) -> Result<(), InvalidEntry> {
    if bytes.is_empty() {
        return Ok(());
    }
    length(field, bytes, due)
}

fn known(field: &'static str, value: i32, is_known: fn(i32) -> bool) -> Result<(), InvalidEntry> {
    if is_known(value) {
        return Ok(());
    }
    Err(InvalidEntry::Value { field, value })
}

fn set(field: &'static str, value: i32, is_known: fn(i32) -> bool) -> Result<(), InvalidEntry> {
    if value == 0 {
        return Err(InvalidEntry::Value { field, value });
    }
    known(field, value, is_known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Delivery;

    fn public_part() -> PublicPart {
        PublicPart {
            format: ENTRY_FORMAT,
            entry_id: vec![7; 16],
            kind: EntryKind::Exchange.into(),
            outcome: Outcome::Released.into(),
            ..PublicPart::default()
        }
    }

    fn read(public: &PublicPart) -> Result<(Entry, PublicPart), InvalidEntry> {
        decode_leaf(&Entry::leaf_bytes(public, None))
    }

    #[test]
    fn an_entry_reads_back_as_it_was_written() {
        let (entry, public) = read(&public_part()).unwrap();
        assert_eq!(public, public_part());
        assert!(entry.personal_hash.is_empty());
    }

    #[test]
    fn an_entry_of_another_format_is_refused() {
        let public = PublicPart { format: 2, ..public_part() };
        assert!(matches!(read(&public), Err(InvalidEntry::Format { found: 2 })));
    }

    #[test]
    fn an_entry_without_kind_or_outcome_is_refused() {
        let no_kind = PublicPart { kind: 0, ..public_part() };
        assert!(matches!(read(&no_kind), Err(InvalidEntry::Value { field: "kind", value: 0 })));
        let no_outcome = PublicPart { outcome: 0, ..public_part() };
        assert!(matches!(read(&no_outcome), Err(InvalidEntry::Value { field: "outcome", value: 0 })));
    }

    #[test]
    fn a_value_outside_a_closed_list_is_refused() {
        let public = PublicPart { purpose: 99, ..public_part() };
        assert!(matches!(read(&public), Err(InvalidEntry::Value { field: "purpose", value: 99 })));
    }

    #[test]
    fn a_field_of_the_wrong_length_is_refused() {
        let public = PublicPart { entry_id: vec![7; 15], ..public_part() };
        assert!(matches!(read(&public), Err(InvalidEntry::Length { field: "entry_id", found: 15 })));
        let personal = PersonalPart { payload_commitment: vec![1; 32], ..PersonalPart::default() };
        assert!(matches!(
            decode_personal(&personal.encode_to_vec()),
            Err(InvalidEntry::Length { field: "payload_blind", found: 0 })
        ));
    }

    #[test]
    fn a_delivery_names_its_subscription() {
        for (length, good) in [(0, false), (15, false), (16, true), (17, false)] {
            let delivery = Some(Delivery { subscription_id: vec![7; length], attempt: 1 });
            assert_eq!(read(&PublicPart { delivery, ..public_part() }).is_ok(), good, "{length}");
        }
    }

    type Fill<T> = fn(&mut T, Vec<u8>);

    /// The fields that may be empty, and how long they are otherwise.
    const OPTIONAL_IN_PUBLIC: [(&str, usize, Fill<PublicPart>); 3] = [
        ("policy_digest", 32, |public, bytes| public.policy_digest = bytes),
        ("repeats", 16, |public, bytes| public.repeats = bytes),
        ("change.digest", 32, |public, bytes| public.change.get_or_insert_default().digest = bytes),
    ];
    const OPTIONAL_IN_PERSONAL: [(&str, usize, Fill<PersonalPart>); 6] = [
        ("subject_pseudonym", 32, |personal, bytes| personal.subject_pseudonym = bytes),
        ("record_id", 16, |personal, bytes| personal.record_id = bytes),
        ("consent_id", 16, |personal, bytes| personal.consent_id = bytes),
        ("payload_commitment", 32, |personal, bytes| {
            (personal.payload_commitment, personal.payload_blind) = (bytes.clone(), bytes);
        }),
        ("evidence_digest", 32, |personal, bytes| personal.evidence_digest = bytes),
        ("event_id", 16, |personal, bytes| personal.event_id = bytes),
    ];

    /// What reading gives when the field has no bytes, too few, as many as it should have, and too many.
    fn of_each_length<T>(due: usize, read: impl Fn(Vec<u8>) -> Result<T, InvalidEntry>) -> [Option<&'static str>; 4] {
        [0, due - 1, due, due + 1].map(|length| match read(vec![7; length]) {
            Ok(_) => None,
            Err(InvalidEntry::Length { field, found }) if found == length => Some(field),
            Err(other) => panic!("{other}"),
        })
    }

    #[test]
    fn a_field_that_may_be_empty_has_its_length_otherwise() {
        for (field, due, fill) in OPTIONAL_IN_PUBLIC {
            let found = of_each_length(due, |bytes| {
                let mut public = public_part();
                fill(&mut public, bytes);
                read(&public)
            });
            assert_eq!(found, [None, Some(field), None, Some(field)]);
        }
        for (field, due, fill) in OPTIONAL_IN_PERSONAL {
            let found = of_each_length(due, |bytes| {
                let mut personal = PersonalPart::default();
                fill(&mut personal, bytes);
                decode_personal(&personal.encode_to_vec())
            });
            assert_eq!(found, [None, Some(field), None, Some(field)]);
        }
        let found = of_each_length(32, |personal_hash| {
            let entry = Entry { public_part: public_part().encode_to_vec(), personal_hash };
            decode_leaf(&entry.encode_to_vec())
        });
        assert_eq!(found, [None, Some("personal_hash"), None, Some("personal_hash")]);
    }

    #[test]
    fn bytes_that_are_no_entry_are_refused() {
        assert!(matches!(decode_leaf(&[0xff, 0xff]), Err(InvalidEntry::Encoding { part: "entry", .. })));
    }

    #[test]
    fn the_debug_text_of_a_personal_part_shows_nothing() {
        let personal = PersonalPart { case_reference: "DOSSIER-1".to_owned(), ..PersonalPart::default() };
        assert_eq!(format!("{personal:?}"), "PersonalPart { .. }");
    }
}
