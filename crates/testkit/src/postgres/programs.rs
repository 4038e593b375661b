//! Where PostgreSQL's programs are on this machine, and whom they run as.

use std::{
    ffi::OsStr,
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// The user that Debian's package makes for the server.
const USER: &str = "postgres";

#[derive(Debug)]
pub(super) struct Programs {
    folder: PathBuf,
    account: Account,
}

/// Whom the server runs as.
#[derive(Debug)]
enum Account {
    /// Whoever runs the tests.
    Own,
    /// [`USER`], because the tests are run by root, whom PostgreSQL refuses.
    Postgres,
}

impl Programs {
    /// The programs that `pg_config` names, else Debian's newest, else those on the path.
    pub(super) fn found() -> Self {
        let candidates = said("pg_config", &["--bindir"]).into_iter().chain(of_debian());
        let on_path = said("sh", &["-c", "command -v initdb"]).and_then(|file| Some(file.parent()?.to_owned()));
        let is_whole = |folder: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
        let folder = candidates.chain(on_path).find(is_whole).expect(
            "PostgreSQL is not installed: `initdb`, `postgres` and `psql` are neither where `pg_config --bindir` says, nor \
             in /usr/lib/postgresql, nor on the path. `cargo xtask test` installs Debian's package `postgresql`",
        );
        let account = if user_id() == 0 { Account::Postgres } else { Account::Own };
        Self { folder, account }
    }

    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// A program that works on the files of a cluster.
    pub(super) fn command(&self, program: &str) -> Command {
        match self.account {
            Account::Own => in_root(Command::new(self.path(program))),
            Account::Postgres => self.set(&[], program),
        }
    }

    /// The server, which the kernel kills when the thread that started it ends.
    pub(super) fn server(&self) -> Command {
        self.set(&["--pdeathsig", "KILL"], "postgres")
    }

    /// A new folder, in which the server's user finds its own.
    pub(super) fn folder(&self, prefix: &str) -> TempDir {
        let mode = match self.account {
            Account::Own => 0o700,
            Account::Postgres => 0o755,
        };
        tempfile::Builder::new().prefix(prefix).permissions(Permissions::from_mode(mode)).tempdir().unwrap()
    }

    /// Makes a folder of the server's user.
    pub(super) fn folder_create(&self, folder: &Path) {
        let mut command = Command::new("install");
        command.args(["-d", "-m", "700"]);
        if matches!(self.account, Account::Postgres) {
            command.args(["-o", USER, "-g", USER]);
        }
        succeeds(command.arg(folder));
    }

    /// The version, such as `15.14`.
    pub(super) fn version(&self) -> String {
        let said = said(self.path("postgres"), &["--version"]).unwrap();
        let said = said.to_str().unwrap();
        said.split(' ').find(|word| word.starts_with(|first: char| first.is_ascii_digit())).unwrap().to_owned()
    }

    fn set(&self, more: &[&str], program: &str) -> Command {
        let mut command = in_root(Command::new("setpriv"));
        if matches!(self.account, Account::Postgres) {
            command.args([&format!("--reuid={USER}"), &format!("--regid={USER}"), "--clear-groups"]);
        }
        command.args(more).arg(self.path(program));
        command
    }
}

/// The user who runs the tests.
pub(super) fn user_id() -> u32 {
    fs::metadata("/proc/self").unwrap().uid()
}

/// Runs a command, which must succeed.
pub(super) fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{said}{errors}");
}

/// The server's user may not enter the folder that the tests run in.
fn in_root(mut command: Command) -> Command {
    command.current_dir("/");
    command
}

/// Debian's folders of programs, the newest version first.
fn of_debian() -> impl Iterator<Item = PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let number = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let mut versions: Vec<PathBuf> = versions.collect();
    versions.sort_by_key(number);
    versions.into_iter().rev().map(|folder| folder.join("bin"))
}

/// The line that a program writes, when there is such a program and it succeeds.
fn said(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<PathBuf> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}
