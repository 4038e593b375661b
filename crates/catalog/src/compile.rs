//! Compiling folders of `.proto` files, so that a dataset needs no other tool and no change of a crate.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use prost_reflect::DescriptorPool;
use protox::file::{ChainFileResolver, DescriptorSetFileResolver, File, FileResolver, GoogleFileResolver};

use crate::folder::{FolderLimits, UnreadableFolder, proto_files};

/// A folder whose files are no part of a contract.
#[derive(Debug, thiserror::Error)]
pub enum InvalidFolder {
    /// It cannot be read, or is not.
    #[error("the folder `{folder}` is not read")]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: UnreadableFolder,
    },
    /// A file in it is not valid, or imports what is not there.
    #[error("the folder `{folder}` cannot be compiled")]
    Source {
        /// The folder.
        folder: PathBuf,
        /// Where, and why.
        #[source]
        source: Box<protox::Error>,
    },
    /// A file has the name of one that is there already.
    #[error("the folder `{folder}` has a file `{file}`, and so has the contract: give it another name")]
    FileTwice {
        /// The folder.
        folder: PathBuf,
        /// The file.
        file: String,
    },
}

/// The files below a folder as a descriptor set, with what they import. They may import what is in the pool.
pub(crate) fn compile(pool: &DescriptorPool, folder: &Path, limits: FolderLimits) -> Result<Vec<u8>, InvalidFolder> {
    let unreadable = |source| InvalidFolder::Unreadable { folder: folder.to_owned(), source };
    let invalid = |source| InvalidFolder::Source { folder: folder.to_owned(), source: Box::new(source) };
    let files = proto_files(folder, limits).map_err(unreadable)?;
    let names: Vec<String> = files.keys().cloned().collect();
    if let Some(file) = names.iter().find(|name| pool.get_file_by_name(name).is_some()) {
        return Err(InvalidFolder::FileTwice { folder: folder.to_owned(), file: file.clone() });
    }
    let mut resolver = ChainFileResolver::new();
    resolver.add(Listed(files));
    let known = DescriptorSetFileResolver::decode(pool.encode_to_vec().as_slice());
    resolver.add(known.expect("the bytes of a pool are a descriptor set"));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    for name in names {
        compiler.open_file(name).map_err(invalid)?;
    }
    Ok(compiler.encode_file_descriptor_set())
}

/// The files of the folder as they were listed, counted and read: an import of another name leads to none, wherever a
/// path of that name would lead.
struct Listed(BTreeMap<String, String>);

impl FileResolver for Listed {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let text = self.0.get(name).ok_or_else(|| protox::Error::file_not_found(name))?;
        File::from_source(name, text)
    }
}
