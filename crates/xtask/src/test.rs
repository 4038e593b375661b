//! All the tests, and what they need.

use anyhow::Context;

use crate::shell::{self, apt_install, run_with, top, works};

/// What the tests call other implementations with.
const VENV: &str = "target/venv";
const REQUIREMENTS: &str = "tests/clients/python/requirements.txt";

pub(crate) fn run() -> anyhow::Result<()> {
    let python = top().join(VENV).join("bin/python");
    let python = python.to_str().context("the path of the repository is not UTF-8")?.to_owned();
    install_python(&python)?;
    let environment = [("UNEFOIS_PYTHON", python.as_str())];
    if works(&["cargo", "nextest", "--version"]) {
        run_with(&["cargo", "test", "--workspace", "--doc", "--locked", "--quiet"], &environment)?;
        return run_with(&["cargo", "nextest", "run", "--workspace", "--locked"], &environment);
    }
    run_with(&["cargo", "test", "--workspace", "--locked"], &environment)
}

/// A Python of our own with what the tests import.
fn install_python(python: &str) -> anyhow::Result<()> {
    if !works(&[python, "-c", "import stdnum"]) {
        if !works(&["python3", "-m", "venv", "--without-pip", "target/venv-probe"])
            || !works(&["python3", "-m", "ensurepip", "--version"])
        {
            apt_install(&["python3", "python3-venv"])?;
        }
        shell::run(&["python3", "-m", "venv", VENV])?;
    }
    shell::run(&[
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        REQUIREMENTS,
    ])
}
