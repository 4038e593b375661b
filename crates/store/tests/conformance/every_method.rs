//! Every public method of the store is called by some test of this suite.

use std::{fs, path::Path};

/// What the tests of the suite call.
const FACADE: [&str; 5] = ["Store", "Transaction<'_>", "Writer", "KeyStore", "Wakes"];

#[test]
fn every_public_method_of_the_store_is_called_in_this_suite() {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let methods: Vec<String> = sources(&room.join("src")).iter().flat_map(|source| methods_of(source)).collect();
    assert!(
        methods.len() > 80 && methods.contains(&"entry_fetch".to_owned()),
        "the methods are not found: {methods:?}"
    );
    let suite = sources(&room.join("tests/conformance")).concat();
    let is_called = |method: &String| {
        [format!(".{method}("), format!("Store::{method}(")].iter().any(|call| suite.contains(call.as_str()))
    };
    let missing: Vec<&String> = methods.iter().filter(|method| !is_called(method)).collect();
    assert!(missing.is_empty(), "no test of this suite calls {missing:?}");
}

/// The public methods of the facade's types in a source file: an `impl` begins a line, and so does its end.
fn methods_of(source: &str) -> Vec<String> {
    let mut methods = Vec::new();
    let mut is_facade = false;
    for line in source.lines() {
        if let Some(of) = line.strip_prefix("impl ").and_then(|rest| rest.strip_suffix(" {")) {
            is_facade = FACADE.contains(&of);
        } else if line == "}" {
            is_facade = false;
        }
        let Some(signature) = line.strip_prefix("    pub ").filter(|_| is_facade) else { continue };
        let function = signature.trim_start_matches("async ").strip_prefix("fn ");
        methods.extend(function.and_then(|rest| rest.split(['(', '<']).next()).map(str::to_owned));
    }
    methods
}

/// The source files of a folder, not of those below it.
fn sources(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let rust = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.map(|path| fs::read_to_string(path).unwrap()).collect()
}
