//! The lints that a change must pass.

use crate::{
    docs, needs,
    shell::{self, cargo_tool},
};

/// The version of cargo-deny whose configuration `deny.toml` is.
const DENY: &str = "cargo-deny@0.20.2";

pub(crate) fn run() -> anyhow::Result<()> {
    shell::run(&["cargo", "fmt", "--all", "--", "--check"])?;
    shell::run(&["cargo", "clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])?;
    deny()?;
    buf()?;
    docs::check()
}

fn deny() -> anyhow::Result<()> {
    shell::run(&[&cargo_tool(DENY)?, "--log-level", "error", "check", "bans", "licenses", "sources"])
}

fn buf() -> anyhow::Result<()> {
    needs::node()?;
    shell::run(&["node_modules/.bin/buf", "lint"])?;
    shell::run(&["node_modules/.bin/buf", "format", "--diff", "--exit-code"])
}
