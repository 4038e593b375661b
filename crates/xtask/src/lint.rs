//! The lints that a change must pass.

use crate::{
    docs,
    shell::{self, apt_install, cargo_tool, works},
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
    if !works(&["npm", "--version"]) {
        apt_install(&["nodejs", "npm"])?;
    }
    if !works(&["node_modules/.bin/buf", "--version"]) {
        shell::run(&["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel", "error"])?;
    }
    shell::run(&["node_modules/.bin/buf", "lint"])?;
    shell::run(&["node_modules/.bin/buf", "format", "--diff", "--exit-code"])
}
