//! The throw-away PostgreSQL of the tests, by itself.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use unefois_testkit::{PostgresCluster, PostgresDurability};

const PATIENCE: Duration = Duration::from_secs(60);

fn with_table(durability: PostgresDurability) -> PostgresCluster {
    let cluster = PostgresCluster::start(durability);
    cluster.database_create("hub");
    cluster.runs_sql("hub", "CREATE TABLE told (what text); INSERT INTO told VALUES ('once')");
    cluster
}

fn refuses(cluster: &PostgresCluster) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, cluster.port())).is_err()
}

/// `psql` with the address that a hub is given.
fn as_a_hub(cluster: &PostgresCluster, sql: &str) -> String {
    let output = Command::new("psql").args(["-XAt", "-c", sql, &cluster.url("hub")]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn two_clusters_run_at_once_and_know_nothing_of_each_other() {
    let [one, other] = [PostgresDurability::Durable, PostgresDurability::Fast].map(with_table);
    one.runs_sql("hub", "INSERT INTO told VALUES ('twice')");
    assert_eq!(one.runs_sql("hub", "SELECT what, length(what) FROM told ORDER BY what"), "once|4\ntwice|5");
    assert_eq!(other.runs_sql("hub", "SELECT what FROM told"), "once");
    assert_eq!([&one, &other].map(|cluster| cluster.runs_sql("hub", "SHOW fsync")), ["on", "off"]);
}

#[test]
fn a_hub_owns_its_database_and_nothing_else() {
    let cluster = with_table(PostgresDurability::Fast);
    let who = "SELECT current_user, usesuper, usecreatedb FROM pg_user WHERE usename = current_user";
    assert_eq!(as_a_hub(&cluster, who), "unefois|f|f");
    assert_eq!(as_a_hub(&cluster, "CREATE TABLE own (); SELECT count(*) FROM own"), "CREATE TABLE\n0");
}

#[test]
fn a_password_is_needed() {
    let cluster = with_table(PostgresDurability::Fast);
    let url = cluster.url("hub");
    let (before, after) = (url.find("unefois:").unwrap() + "unefois:".len(), url.find('@').unwrap());
    let wrong = format!("{}wrong{}", &url[..before], &url[after..]);
    let output = Command::new("psql").args(["-XAt", "-c", "SELECT 1", &wrong]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("password authentication failed"));
}

#[test]
fn a_copy_of_a_database_holds_what_it_held_and_goes_its_own_way() {
    let cluster = with_table(PostgresDurability::Fast);
    cluster.database_copy("hub", "beside");
    cluster.runs_sql("beside", "DELETE FROM told");
    assert_eq!(cluster.runs_sql("hub", "SELECT what FROM told"), "once");
    assert_eq!(cluster.runs_sql("beside", "SELECT count(*) FROM told"), "0");
}

#[test]
fn what_was_committed_outlives_an_immediate_stop_and_what_was_not_does_not() {
    for durability in [PostgresDurability::Durable, PostgresDurability::Fast] {
        let cluster = with_table(durability);
        let open = Open::begin(&cluster, "BEGIN; INSERT INTO told VALUES ('never')");
        cluster.stop_immediately();
        assert!(refuses(&cluster));
        cluster.start_again();
        assert_eq!(cluster.runs_sql("hub", "SELECT what FROM told"), "once");
        assert!(cluster.log().contains("database system was not properly shut down"), "{}", cluster.log());
        drop(open);
    }
}

#[test]
fn a_restart_keeps_the_port_and_cuts_who_is_connected() {
    let cluster = with_table(PostgresDurability::Fast);
    let (port, open) = (cluster.port(), Open::begin(&cluster, "SELECT 1"));
    cluster.restart_fast();
    assert_eq!((cluster.port(), cluster.runs_sql("hub", "SELECT what FROM told")), (port, "once".to_owned()));
    assert!(!cluster.log().contains("was not properly shut down"));
    assert!(open.asks("SELECT 1").contains("terminat"));
}

#[test]
fn connections_to_one_database_are_cut_and_those_to_another_are_not() {
    let cluster = with_table(PostgresDurability::Fast);
    cluster.database_create("keys");
    let [first, second] = [(); 2].map(|()| Open::begin(&cluster, "SELECT 1"));
    assert_eq!((cluster.connections_cut("keys"), cluster.connections_cut("hub")), (0, 2));
    for open in [first, second] {
        assert!(open.asks("SELECT 1").contains("terminating connection due to administrator command"));
    }
    assert_eq!(cluster.connections_cut("hub"), 0);
}

#[test]
fn a_dropped_cluster_leaves_no_process_and_no_file() {
    let cluster = with_table(PostgresDurability::Fast);
    let (id, folder) = (postmaster(cluster.path()), cluster.path().to_owned());
    assert!(is_running(id));
    drop(cluster);
    assert!(!is_running(id) && !folder.exists());
}

#[test]
fn a_cluster_outlives_the_thread_that_started_it() {
    let cluster = thread::spawn(|| with_table(PostgresDurability::Fast)).join().unwrap();
    assert_eq!(cluster.runs_sql("hub", "SELECT what FROM told"), "once");
    thread::scope(|scope| {
        let restarts = scope.spawn(|| cluster.restart_fast());
        restarts.join().unwrap();
    });
    assert_eq!(cluster.runs_sql("hub", "SELECT what FROM told"), "once");
}

#[test]
fn a_cluster_ends_with_its_process_however_that_ends() {
    let program = std::env::current_exe().unwrap();
    let words = ["--exact", "has_a_cluster_until_it_is_killed", "--ignored", "--nocapture"];
    let mut child = Command::new(program).args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let told = lines.find_map(|line| line.split_once("cluster: ").map(|(_, told)| told.to_owned())).unwrap();
    let (port, folder) = told.split_once(' ').unwrap();
    let (port, folder) = (port.parse::<u16>().unwrap(), PathBuf::from(folder));
    let server = postmaster(&folder);
    let workers: Vec<u32> = children(server);
    assert!(is_running(server) && !workers.is_empty());
    assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err(), "the cluster has the port");
    child.kill().unwrap();
    child.wait().unwrap();
    let since = Instant::now();
    while is_running(server) || workers.iter().any(|worker| is_running(*worker)) {
        assert!(since.elapsed() < PATIENCE, "the cluster outlives its process");
        thread::sleep(Duration::from_millis(10));
    }
    drop(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap());
    drop(PostgresCluster::start(PostgresDurability::Fast));
    assert!(!folder.exists(), "the next cluster removes what it left");
}

#[test]
#[ignore = "it is run, and killed, by the test before it"]
fn has_a_cluster_until_it_is_killed() {
    let cluster = with_table(PostgresDurability::Fast);
    println!("cluster: {} {}", cluster.port(), cluster.path().display());
    // Until the other test kills this one, or has itself ended.
    std::io::stdin().lines().for_each(drop);
}

fn postmaster(folder: &Path) -> u32 {
    let text = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
    text.lines().next().unwrap().parse().unwrap()
}

fn children(id: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    text.split_whitespace().map(|child| child.parse().unwrap()).collect()
}

/// A process that has ended and that nobody has asked about is not running.
fn is_running(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

/// A session of `psql` that stays open.
struct Open {
    child: std::process::Child,
}

impl Open {
    fn begin(cluster: &PostgresCluster, sql: &str) -> Self {
        let mut psql = Command::new("psql");
        psql.args(["-XAtq", &cluster.url("hub")]);
        let pipes = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut open = Self { child: pipes.spawn().unwrap() };
        open.says(&format!("{sql};\n\\echo begun\n"));
        let lines = BufReader::new(open.child.stdout.as_mut().unwrap()).lines();
        assert!(lines.map(Result::unwrap).any(|line| line == "begun"));
        open
    }

    fn says(&mut self, text: &str) {
        use std::io::Write;
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// What the session is told when it asks again: its errors.
    fn asks(mut self, sql: &str) -> String {
        self.says(&format!("{sql};\n"));
        let output = self.child.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}
