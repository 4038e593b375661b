//! Datasets of one's own: folders of `.proto` files beside the contract.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::Path,
};

use tempfile::TempDir;
use unefois_catalog::{Catalog, FolderLimits, InvalidCatalog, InvalidFolder, UnreadableFolder};

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
    within(folder, FolderLimits::default())
}

fn within(folder: &Path, limits: FolderLimits) -> Result<Catalog, InvalidCatalog> {
    let contract = descriptors(&format!("import \"unefois/dataset/v1/options.proto\"; {GOOD}"));
    Catalog::load_with_folders(&contract, [folder], limits)
}

/// Why the folder is not read.
fn unread(loaded: Result<Catalog, InvalidCatalog>) -> UnreadableFolder {
    match loaded {
        Err(InvalidCatalog::Folder(InvalidFolder::Unreadable { source, .. })) => source,
        other => panic!("{other:?}"),
    }
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

#[test]
fn a_link_is_followed_to_a_file_in_the_folder_and_nowhere_else() {
    let (folder, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (home, out) = (folder.path(), elsewhere.path().join("luggage.proto"));
    fs::write(&out, OWN).unwrap();
    // As orchestrators mount files: behind a hidden folder, which is replaced as a whole.
    fs::create_dir(home.join("..version")).unwrap();
    fs::write(home.join("..version/luggage.proto"), OWN).unwrap();
    symlink("..version", home.join("..data")).unwrap();
    symlink("..data/luggage.proto", home.join("luggage.proto")).unwrap();
    assert_eq!(with_folder(home).unwrap().datasets().count(), 2);
    // A folder in itself has no end.
    for (target, name) in [(out.as_path(), "out.proto"), (home, "again"), (elsewhere.path(), "folder.proto")] {
        symlink(target, home.join(name)).unwrap();
        let refused = unread(with_folder(home));
        assert!(matches!(&refused, UnreadableFolder::NotAFile { path } if path.ends_with(name)), "{refused:?}");
        fs::remove_file(home.join(name)).unwrap();
    }
    symlink("nowhere", home.join("broken.proto")).unwrap();
    let refused = unread(with_folder(home));
    assert!(
        matches!(&refused, UnreadableFolder::Unreadable { path, .. } if path.ends_with("broken.proto")),
        "{refused:?}"
    );
}

#[test]
fn an_import_leads_to_a_file_that_was_listed_and_nowhere_else() {
    let (folder, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let home = folder.path();
    let part = "syntax = \"proto3\"; package own.v1; message Part { optional int32 number = 1; }";
    fs::write(elsewhere.path().join("out.proto"), part).unwrap();
    fs::create_dir_all(home.join(".x")).unwrap();
    symlink(elsewhere.path().join("out.proto"), home.join(".x/link.proto")).unwrap();
    for name in [".x/own.proto", "part.text", "part.proto"] {
        fs::write(home.join(name), part).unwrap();
    }
    let importing = |name: &str| {
        fs::write(
            home.join("luggage.proto"),
            OWN.replace("contract.proto\";", &format!("contract.proto\"; import {name:?};")),
        )
        .unwrap();
        with_folder(home)
    };
    for name in [".x/link.proto", ".x/own.proto", "part.text"] {
        let refused = importing(name).unwrap_err();
        let InvalidCatalog::Folder(InvalidFolder::Source { source, .. }) = refused else { panic!("{refused:?}") };
        assert!(source.is_file_not_found(), "{name}: {source}");
    }
    assert_eq!(importing("part.proto").unwrap().datasets().count(), 2);
}

#[test]
fn a_file_that_is_no_text_or_has_no_name_is_refused() {
    let folder = TempDir::new().unwrap();
    for name in [OsStr::new("luggage.proto"), OsStr::from_bytes(b"\xff.proto")] {
        let file = folder.path().join(name);
        fs::write(&file, if name == "luggage.proto" { &b"\xff"[..] } else { OWN.as_bytes() }).unwrap();
        let refused = unread(with_folder(folder.path()));
        assert!(matches!(&refused, UnreadableFolder::Unreadable { path, .. } if *path == file), "{refused:?}");
        fs::remove_file(file).unwrap();
    }
}

#[test]
fn a_folder_with_more_than_is_bearable_is_refused() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("deep")).unwrap();
    fs::write(folder.path().join("deep/luggage.proto"), OWN).unwrap();
    let just = FolderLimits { entries_max: 2, size_bytes_max: OWN.len() as u64 };
    within(folder.path(), just).unwrap();
    let refused = unread(within(folder.path(), FolderLimits { entries_max: 1, ..just }));
    assert!(matches!(refused, UnreadableFolder::TooManyEntries { entries_max: 1 }), "{refused:?}");
    let size_bytes_max = just.size_bytes_max - 1;
    let refused = unread(within(folder.path(), FolderLimits { size_bytes_max, ..just }));
    assert!(matches!(refused, UnreadableFolder::TooLong { .. }), "{refused:?}");
}
