//! Datasets of one's own: folders of `.proto` files beside the contract.

use std::{fs, path::Path};

use tempfile::TempDir;
use unefois_catalog::{Catalog, InvalidCatalog, InvalidFolder};

use crate::made_up::{GOOD, descriptors};

const OWN: &str = r#"
    syntax = "proto3";
    package own.v1;
    import "contract.proto";
    import "unefois/dataset/v1/options.proto";
    // What a guest left behind.
    message Luggage {
      option (unefois.dataset.v1.dataset) = {
        id: "luggage" major: 1 subject_kind: SUBJECT_KIND_NATURAL_PERSON natural_key: ["number"] french_name: "bagage" rows: "OWN"
      };
      optional int32 number = 1 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PUBLIC}];
      // The room. Source: the hotel.
      test.v1.Room room = 2 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PERSONAL}];
    }
"#;

/// The made-up contract with a folder in which there is this file.
fn with_file(name: &str, text: &str) -> Result<Catalog, InvalidCatalog> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
    with_folder(folder.path())
}

fn with_folder(folder: &Path) -> Result<Catalog, InvalidCatalog> {
    Catalog::load_with_folders(&descriptors(&format!("import \"unefois/dataset/v1/options.proto\"; {GOOD}")), [folder])
}

#[test]
fn a_folder_adds_its_datasets_and_may_import_the_contract() {
    let catalog = with_file("deep/down/luggage.proto", OWN).unwrap();
    assert_eq!(catalog.datasets().map(|dataset| dataset.id()).collect::<Vec<_>>(), ["luggage", "stay"]);
    let luggage = catalog.dataset("luggage").unwrap();
    assert_eq!(luggage.meaning(), "What a guest left behind.");
    let room = luggage.described().into_iter().find(|field| field.path == "room").unwrap();
    assert_eq!((room.meaning.as_str(), room.source.as_str()), ("The room.", "the hotel"));
    // Who reads the whole contract finds both.
    let read = Catalog::load(&catalog.descriptor_set()).unwrap();
    assert_eq!(read.datasets().count(), 2);
}

#[test]
fn a_file_that_takes_the_place_of_one_of_the_contract_is_refused() {
    let refused = with_file("contract.proto", OWN).unwrap_err();
    let InvalidCatalog::Folder(InvalidFolder::FileTwice { file, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(file, "contract.proto");
}

#[test]
fn a_folder_that_is_not_there_or_cannot_be_compiled_is_refused() {
    let missing = with_folder(Path::new("/nowhere/at/all")).unwrap_err();
    assert!(matches!(missing, InvalidCatalog::Folder(InvalidFolder::Unreadable { .. })), "{missing:?}");
    for broken in ["message {", "syntax = \"proto3\"; import \"nothing.proto\";"] {
        let refused = with_file("broken.proto", broken).unwrap_err();
        assert!(matches!(refused, InvalidCatalog::Folder(InvalidFolder::Source { .. })), "{refused:?}");
    }
    let rule = with_file("luggage.proto", &OWN.replace("[\"number\"]", "[\"weight\"]")).unwrap_err();
    assert!(matches!(rule, InvalidCatalog::Rule { message, .. } if message == "own.v1.Luggage"));
}
