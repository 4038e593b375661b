//! Minimising, over every dataset: only granted fields, and those as they were.

use proptest::{prelude::*, sample::Index};
use prost::encoding::{DecodeContext, decode_key, encode_varint, skip_field};
use unefois_catalog::Dataset;

use crate::comments::{CONTRACT, example_of};

/// A dataset, and which of its fields are granted: one bit each.
fn any_grant() -> impl Strategy<Value = (&'static Dataset, Vec<&'static str>)> {
    (any::<Index>(), any::<u64>()).prop_map(|(place, bits)| {
        let datasets: Vec<&Dataset> = CONTRACT.catalog.datasets().collect();
        let dataset = *place.get(&datasets);
        let names = dataset.fields().iter().filter(|field| bits & (1 << field.number) != 0);
        (dataset, names.map(|field| field.name.as_str()).collect())
    })
}

/// The number of a field as its tag on the wire, in whatever wire type.
fn field(number: u32, wire_type: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_varint(u64::from(number) << 3 | u64::from(wire_type), &mut bytes);
    match wire_type {
        0 => encode_varint(body.len() as u64, &mut bytes),
        1 => bytes.extend_from_slice(&[7; 8]),
        5 => bytes.extend_from_slice(&[7; 4]),
        _ => {
            encode_varint(body.len() as u64, &mut bytes);
            bytes.extend_from_slice(body);
        }
    }
    bytes
}

/// The fields of a message: number and bytes, in their order.
fn fields_of(message: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut rest = message;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let before = rest;
        let (number, wire_type) = decode_key(&mut rest).unwrap();
        skip_field(wire_type, number, &mut rest, DecodeContext::default()).unwrap();
        fields.push((number, before[..before.len() - rest.len()].to_vec()));
    }
    fields
}

/// Fields of any number and type: unknown, repeated, packed, nested, their tags in any order and as often as they like.
fn any_message() -> impl Strategy<Value = Vec<(u32, Vec<u8>)>> {
    let number = prop_oneof![4 => 1..16_u32, 1 => 16..64_u32, 1 => 64..200_u32, 1 => Just(536_870_911_u32)];
    let one = (number, prop_oneof![Just(0_u8), Just(1), Just(2), Just(5)], prop::collection::vec(any::<u8>(), 0..20));
    let fields = one.prop_map(|(number, wire_type, body)| (number, field(number, wire_type, &body)));
    prop::collection::vec(fields, 0..30)
}

proptest! {
    #[test]
    fn of_a_record_the_granted_fields_leave_as_they_were_and_no_others((dataset, granted) in any_grant()) {
        let record = example_of(dataset.message_name()).unwrap();
        let canonical = dataset.canonicalise(&dataset.from_json(&record).unwrap()).unwrap();
        let set = dataset.field_set(granted.iter().copied()).unwrap();
        let minimised = dataset.minimise(&canonical, set).unwrap();
        let mut due = record;
        due.as_object_mut().unwrap().retain(|name, _| granted.contains(&name.as_str()));
        prop_assert_eq!(dataset.to_json(&minimised).unwrap(), due);
        prop_assert_eq!(dataset.minimise(&minimised, set).unwrap(), minimised);
    }

    #[test]
    fn canonical_bytes_do_not_depend_on_the_order_in_which_fields_come(
        place in any::<Index>(),
        order in Just((0..64_u32).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let datasets: Vec<&Dataset> = CONTRACT.catalog.datasets().collect();
        let dataset = *place.get(&datasets);
        let record = example_of(dataset.message_name()).unwrap();
        let canonical = dataset.canonicalise(&dataset.from_json(&record).unwrap()).unwrap();
        let mut fields = fields_of(&canonical);
        // Stable: the items of a list stay in their order.
        fields.sort_by_key(|(number, _)| order[usize::try_from(*number).unwrap()]);
        let shuffled: Vec<u8> = fields.into_iter().flat_map(|(_, bytes)| bytes).collect();
        prop_assert_eq!(dataset.canonicalise(&shuffled).unwrap(), canonical);
    }

    #[test]
    fn of_any_message_exactly_the_bytes_of_granted_fields_leave(
        (dataset, granted) in any_grant(),
        message in any_message(),
    ) {
        let set = dataset.field_set(granted.iter().copied()).unwrap();
        let numbers: Vec<u32> = dataset
            .fields()
            .iter()
            .filter(|field| granted.contains(&field.name.as_str()))
            .map(|field| field.number)
            .collect();
        let bytes: Vec<u8> = message.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        let due = message.iter().filter(|(number, _)| numbers.contains(number)).flat_map(|(_, bytes)| bytes.clone());
        prop_assert_eq!(dataset.minimise(&bytes, set).unwrap(), due.collect::<Vec<u8>>());
    }

    #[test]
    fn whatever_the_bytes_only_granted_numbers_leave(
        (dataset, granted) in any_grant(),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let set = dataset.field_set(granted.iter().copied()).unwrap();
        let Ok(minimised) = dataset.minimise(&bytes, set) else { return Ok(()) };
        for (number, _) in fields_of(&minimised) {
            let of = dataset.fields().iter().find(|field| field.number == number);
            prop_assert!(of.is_some_and(|field| granted.contains(&field.name.as_str())), "{}: {number}", dataset.id());
        }
    }
}
