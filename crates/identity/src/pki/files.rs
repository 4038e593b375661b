//! The files of the authority: who may read them, and how one takes the place of another.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::PkiError;

/// Who may read a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Access {
    Everyone,
    OwnerOnly,
}

/// Makes the folder `dir` and those above it, readable by their owner only. One that is there stays as it is.
pub(super) fn folder_create(dir: &Path) -> Result<(), PkiError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|source| unwritable(dir, source))
}

/// Writes the whole file to disk.
pub(super) fn file_write(path: &Path, bytes: &[u8], access: Access) -> Result<(), PkiError> {
    file_fill(path, bytes, access).map_err(|source| unwritable(path, source))
}

/// Writes a file that takes the place of the one that is there in one step, when it is complete.
pub(super) fn file_replace(path: &Path, bytes: &[u8], access: Access) -> Result<(), PkiError> {
    let new = with_suffix(path, ".new");
    file_write(&new, bytes, access)?;
    file_rename(&new, path)
}

/// Keeps the file as `NAME.old` too.
pub(super) fn file_keep(path: &Path) -> Result<(), PkiError> {
    let old = with_suffix(path, ".old");
    fs::copy(path, &old).map(|_bytes| ()).map_err(|source| unwritable(&old, source))
}

/// Gives a file its name.
pub(super) fn file_rename(from: &Path, to: &Path) -> Result<(), PkiError> {
    fs::rename(from, to).map_err(|source| unwritable(to, source))
}

/// The path with more behind its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn file_fill(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    // What an interrupted attempt left behind may have other permissions.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = file_create(path, access)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn file_create(path: &Path, access: Access) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(
        &mut options,
        match access {
            Access::Everyone => 0o644,
            Access::OwnerOnly => 0o600,
        },
    );
    #[cfg(not(unix))]
    let _inherited_from_the_folder = access;
    options.open(path)
}

fn unwritable(path: &Path, source: io::Error) -> PkiError {
    PkiError::Unwritable { path: path.to_owned(), source }
}
