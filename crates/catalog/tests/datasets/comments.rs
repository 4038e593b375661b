//! The comments of the contract, and the examples in them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use unefois_catalog::Catalog;

/// The whole contract, and the comment of each of its messages and fields by full name.
pub struct Contract {
    pub catalog: Catalog,
    pub comments: BTreeMap<String, String>,
}

pub static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto"));
    let mut compiler = protox::Compiler::new([root]).unwrap();
    compiler.include_imports(true).open_files(files_below(root, root)).unwrap();
    let catalog = Catalog::load(&compiler.encode_file_descriptor_set()).unwrap();
    compiler.include_source_info(true);
    let mut comments = BTreeMap::new();
    for file in compiler.file_descriptor_set().file {
        let source = file.source_code_info.clone().unwrap_or_default();
        for location in source.location.iter().filter(|location| location.leading_comments.is_some()) {
            // Message 4 of the file, and field 2 of the message: `descriptor.proto`.
            let name = match location.path[..] {
                [4, message] => file.message_type[index(message)].name().to_owned(),
                [4, message, 2, field] => {
                    let message = &file.message_type[index(message)];
                    format!("{}.{}", message.name(), message.field[index(field)].name())
                }
                _ => continue,
            };
            comments.insert(format!("{}.{name}", file.package()), location.leading_comments().to_owned());
        }
    }
    Contract { catalog, comments }
});

fn index(place: i32) -> usize {
    usize::try_from(place).unwrap()
}

fn files_below(folder: &Path, root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { files_below(&path, root) } else { vec![path] });
    files
        .filter(|path| path.extension().is_none_or(|extension| extension == "proto"))
        .map(|path| path.strip_prefix(root).unwrap_or(&path).to_owned())
        .collect()
}

/// The example in the comment of a message.
pub fn example_of(message: &str) -> Option<serde_json::Value> {
    let (_, example) = CONTRACT.comments.get(message)?.split_once("Example:")?;
    Some(serde_json::from_str(example).unwrap_or_else(|error| panic!("{message}: {error}")))
}
