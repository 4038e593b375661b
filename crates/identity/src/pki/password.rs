//! The password of a PKCS#12 file: given by its user, or drawn and kept in a file beside it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use thiserror::Error;
use zeroize::Zeroizing;

use super::PkiError;
use super::files::{Access, file_replace, with_suffix};

/// How many random bytes a drawn password stands for.
const DRAWN_BYTES: usize = 16;

/// The password of a PKCS#12 file: 6 to 128 printable ASCII characters. It is erased when it is dropped.
///
/// Java's tools refuse shorter ones, and its AES schemes refuse all but ASCII.
#[derive(Clone, PartialEq, Eq)]
pub struct Pkcs12Password(Zeroizing<String>);

/// A text that is no password for a PKCS#12 file. The text is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a password of a PKCS#12 file has 6 to 128 printable ASCII characters on a single line")]
pub struct InvalidPkcs12Password;

impl Pkcs12Password {
    const LENGTH: std::ops::RangeInclusive<usize> = 6..=128;

    /// The password that a file or standard input holds: its only line.
    ///
    /// # Errors
    /// [`InvalidPkcs12Password`] when it is too short or too long, or has other characters than printable ASCII.
    pub fn parse(text: &str) -> Result<Self, InvalidPkcs12Password> {
        let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        let is_printable = line.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if is_printable && Self::LENGTH.contains(&line.len()) {
            Ok(Self(Zeroizing::new(line.to_owned())))
        } else {
            Err(InvalidPkcs12Password)
        }
    }

    /// The password kept for the file `pkcs12` in `<pkcs12>.password`; a new one of 128 random bits, which is
    /// written there (mode 0600), when that file is missing.
    ///
    /// # Errors
    /// [`PkiError`] when the file cannot be read or written, or holds no password.
    pub fn kept_for(pkcs12: &Path) -> Result<Self, PkiError> {
        let path = Self::file_of(pkcs12);
        match fs::read_to_string(&path).map(Zeroizing::new) {
            Ok(text) => Self::parse(&text).map_err(|source| PkiError::InvalidPassword { path, source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let drawn = Self::drawn()?;
                file_replace(&path, format!("{}\n", drawn.text()).as_bytes(), Access::OwnerOnly)?;
                Ok(drawn)
            }
            Err(source) => Err(PkiError::UnreadablePassword { path, source }),
        }
    }

    /// Where the drawn password of the file `pkcs12` is kept.
    #[must_use]
    pub fn file_of(pkcs12: &Path) -> PathBuf {
        with_suffix(pkcs12, ".password")
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    fn drawn() -> Result<Self, PkiError> {
        let mut bytes = Zeroizing::new([0; DRAWN_BYTES]);
        aws_lc_rs::rand::fill(&mut *bytes).map_err(|_unspecified| PkiError::NoRandomness)?;
        let mut text = Zeroizing::new(String::with_capacity(2 * DRAWN_BYTES));
        for byte in *bytes {
            write!(text, "{byte:02x}").expect("a text takes all that is written to it");
        }
        Ok(Self(text))
    }
}

/// The password is left out: it is a secret.
impl fmt::Debug for Pkcs12Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pkcs12Password").finish_non_exhaustive()
    }
}
