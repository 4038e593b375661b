//! A throw-away PostgreSQL: a cluster of its own on a free port, which ends with the test.

mod folder;
mod port;
mod postmaster;
mod programs;
mod template;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
};

use self::{
    folder::Folder,
    postmaster::{Postmaster, Shutdown},
    programs::Programs,
    template::Template,
};

/// The role that owns the databases: an ordinary one, as a hub in production has.
pub(crate) const OWNER: &str = "unefois";
const SUPERUSER: &str = "postgres";

/// How many ports are tried: another program may take one between our look and PostgreSQL's.
const PORTS_TRIED: u32 = 20;

/// Whether what is committed outlives the machine.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum PostgresDurability {
    /// As in production: `fsync` is on.
    Durable,
    /// `fsync` is off: a commit outlives any process, but not the machine.
    #[default]
    Fast,
}

/// A PostgreSQL of its own. Dropping it stops it and removes what it wrote.
#[derive(Debug)]
pub struct PostgresCluster {
    programs: Programs,
    folder: Folder,
    durability: PostgresDurability,
    more_settings: Vec<String>,
    port: u16,
    password: String,
    /// Behind a lock because the houses and tasks of a test share the cluster, and each may stop it.
    postmaster: Mutex<Option<Postmaster>>,
}

impl PostgresCluster {
    /// Starts a new cluster and waits until it takes connections.
    #[must_use]
    pub fn start(durability: PostgresDurability) -> Self {
        Self::start_with(durability, &[])
    }

    /// The same with more settings, such as `shared_buffers=128MB`; they are kept over its restarts.
    #[must_use]
    pub fn start_with(durability: PostgresDurability, more_settings: &[String]) -> Self {
        let programs = Programs::found();
        let template = Template::ready(&programs);
        let folder = Folder::new(&programs);
        template.copy_to(&folder.path().join("data"));
        let (password, postmaster) = (template.password(), Mutex::new(None));
        let more_settings = more_settings.to_vec();
        let mut cluster = Self { programs, folder, durability, more_settings, port: 0, password, postmaster };
        for _ in 0..PORTS_TRIED {
            cluster.port = port::free();
            match cluster.try_start() {
                Ok(()) => return cluster,
                Err(log) => assert!(log.contains("could not create any TCP/IP sockets"), "{log}"),
            }
        }
        panic!("every port that was tried is in use");
    }

    /// Where a hub finds a database, as the role that owns it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let Self { port, password, .. } = self;
        format!("postgresql://{OWNER}:{password}@127.0.0.1:{port}/{database}")
    }

    /// Where it listens on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of its first process, which all others are children of.
    pub fn process_id(&self) -> u32 {
        self.postmaster.lock().unwrap().as_ref().expect("the cluster is running").id()
    }

    /// The folder of everything that it writes, its log included.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What it has logged, over all its starts.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log_file()).unwrap_or_default()).into_owned()
    }

    /// Makes an empty database.
    pub fn database_create(&self, name: &str) {
        self.runs_sql(SUPERUSER, &format!("CREATE DATABASE \"{name}\" OWNER {OWNER}"));
    }

    /// Makes a database with everything that another one holds, which nobody may be connected to.
    pub fn database_copy(&self, from: &str, to: &str) {
        self.runs_sql(SUPERUSER, &format!("CREATE DATABASE \"{to}\" TEMPLATE \"{from}\" OWNER {OWNER}"));
    }

    /// Removes a database and whatever is connected to it.
    pub fn database_drop(&self, name: &str) {
        self.runs_sql(SUPERUSER, &format!("DROP DATABASE \"{name}\" WITH (FORCE)"));
    }

    /// Cuts every connection to a database; gives how many there were.
    pub fn connections_cut(&self, database: &str) -> usize {
        let sessions = format!("FROM pg_stat_activity WHERE datname = '{database}'");
        let cut = self.runs_sql(SUPERUSER, &format!("SELECT count(pg_terminate_backend(pid)) {sessions}"));
        cut.parse().unwrap()
    }

    /// Runs SQL as the superuser by `psql`, a client that we did not write. Gives the rows as lines, with `|` between
    /// their columns.
    pub fn runs_sql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(self.programs.path("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1", "--file=-"])
            .args(["--host=127.0.0.1", "--username", SUPERUSER, "--dbname", database, "--port"])
            .arg(self.port.to_string())
            .env("PGPASSWORD", &self.password);
        let pipes = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        // A client that cannot connect does not read its input.
        let _closed = child.stdin.take().unwrap().write_all(sql.as_bytes());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{sql}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned()
    }

    /// Stops it as a crash would: what it had not written stays unwritten, and its next start recovers.
    pub fn stop_immediately(&self) {
        self.stop(Shutdown::Immediate);
    }

    /// Starts it again on the same port, and waits until it takes connections.
    pub fn start_again(&self) {
        self.try_start().unwrap();
    }

    /// Stops it as an operator would, cutting every connection, and starts it again.
    pub fn restart_fast(&self) {
        self.stop(Shutdown::Fast);
        self.start_again();
    }

    fn try_start(&self) -> Result<(), String> {
        let mut postmaster = self.postmaster.lock().unwrap();
        assert!(postmaster.is_none(), "the cluster is running");
        let begun = Postmaster::start(self.server(), &self.folder.path().join("data"));
        *postmaster = Some(begun.map_err(|status| format!("PostgreSQL ended with {status}\n{}", self.log()))?);
        Ok(())
    }

    fn stop(&self, shutdown: Shutdown) {
        let postmaster = self.postmaster.lock().unwrap().take().expect("the cluster is running");
        assert!(postmaster.stop(shutdown), "PostgreSQL does not stop\n{}", self.log());
    }

    fn server(&self) -> Command {
        let fsync = match self.durability {
            PostgresDurability::Durable => "fsync=on",
            PostgresDurability::Fast => "fsync=off",
        };
        let settings = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "shared_buffers=16MB",
            "cluster_name=unefois-test",
            "log_line_prefix=%m [%p] %q%u@%d ",
            fsync,
        ];
        let log = std::fs::File::options().create(true).append(true).open(self.log_file()).unwrap();
        let mut server = self.programs.server();
        server.arg("-D").arg(self.folder.path().join("data")).arg("-p").arg(self.port.to_string());
        // Of a setting that is given twice the later counts.
        let settings = settings.into_iter().chain(self.more_settings.iter().map(String::as_str));
        server.args(settings.flat_map(|setting| ["-c", setting]));
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        server
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for PostgresCluster {
    fn drop(&mut self) {
        let postmaster = self.postmaster.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        // It is killed where it does not stop; either way its folder goes next.
        let _stopped = postmaster.is_none_or(|postmaster| postmaster.stop(Shutdown::Immediate));
    }
}
