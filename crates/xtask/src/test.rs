//! All the tests, and what they need.

use crate::{
    needs,
    shell::{run_with, works},
};

pub(crate) fn run() -> anyhow::Result<()> {
    let python = needs::python()?;
    needs::java()?;
    needs::node()?;
    needs::strace()?;
    let environment = [("UNEFOIS_PYTHON", python.as_str())];
    if works(&["cargo", "nextest", "--version"]) {
        run_with(&["cargo", "test", "--workspace", "--doc", "--locked", "--quiet"], &environment)?;
        return run_with(&["cargo", "nextest", "run", "--workspace", "--locked"], &environment);
    }
    run_with(&["cargo", "test", "--workspace", "--locked"], &environment)
}
