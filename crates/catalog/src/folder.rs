//! The `.proto` files below a folder: no others, and no more than are bearable.

use std::{
    fs, io,
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

/// Every `.proto` below `root`, as a path relative to it, in a stable order. What begins with a dot is left out: it is
/// where tools keep what is theirs.
pub(crate) fn proto_files(root: &Path, limits: FolderLimits) -> Result<Vec<PathBuf>, UnreadableFolder> {
    let home = fs::canonicalize(root).map_err(unreadable(root))?;
    let mut folders = vec![root.to_owned()];
    let (mut files, mut entries, mut size_bytes) = (Vec::new(), 0_usize, 0_u64);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(unreadable(&folder))? {
            let entry = entry.map_err(unreadable(&folder))?;
            entries += 1;
            if entries > limits.entries_max {
                return Err(UnreadableFolder::TooManyEntries { entries_max: limits.entries_max });
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
                size_bytes = size_bytes.saturating_add(file_size_bytes(&path, &home)?);
                files.extend(path.strip_prefix(root).ok().map(Path::to_owned));
            }
            if size_bytes > limits.size_bytes_max {
                return Err(UnreadableFolder::TooLong { size_bytes_max: limits.size_bytes_max });
            }
        }
    }
    files.sort();
    Ok(files)
}

/// How long a file is that is below `home`, itself or by a link.
fn file_size_bytes(path: &Path, home: &Path) -> Result<u64, UnreadableFolder> {
    let target = fs::canonicalize(path).map_err(unreadable(path))?;
    let metadata = fs::metadata(&target).map_err(unreadable(path))?;
    if !metadata.is_file() || !target.starts_with(home) {
        return Err(UnreadableFolder::NotAFile { path: path.to_owned() });
    }
    Ok(metadata.len())
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> UnreadableFolder {
    let path = path.to_owned();
    move |source| UnreadableFolder::Unreadable { path, source }
}
