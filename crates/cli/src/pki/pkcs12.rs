//! The PKCS#12 files that stand beside the PEM files, and where their passwords come from.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use unefois_identity::{Authority, Issued, Pkcs12Password};
use zeroize::Zeroizing;

use crate::arguments::Pkcs12PasswordInput;

/// The password of the PKCS#12 files of one command.
#[derive(Debug)]
pub(super) enum Passwords {
    /// The user said it; it is the user's to keep.
    Given(Pkcs12Password),
    /// Each file has one of its own, in a file beside it.
    KeptBeside,
}

impl Passwords {
    pub(super) fn read(input: Pkcs12PasswordInput) -> anyhow::Result<Self> {
        let Some(file) = input.pkcs12_password_file else { return Ok(Self::KeptBeside) };
        let text = password_text(&file)?;
        let parsed = Pkcs12Password::parse(&text);
        parsed.map(Self::Given).with_context(|| format!("`{}` holds no password", file.display()))
    }

    fn of(&self, pkcs12: &Path) -> anyhow::Result<Pkcs12Password> {
        match self {
            Self::Given(password) => {
                set_aside(&Pkcs12Password::file_of(pkcs12))?;
                Ok(password.clone())
            }
            Self::KeptBeside => Ok(Pkcs12Password::kept_for(pkcs12)?),
        }
    }
}

/// Writes what was issued as PKCS#12 too, and what Java trusts where that is missing.
pub(super) fn write(authority: &Authority, issued: &Issued, passwords: &Passwords) -> anyhow::Result<()> {
    if !authority.trust_store_path().exists() {
        write_trust_store(authority, passwords)?;
    }
    let password = passwords.of(&issued.pkcs12_path())?;
    Ok(authority.pkcs12_write(issued, &password)?)
}

fn write_trust_store(authority: &Authority, passwords: &Passwords) -> anyhow::Result<()> {
    let password = passwords.of(&authority.trust_store_path())?;
    Ok(authority.trust_store_write(&password)?)
}

/// Whether a PKCS#12 file stands beside the PEM file `certificate`; an error when its password is not known, so that
/// a system that reads it never meets another password than its own.
pub(super) fn is_beside(certificate: &Path, passwords: &Passwords) -> anyhow::Result<bool> {
    let pkcs12 = certificate.with_extension("p12");
    if !pkcs12.exists() {
        return Ok(false);
    }
    let is_known = matches!(passwords, Passwords::Given(_)) || Pkcs12Password::file_of(&pkcs12).exists();
    ensure!(is_known, "the password of `{}` is yours: give it with --pkcs12-password-file", pkcs12.display());
    Ok(true)
}

/// A drawn password that is no longer the file's would mislead; it opens the old file still.
fn set_aside(kept: &Path) -> anyhow::Result<()> {
    if kept.exists() {
        let old = kept.with_extension("password.old");
        std::fs::rename(kept, &old).with_context(|| format!("cannot write `{}`", old.display()))?;
    }
    Ok(())
}

fn password_text(file: &PathBuf) -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("cannot read the password from standard input")?;
    } else {
        let read = std::fs::read_to_string(file);
        *text = read.with_context(|| format!("cannot read the password from `{}`", file.display()))?;
    }
    Ok(text)
}
