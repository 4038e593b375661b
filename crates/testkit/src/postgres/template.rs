//! An initialised cluster, made once per user and version and copied for each test: a copy takes a tenth of the time.

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use uuid::Uuid;

use super::{
    OWNER, SUPERUSER,
    programs::{Programs, succeeds, user_id},
};

/// Raised with each change to what is made here.
const RECIPE: u32 = 1;

/// Who may connect: those who know the password, from this machine. It is not trusted, because the superuser of a cluster
/// may do on this machine whatever its user may.
const WHO_MAY_CONNECT: &str = "host all all 127.0.0.1/32 scram-sha-256\n";

#[derive(Debug)]
pub(super) struct Template {
    folder: PathBuf,
}

impl Template {
    /// The one of this user and version, made if need be.
    pub(super) fn ready(programs: &Programs) -> Self {
        let user = user_id();
        let name = format!("unefois-postgres-{}-of-{user}-{RECIPE}", programs.version());
        let folder = std::env::temp_dir().join(name);
        if !folder.exists() {
            make(programs, &folder);
        }
        let owner = fs::metadata(&folder).unwrap().uid();
        assert_eq!(owner, user, "{} is not ours", folder.display());
        Self { folder }
    }

    pub(super) fn password(&self) -> String {
        fs::read_to_string(self.folder.join("password")).unwrap()
    }

    /// Copies the cluster into a new folder of the same owner.
    pub(super) fn copy_to(&self, data: &Path) {
        succeeds(Command::new("cp").args(["-a", "--reflink=auto"]).arg(self.folder.join("data")).arg(data));
    }
}

/// Makes it under another name first: what has its name is whole, whoever else makes one at the same time.
fn make(programs: &Programs, folder: &Path) {
    let made = programs.folder("unefois-postgres-new-");
    let data = made.path().join("data");
    let password = Uuid::new_v4().simple().to_string();
    let mut file = fs::File::options();
    let mut file = file.write(true).create_new(true).mode(0o600).open(made.path().join("password")).unwrap();
    file.write_all(password.as_bytes()).unwrap();
    programs.folder_create(&data);
    let how = ["--auth=reject", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--username", SUPERUSER, "-D"];
    succeeds(programs.command("initdb").args(how).arg(&data));
    fs::write(data.join("pg_hba.conf"), WHO_MAY_CONNECT).unwrap();
    roles_create(programs, &data, &password);
    match fs::rename(made.path(), folder) {
        Ok(()) => drop(made.keep()),
        Err(error) => assert!(folder.exists(), "{}: {error}", folder.display()),
    }
}

/// Gives the roles their password by a server of one user, which nobody connects to.
fn roles_create(programs: &Programs, data: &Path, password: &str) {
    let mut server = programs.command("postgres");
    server.args(["--single", "-c", "exit_on_error=on", "-D"]).arg(data).arg(SUPERUSER);
    let pipes = server.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    let statements =
        format!("ALTER ROLE {SUPERUSER} PASSWORD '{password}'\nCREATE ROLE {OWNER} LOGIN PASSWORD '{password}'\n");
    child.stdin.take().unwrap().write_all(statements.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
