//! The `.proto` files below a folder: no others, and no more than are bearable.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// How much is read of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderLimits {
    /// Most files and folders below it, of whatever kind.
    pub entries_max: usize,
    /// Most bytes in its `.proto` files together.
    pub size_bytes_max: u64,
}

impl Default for FolderLimits {
    fn default() -> Self {
        Self { entries_max: 10_000, size_bytes_max: 16 * 1024 * 1024 }
    }
}

/// A folder that is not read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableFolder {
    /// The system does not let it be read.
    #[error("`{path}` cannot be read")]
    Unreadable {
        /// What.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A link to a folder, or to somewhere else, or something that is no file: it is not followed.
    #[error("`{path}` is neither a file below the folder, nor a link to one")]
    NotAFile {
        /// What.
        path: PathBuf,
    },
    /// It is another folder than the one that was meant, or there is too much in it.
    #[error("it has more than {entries_max} files and folders (`catalog.entries-max`)")]
    TooManyEntries {
        /// The limit.
        entries_max: usize,
    },
    /// Its `.proto` files are too long.
    #[error("its files have more than {size_bytes_max} bytes together (`catalog.size-bytes-max`)")]
    TooLong {
        /// The limit.
        size_bytes_max: u64,
    },
}

/// Every `.proto` below `root`: its text, by its path relative to `root` with slashes. What begins with a dot is left
/// out: it is where tools keep what is theirs.
pub(crate) fn proto_files(root: &Path, limits: FolderLimits) -> Result<BTreeMap<String, String>, UnreadableFolder> {
    let FolderLimits { entries_max, size_bytes_max } = limits;
    let home = fs::canonicalize(root).map_err(unreadable(root))?;
    let mut folders = vec![root.to_owned()];
    let (mut files, mut entries, mut size_bytes_left) = (BTreeMap::new(), 0_usize, size_bytes_max);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(unreadable(&folder))? {
            let entry = entry.map_err(unreadable(&folder))?;
            entries += 1;
            if entries > entries_max {
                return Err(UnreadableFolder::TooManyEntries { entries_max });
            }
            let path = entry.path();
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            // Of the entry itself, not of what it links: a folder that links itself has no end.
            let kind = entry.file_type().map_err(unreadable(&path))?;
            let is_linked_folder = kind.is_symlink() && path.is_dir();
            if kind.is_dir() {
                folders.push(path);
            } else if is_linked_folder || path.extension().is_some_and(|extension| extension == "proto") {
                let text = file_bytes(&path, &home, size_bytes_left)?;
                let left = size_bytes_left.checked_sub(text.len() as u64);
                size_bytes_left = left.ok_or(UnreadableFolder::TooLong { size_bytes_max })?;
                let text = String::from_utf8(text).map_err(|error| unreadable(&path)(invalid(error)))?;
                files.insert(name_below(root, &path)?, text);
            }
        }
    }
    Ok(files)
}

/// A file that is below `home`, itself or by a link; no more of it than a byte too many.
fn file_bytes(path: &Path, home: &Path, size_bytes_max: u64) -> Result<Vec<u8>, UnreadableFolder> {
    let target = fs::canonicalize(path).map_err(unreadable(path))?;
    let metadata = fs::metadata(&target).map_err(unreadable(path))?;
    if !metadata.is_file() || !target.starts_with(home) {
        return Err(UnreadableFolder::NotAFile { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(&target).map_err(unreadable(path))?;
    file.take(size_bytes_max.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable(path))?;
    Ok(bytes)
}

/// As an import would name it.
fn name_below(root: &Path, path: &Path) -> Result<String, UnreadableFolder> {
    let below = path.strip_prefix(root).expect("what is listed is below the folder");
    let names: Option<Vec<&str>> = below.iter().map(|name| name.to_str()).collect();
    let names = names.ok_or_else(|| unreadable(path)(invalid("its name is not UTF-8")))?;
    Ok(names.join("/"))
}

fn invalid(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> UnreadableFolder {
    let path = path.to_owned();
    move |source| UnreadableFolder::Unreadable { path, source }
}
