//! What was stored under an older revision of its message is still readable.

use std::{collections::BTreeMap, fs, path::PathBuf};

use unefois_catalog::Dataset;

use crate::comments::{CONTRACT, example_of};

/// The samples of a dataset in the order of the file: major, canonical bytes, and what they say.
fn samples(file: &str) -> Vec<(u32, Vec<u8>, serde_json::Value)> {
    let path = folder().join(format!("{file}.txt"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines: Vec<(&str, &str)> =
        text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once(' ').unwrap()).collect();
    let said: BTreeMap<&str, &str> =
        lines.iter().filter_map(|(name, json)| Some((name.strip_suffix(".json")?, *json))).collect();
    let bytes = lines.iter().filter(|(name, _)| !name.ends_with(".json"));
    bytes
        .map(|(name, hex)| {
            let (major, _) = name.split_once('.').unwrap();
            (major.parse().unwrap(), bytes_of(hex), serde_json::from_str(said[name]).unwrap())
        })
        .collect()
}

fn folder() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/datasets").into()
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn a_record_stored_under_any_revision_of_its_message_is_still_readable() {
    let mut read = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let id = path.file_stem().unwrap().to_str().unwrap();
        for (major, stored, said) in samples(id) {
            let dataset = CONTRACT.catalog.version(id, major).unwrap_or_else(|| panic!("{id} {major} is not served"));
            assert_eq!(dataset.to_json(&stored).unwrap(), said, "{id}");
            let all = dataset.field_set(dataset.fields().iter().map(|field| field.name.as_str())).unwrap();
            assert_eq!(dataset.minimise(&stored, all).unwrap(), stored, "{id}: a field of it is not known any more");
            read += 1;
        }
    }
    assert!(read >= CONTRACT.catalog.datasets().count());
}

#[test]
fn every_dataset_has_a_sample_of_what_it_is_today() {
    for dataset in CONTRACT.catalog.datasets() {
        let id = Dataset::id(dataset);
        let example = example_of(dataset.message_name()).unwrap();
        let today = dataset.canonicalise(&dataset.from_json(&example).unwrap()).unwrap();
        let mut of_major = samples(id).into_iter().filter(|(major, ..)| *major == dataset.major());
        let last = of_major.next_back().unwrap_or_else(|| panic!("{id} has no sample")).1;
        assert!(last == today, "{id} has no sample of its revision of today: run `cargo xtask docs`");
    }
}
