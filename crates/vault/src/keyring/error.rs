//! What can be wrong with a keyring file, and what to do about it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A keyring that cannot be read or written. Each names the file and the way out; none quotes its content.
#[derive(Debug, Error)]
pub enum KeyringError {
    /// There is no such file.
    #[error("keyring `{}` does not exist: make one for a new hub, or restore that of this hub", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be opened or read.
    #[error("keyring `{}` cannot be read: the hub's own user must own it and be able to read it", path.display())]
    NotRead {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is something else than a file, a folder for instance.
    #[error("keyring `{}` is not a regular file: give the path of the keyring itself", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Its group or everybody may read or write it (Unix).
    #[error("keyring `{}` has mode {mode:04o}, open to others: run `chmod 600` on it", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is longer than any keyring.
    #[error("keyring `{}` is longer than {max_bytes} bytes: it is not a keyring, restore that of this hub", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The longest keyring that is read.
        max_bytes: u64,
    },
    /// It is not TOML, or not of a keyring's shape.
    #[error("keyring `{}` is not a keyring: look at line {line}, or restore that of this hub", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where reading failed, counted from 1.
        line: usize,
    },
    /// One of its values is missing or not what it must be.
    #[error("keyring `{}`: `{key}` {problem}; correct it, or restore the keyring of this hub", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The key of the value in the file.
        key: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is a file already.
    #[error("keyring `{}` exists and is never overwritten: choose another path, or move it away", path.display())]
    AlreadyExists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written, or not brought to the disk.
    #[error("keyring `{}` cannot be written: check its folder, the rights on it and the space left", path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}
