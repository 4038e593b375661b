//! An SQLite that is not ours, standing in for another program that reads or writes the hub's files.

use std::{path::Path, process::Command};

/// The Python whose SQLite it is.
#[must_use]
pub fn python() -> Command {
    #[allow(clippy::disallowed_methods, reason = "the test command says in the environment which Python to use")]
    let python = std::env::var("UNEFOIS_PYTHON").unwrap_or_else(|_unset| "python3".to_owned());
    Command::new(python)
}

/// Runs SQL on a database file.
pub fn sql(database: &Path, statement: &str) {
    use std::io::Write;
    // From its input: the statements of a whole ledger are longer than an argument may be.
    let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=10); c.executescript(sys.stdin.read())";
    let mut child = python().args(["-c", script]).arg(database).stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(statement.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{statement}");
}

/// The one number that a query gives.
#[must_use]
pub fn number(database: &Path, query: &str) -> u64 {
    table(database, query).parse().unwrap()
}

/// The rows that a query gives as lines, with `|` between their columns.
#[must_use]
pub fn table(database: &Path, query: &str) -> String {
    let script = "import sqlite3, sys
for row in sqlite3.connect(sys.argv[1], timeout=10).execute(sys.argv[2]): print(*row, sep='|')";
    let output = python().args(["-c", script]).arg(database).arg(query).output().unwrap();
    assert!(output.status.success(), "{query}");
    String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned()
}
