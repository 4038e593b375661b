//! All the tests, and what they need; then those that look from outside once more, on PostgreSQL.

use crate::{
    needs,
    shell::{run_with, works},
};

/// What looks from outside at a hub that has a store. The demonstration always has the embedded one.
const ON_POSTGRES: [&str; 5] = ["stories", "flows", "matrix", "secrecy", "faults"];

/// What is about the files of the embedded store: restored, altered, failing and stalling ones, and the locks and triggers of
/// its SQL. Parts of names, which both runners of tests skip.
const ABOUT_FILES: [&str; 16] = [
    "command_line::a_registry_is_applied_while_no_hub_runs",
    "commit::a_database_that_another_program_locks",
    "erasure::an_old_database_cannot_be_opened",
    "erasure::what_was_on_its_way_during_an_erasure",
    "every_call::",
    "shards::",
    "stall::",
    "start::a_database_that_vanished",
    "start::a_file_that_is_not_ours",
    "start::a_port_in_use",
    "start::a_key_store_that_vanished",
    "start::a_restored_copy_of_a_running_hub",
    "start::a_schema_that_this_program_does_not_know",
    "start::a_second_hub_on_one_data_directory",
    "start::secrets_that_are_missing",
    "storage::",
];

/// What is on PostgreSQL whatever the environment says, because it has several nodes: once is enough.
const ALWAYS_ON_POSTGRES: [&str; 3] =
    ["nodes::", "race::nothing_is_recorded_under_authority", "race::a_hub_without_the_fence"];

pub(crate) fn run() -> anyhow::Result<()> {
    let python = needs::python()?;
    needs::java()?;
    needs::node()?;
    needs::strace()?;
    needs::faketime()?;
    needs::postgres()?;
    let environment = [("UNEFOIS_PYTHON", python.as_str())];
    let on_postgres = [environment[0], ("UNEFOIS_TEST_STORE", "postgres")];
    if works(&["cargo", "nextest", "--version"]) {
        // `--doc` does not heed that the examples in the contract are none in Rust.
        let documented = ["--workspace", "--exclude", "unefois-proto", "--doc"];
        run_with(&[&["cargo", "test", "--locked", "--quiet"][..], &documented].concat(), &environment)?;
        run_with(&["cargo", "nextest", "run", "--workspace", "--locked"], &environment)?;
        return run_with(&of_outside(&["cargo", "nextest", "run"]), &on_postgres);
    }
    run_with(&["cargo", "test", "--workspace", "--locked"], &environment)?;
    run_with(&of_outside(&["cargo", "test"]), &on_postgres)
}

fn of_outside<'a>(runner: &[&'a str]) -> Vec<&'a str> {
    let mut words = [runner, &["--package", "unefois-cli", "--locked"]].concat();
    words.extend(ON_POSTGRES.iter().flat_map(|suite| ["--test", suite]));
    words.push("--");
    words.extend(ABOUT_FILES.iter().chain(&ALWAYS_ON_POSTGRES).flat_map(|part| ["--skip", part]));
    words
}

#[cfg(test)]
mod tests {
    use super::{ABOUT_FILES, ALWAYS_ON_POSTGRES, ON_POSTGRES};
    use crate::shell::top;

    #[test]
    fn whatever_is_skipped_on_postgresql_is_there() {
        for part in ABOUT_FILES.into_iter().chain(ALWAYS_ON_POSTGRES) {
            let (module, test) = part.split_once("::").unwrap();
            let files = ON_POSTGRES.map(|suite| top().join(format!("tests/{suite}/{module}.rs")));
            let text: String = files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
            assert!(text.contains(&format!("fn {test}")), "`{part}` skips nothing");
        }
    }
}
