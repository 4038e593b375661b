//! The keyring's file: what is written is read again, and what is not a keyring of this hub is refused clearly.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use unefois_vault::{KeyId, KeyUse, Keyring, KeyringError, RecordAad, UnwrapError};

const KEY_A: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const KEY_B: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// A keyring file of invented secrets with these master keys.
fn keyring_text(current: u32, masters: &[(u32, &str)]) -> String {
    let masters: String = masters.iter().map(|(epoch, key)| format!("{epoch} = \"{key}\"\n")).collect();
    format!(
        "pseudonym_root = \"{KEY_A}\"\nledger_seed = \"{KEY_B}\"\n[master]\ncurrent = {current}\n[master.keys]\n{masters}"
    )
}

fn written(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("keyring.toml");
    fs::write(&path, text).expect("a temporary folder takes files");
    allow(&path, 0o600);
    path
}

fn loaded(text: &str) -> Result<Keyring, KeyringError> {
    let folder = tempfile::tempdir().expect("the machine has room for a temporary folder");
    Keyring::load(&written(&folder, text))
}

#[cfg(unix)]
fn allow(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the file is ours");
}

#[cfg(not(unix))]
fn allow(_path: &Path, _mode: u32) {}

#[test]
fn a_saved_keyring_is_the_same_when_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.toml");
    let keyring = Keyring::generate();
    keyring.save_new(&path).unwrap();
    let again = Keyring::load(&path).unwrap();

    assert_eq!(again.ledger_seed(), keyring.ledger_seed());
    assert_eq!(again.current_epoch(), 1);
    assert_eq!(again.pseudonyms().search([7; 16]), keyring.pseudonyms().search([7; 16]));
    let (key, wrapped) = keyring.new_key(KeyId([1; 16]), KeyUse::Payload);
    let place = RecordAad { dataset: "declared_turnover/1", record: [2; 16], revision: 1 };
    let sealed = key.seal(&place.encode(), b"1200");
    let opened = again.unwrap(&wrapped).unwrap().open(&place.encode(), &sealed);
    assert_eq!(opened.unwrap(), b"1200");
}

#[test]
fn two_generated_keyrings_share_no_secret() {
    let (one, other) = (Keyring::generate(), Keyring::generate());
    assert_ne!(one.ledger_seed(), other.ledger_seed());
    assert_ne!(one.pseudonyms().search([0; 16]), other.pseudonyms().search([0; 16]));
}

#[test]
fn a_keyring_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(&folder, "something of value");
    let refused = Keyring::generate().save_new(&path);
    assert!(matches!(refused, Err(KeyringError::AlreadyExists { .. })), "{refused:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "something of value");
}

#[test]
fn a_keyring_that_cannot_be_written_says_where() {
    let path = Path::new("/nowhere/at/all/keyring.toml");
    let refused = Keyring::generate().save_new(path).unwrap_err();
    assert!(matches!(refused, KeyringError::NotWritten { .. }), "{refused:?}");
    assert!(refused.to_string().contains("/nowhere/at/all/keyring.toml"), "{refused}");
}

#[cfg(unix)]
#[test]
fn a_new_keyring_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.toml");
    Keyring::generate().save_new(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
}

#[cfg(unix)]
#[test]
fn a_keyring_open_to_others_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(&folder, &keyring_text(1, &[(1, KEY_A)]));
    for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o666, 0o777] {
        allow(&path, mode);
        let refused = Keyring::load(&path).unwrap_err();
        assert!(matches!(refused, KeyringError::OpenToOthers { .. }), "{mode:o}: {refused:?}");
        assert!(refused.to_string().contains(&format!("{mode:04o}")), "{refused}");
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }
    for mode in [0o600, 0o400] {
        allow(&path, mode);
        Keyring::load(&path).unwrap();
    }
}

#[test]
fn a_missing_keyring_and_a_folder_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Keyring::load(&folder.path().join("none.toml"));
    assert!(matches!(missing, Err(KeyringError::Missing { .. })), "{missing:?}");
    let not_a_file = Keyring::load(folder.path());
    assert!(matches!(not_a_file, Err(KeyringError::NotAFile { .. } | KeyringError::NotRead { .. })), "{not_a_file:?}");
}

#[test]
fn a_keyring_that_lacks_something_names_what() {
    let whole = keyring_text(1, &[(1, KEY_A)]);
    for (text, key) in [
        (whole.replace(&format!("pseudonym_root = \"{KEY_A}\"\n"), ""), "`pseudonym_root` is missing"),
        (whole.replace(&format!("ledger_seed = \"{KEY_B}\"\n"), ""), "`ledger_seed` is missing"),
        (whole.replace("current = 1\n", ""), "`master.current` is missing"),
        (whole.replace("current = 1", "current = 2"), "`master.current` names no key"),
        (whole.replace(KEY_B, "AgICAgI="), "`ledger_seed` is not 32 bytes"),
        (whole.replace(KEY_B, "!"), "`ledger_seed` is not 32 bytes"),
        (whole.replace("1 = \"", "01 = \""), "`master.keys` has a key"),
        (whole.replace("1 = \"", "0 = \""), "`master.keys` has a key"),
        (whole.replace("\n1 = \"AQ", "\n1 = \"A"), "`master.keys.1` is not 32 bytes"),
        (format!("pseudonym_root = \"{KEY_A}\""), "`master` is missing"),
    ] {
        let refused = loaded(&text).unwrap_err();
        assert!(refused.to_string().contains(key), "{refused}");
    }
}

#[test]
fn a_file_that_is_not_a_keyring_is_refused_with_its_line_and_without_its_content() {
    let whole = keyring_text(1, &[(1, KEY_A)]);
    for (text, line) in [
        (whole.replace("current = 1", "current = \"1\""), 4),
        (whole.replace("current = 1", "current = -1"), 4),
        (whole.replace("[master]", "[master"), 3),
        (format!("{whole}2 = {KEY_B}\n"), 7),
        (format!("unknown = 1\n{whole}"), 1),
        (format!("{whole}1 = \"{KEY_B}\"\n"), 7),
    ] {
        let refused = loaded(&text).unwrap_err();
        assert!(matches!(refused, KeyringError::Malformed { line: at, .. } if at == line), "{text}{refused:?}");
        let shown = format!("{refused} {refused:?}");
        assert!(!shown.contains(KEY_A) && !shown.contains(KEY_B), "{shown}");
    }
    let too_long = loaded(&format!("{whole}#{}", " ".repeat(70_000)));
    assert!(matches!(too_long, Err(KeyringError::TooLong { .. })), "{too_long:?}");
}

#[test]
fn nothing_secret_is_shown_by_debug() {
    let keyring = loaded(&keyring_text(2, &[(1, KEY_A), (2, KEY_B)])).unwrap();
    assert_eq!(format!("{keyring:?}"), "Keyring { current_epoch: 2, other_epochs: [1], .. }");
    assert_eq!(format!("{:?}", keyring.pseudonyms()), "Pseudonyms { .. }");
}

#[test]
fn keys_of_an_earlier_epoch_unwrap_until_its_master_key_is_destroyed() {
    let first = loaded(&keyring_text(1, &[(1, KEY_A)])).unwrap();
    let (_, wrapped) = first.new_key(KeyId([1; 16]), KeyUse::Trace);

    let renewed = loaded(&keyring_text(2, &[(1, KEY_A), (2, KEY_B)])).unwrap();
    renewed.unwrap(&wrapped).unwrap();
    assert_eq!(renewed.new_key(KeyId([2; 16]), KeyUse::Trace).1.master_epoch, 2);

    let destroyed = loaded(&keyring_text(2, &[(2, KEY_B)])).unwrap();
    assert_eq!(destroyed.unwrap(&wrapped).unwrap_err(), UnwrapError::MasterKeyGone { epoch: 1 });
    let another_hub = loaded(&keyring_text(1, &[(1, KEY_B)])).unwrap();
    assert_eq!(another_hub.unwrap(&wrapped).unwrap_err(), UnwrapError::NotAuthentic { epoch: 1 });
}
