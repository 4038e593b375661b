//! The lints that a change must pass.

use crate::{
    breaking, deploy, docs, needs,
    shell::{self, apt_unpack, cargo_tool, works},
};

/// The version of cargo-deny whose configuration `deny.toml` is.
const DENY: &str = "cargo-deny@0.20.2";

pub(crate) fn run() -> anyhow::Result<()> {
    shell::run(&["cargo", "fmt", "--all", "--", "--check"])?;
    shell::run(&["cargo", "clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])?;
    deny()?;
    buf()?;
    promtool()?;
    deploy::lint()?;
    docs::check()
}

fn deny() -> anyhow::Result<()> {
    shell::run(&[&cargo_tool(DENY)?, "--log-level", "error", "check", "bans", "licenses", "sources"])
}

fn buf() -> anyhow::Result<()> {
    needs::node()?;
    shell::run(&["node_modules/.bin/buf", "lint"])?;
    shell::run(&["node_modules/.bin/buf", "format", "--diff", "--exit-code"])?;
    breaking::check()
}

/// The rules of Prometheus, read by its own tool: taken out of its package, because the package would start a server.
fn promtool() -> anyhow::Result<()> {
    const UNPACKED: &str = "target/tools/prometheus/usr/bin/promtool";
    let installed = ["promtool", UNPACKED].into_iter().find(|program| works(&[program, "--version"]));
    let program = match installed {
        Some(program) => program,
        None => {
            apt_unpack("prometheus", "target/tools/prometheus")?;
            UNPACKED
        }
    };
    shell::run(&[program, "check", "rules", "deploy/prometheus/alerts.yaml"])?;
    shell::run(&[program, "test", "rules", "tests/alerts.yaml"])
}
