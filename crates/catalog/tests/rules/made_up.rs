//! A contract that is made up: what it holds, and how it is loaded.

use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver};
use unefois_catalog::{Catalog, Dataset, InvalidCatalog};

/// A contract that keeps every rule, with a field of each kind.
pub const GOOD: &str = r#"
    message Stay {
      option (unefois.dataset.v1.dataset) = {
        id: "stay" major: 2 subject_kind: SUBJECT_KIND_NATURAL_PERSON natural_key: ["nir", "siret", "number"] french_name: "séjour" rows: "T01"
      };
      optional bool finished = 63 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PERSONAL}];
      optional string nir = 1 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_IDENTIFYING identifier: IDENTIFIER_KIND_NIR}];
      optional string siren = 2 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PUBLIC identifier: IDENTIFIER_KIND_SIREN}];
      optional string siret = 3 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PUBLIC identifier: IDENTIFIER_KIND_SIRET}];
      optional string spi = 4 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_IDENTIFYING identifier: IDENTIFIER_KIND_SPI}];
      optional uint32 number = 5 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PUBLIC}];
      optional int64 cents = 6 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_FINANCIAL not_negative: true}];
      optional int32 nights = 7 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PERSONAL not_negative: true}];
      optional int64 balance = 8 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_FINANCIAL}];
      repeated int64 parts = 9 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_FINANCIAL not_negative: true}];
      Room first = 10 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PERSONAL}];
      repeated Room others = 11 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PERSONAL}];
    }
    message Room { optional Kind kind = 1; repeated Kind kinds = 2; }
    enum Kind { KIND_UNSPECIFIED = 0; KIND_SINGLE = 1; }
"#;

/// Gives one file that stands nowhere.
struct Source(String);

impl FileResolver for Source {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == "contract.proto" {
            return File::from_source(name, &self.0);
        }
        Err(protox::Error::file_not_found(name))
    }
}

pub fn descriptors(text: &str) -> Vec<u8> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Source(format!("syntax = \"proto3\"; package test.v1; {text}")));
    resolver.add(IncludeFileResolver::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto").into()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).open_file("contract.proto").unwrap();
    compiler.encode_file_descriptor_set()
}

pub fn contract(text: &str) -> Result<Catalog, InvalidCatalog> {
    Catalog::load(&descriptors(&format!("import \"unefois/dataset/v1/options.proto\"; {text}")))
}

pub fn with_stay(test: impl FnOnce(&Dataset)) {
    test(contract(GOOD).unwrap().dataset("stay").unwrap());
}
