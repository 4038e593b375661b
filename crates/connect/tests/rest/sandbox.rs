//! The answers that the State's own sandbox gives, where the machine has them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::upstream::{Asked, Reply};

/// One published case: what is asked, and what is answered.
pub struct Case {
    siret: String,
    /// Empty where any year gets this answer.
    year: String,
    status: u16,
    payload: String,
}

/// The cases of one endpoint; `None`, said aloud, where they are not on the machine.
///
/// # Panics
/// Where they are missing although this is a run that must not skip anything.
pub fn cases(endpoint: &str) -> Option<Vec<Case>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/api-gouv").join(endpoint);
    if !folder.is_dir() {
        assert!(env::var_os("UNEFOIS_CI").is_none(), "the sandbox answers `{endpoint}` are missing");
        println!("NOT RUN: the sandbox answers `{endpoint}` are not on this machine");
        return None;
    }
    let files = fs::read_dir(folder).expect("checked above: a folder");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("the folder can be listed").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let cases: Vec<Case> =
        paths.iter().map(|path| case(&fs::read_to_string(path).expect("the file can be read"))).collect();
    assert!(!cases.is_empty(), "the folder of `{endpoint}` has no case");
    Some(cases)
}

/// What the sandbox replies to this question.
pub fn reply(cases: &[Case], asked: &Asked) -> Reply {
    let case = cases.iter().find(|case| {
        let year = format!("year={}", case.year);
        asked.path.contains(&case.siret) && (case.year.is_empty() || asked.query.split('&').any(|part| part == year))
    });
    let case = case.expect("tests ask what the sandbox knows");
    Reply::new(case.status, case.payload.clone())
}

/// Reads the few YAML forms that the cases use: `key: 'text'`, `key: number` and one indented block at the end.
fn case(yaml: &str) -> Case {
    let value = |key: &str| {
        let line = yaml.lines().find_map(|line| line.trim_start().strip_prefix(key)?.strip_prefix(':'));
        line.unwrap_or_default().trim().trim_matches('\'').to_owned()
    };
    let (_, block) = yaml.split_once("payload: |-\n").expect("every case has a payload");
    let payload: Vec<&str> = block.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
    Case {
        siret: value("siret"),
        year: value("year"),
        status: value("status").parse().expect("every case has a status"),
        payload: payload.join("\n"),
    }
}
