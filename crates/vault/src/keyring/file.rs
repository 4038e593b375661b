//! The keyring's file: how it is read, checked and written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Keyring, KeyringError, MasterKey};
use crate::secret::Secret;

/// Longest keyring that is read; one of a thousand master keys is shorter.
const KEYRING_SIZE_BYTES_MAX: u64 = 64 * 1024;

pub(super) fn load(path: &Path) -> Result<Keyring, KeyringError> {
    let text = read(path)?;
    let lines: Lines = toml::from_str(&text).map_err(|error| KeyringError::Malformed {
        path: path.to_owned(),
        line: line_of(&text, error.span().map_or(0, |span| span.start)),
    })?;
    keyring(lines, path)
}

pub(super) fn save_new(keyring: &Keyring, path: &Path) -> Result<(), KeyringError> {
    let text = print(keyring);
    // Whole or not at all, even when the process is killed: written beside its place, then linked there. Unlike a
    // renaming, a link never replaces what is there.
    let beside = beside(path);
    let linked = write_durably(&beside, text.as_bytes())
        .and_then(|()| fs::hard_link(&beside, path))
        .and_then(|()| sync_folder_of(path));
    // Of no use any more; that it stays after a failure is part of the same trouble.
    let _ = fs::remove_file(&beside);
    match linked {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(KeyringError::AlreadyExists { path: path.to_owned() })
        }
        Err(error) => Err(not_written(path, error)),
    }
}

/// Where a keyring is written before it is in its place.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// The file's keys, with values still to be checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    pseudonym_root: Option<SecretText>,
    ledger_seed: Option<SecretText>,
    master: Option<MasterLines>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MasterLines {
    current: Option<u32>,
    #[serde(default)]
    keys: BTreeMap<String, SecretText>,
}

/// A secret as written, decoded at once; `None` when it is not one.
struct SecretText(Option<Secret>);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        Ok(Self(Secret::from_base64(&text)))
    }
}

fn keyring(lines: Lines, path: &Path) -> Result<Keyring, KeyringError> {
    let Lines { pseudonym_root, ledger_seed, master } = lines;
    let MasterLines { current, keys } = master.ok_or_else(|| invalid(path, "master", MISSING))?;
    let current = current.ok_or_else(|| invalid(path, "master.current", MISSING))?;
    let mut masters = BTreeMap::new();
    for (number, text) in keys {
        let epoch = epoch(&number)
            .ok_or_else(|| invalid(path, "master.keys", "has a key that is not named by a whole number from 1 on"))?;
        let secret = secret(Some(text), path, &format!("master.keys.{epoch}"))?;
        masters.insert(epoch, MasterKey::new(epoch, secret));
    }
    let current =
        masters.remove(&current).ok_or_else(|| invalid(path, "master.current", "names no key of `master.keys`"))?;
    Ok(Keyring {
        pseudonym_root: secret(pseudonym_root, path, "pseudonym_root")?,
        ledger_seed: secret(ledger_seed, path, "ledger_seed")?,
        current,
        others: masters,
    })
}

const MISSING: &str = "is missing";

fn secret(text: Option<SecretText>, path: &Path, key: &str) -> Result<Secret, KeyringError> {
    let SecretText(secret) = text.ok_or_else(|| invalid(path, key, MISSING))?;
    secret.ok_or_else(|| invalid(path, key, "is not 32 bytes of base64"))
}

/// The number of a master key, in the one way in which it is written: `01` beside `1` would hide one of them.
fn epoch(number: &str) -> Option<u32> {
    let epoch = number.parse().ok()?;
    (epoch > 0 && number == format!("{epoch}")).then_some(epoch)
}

fn invalid(path: &Path, key: &str, problem: &'static str) -> KeyringError {
    KeyringError::Invalid { path: path.to_owned(), key: key.to_owned(), problem }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn read(path: &Path) -> Result<Zeroizing<String>, KeyringError> {
    let not_read = |source| KeyringError::NotRead { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(KeyringError::Missing { path: path.to_owned() });
        }
        Err(error) => return Err(not_read(error)),
    };
    // Asked of the open file, not of the path: they could differ.
    let metadata = file.metadata().map_err(not_read)?;
    if !metadata.is_file() {
        return Err(KeyringError::NotAFile { path: path.to_owned() });
    }
    check_mode(path, &metadata)?;
    // Of full size from the start: a buffer that grows leaves copies of the secrets behind.
    let mut text = Zeroizing::new(String::with_capacity(
        usize::try_from(KEYRING_SIZE_BYTES_MAX + 1).expect("a few kilobytes fit any address space"),
    ));
    file.take(KEYRING_SIZE_BYTES_MAX + 1).read_to_string(&mut text).map_err(not_read)?;
    if text.len() as u64 > KEYRING_SIZE_BYTES_MAX {
        return Err(KeyringError::TooLong { path: path.to_owned(), max_bytes: KEYRING_SIZE_BYTES_MAX });
    }
    Ok(text)
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyringError> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    let mode = metadata.permissions().mode() & 0o7777;
    if is_open_to_others(mode, metadata.uid()) {
        return Err(KeyringError::OpenToOthers { path: path.to_owned(), mode });
    }
    Ok(())
}

/// A credential of systemd is root's, nobody's to write, and readable through an access list whose mask looks like the
/// rights of its group.
#[cfg(unix)]
fn is_open_to_others(mode: u32, owner: u32) -> bool {
    const ROOT: u32 = 0;
    let is_credential = owner == ROOT && mode == 0o440;
    mode & 0o077 != 0 && !is_credential
}

#[cfg(not(unix))]
fn check_mode(_path: &Path, _metadata: &fs::Metadata) -> Result<(), KeyringError> {
    Ok(())
}

fn print(keyring: &Keyring) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(512 + 64 * keyring.masters().count()));
    let written = write!(
        text,
        "# The secrets of one hub. Whoever loses them loses all that it sealed; whoever reads them can open it.\n\
         # Keep a copy apart from the copies of the database.\n\
         pseudonym_root = \"{}\"\n\
         ledger_seed = \"{}\"\n\
         \n\
         [master]\n\
         current = {}\n\
         \n\
         # Destroying a master key erases what the keys under it sealed, in copies too.\n\
         [master.keys]\n",
        *keyring.pseudonym_root.to_base64(),
        *keyring.ledger_seed.to_base64(),
        keyring.current.epoch,
    );
    written.expect("a string takes all that is written to it");
    for master in keyring.masters() {
        writeln!(text, "{} = \"{}\"", master.epoch, *master.secret.to_base64())
            .expect("a string takes all that is written to it");
    }
    text
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Left by a process that was killed here.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = new_file(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A new file is durable once the folder that names it is.
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder_of(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn not_written(path: &Path, source: io::Error) -> KeyringError {
    KeyringError::NotWritten { path: path.to_owned(), source }
}

#[cfg(all(test, unix))]
mod tests {
    use super::is_open_to_others;

    #[test]
    fn a_credential_of_systemd_is_closed_and_what_merely_looks_like_one_is_not() {
        assert!(!is_open_to_others(0o440, 0));
        assert!(!is_open_to_others(0o600, 0) && !is_open_to_others(0o400, 990));
        for (mode, owner) in [(0o440, 990), (0o640, 0), (0o444, 0), (0o460, 0), (0o2440, 0)] {
            assert!(is_open_to_others(mode, owner), "{mode:o} of {owner}");
        }
    }
}
