//! Running commands: each is printed before it runs, and its failure is the failure of the chore.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

/// The top of the repository.
pub(crate) fn top() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_owned()
}

/// Runs a command at the top of the repository.
pub(crate) fn run(words: &[&str]) -> anyhow::Result<()> {
    run_with(words, &[])
}

/// Runs a command at the top of the repository with more environment.
pub(crate) fn run_with(words: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<()> {
    println!("\n$ {}", words.join(" "));
    let (program, arguments) = words.split_first().context("a command has a name")?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(top()).envs(environment.iter().copied());
    let status = command.status().with_context(|| format!("cannot run `{program}`"))?;
    ensure!(status.success(), "`{}` failed", words.join(" "));
    Ok(())
}

/// Runs a command at the top of the repository that must have nothing to say: its warnings are failures.
pub(crate) fn run_silent(words: &[&str]) -> anyhow::Result<()> {
    println!("\n$ {}", words.join(" "));
    let (program, arguments) = words.split_first().context("a command has a name")?;
    let output = Command::new(program).args(arguments).current_dir(top()).output();
    let output = output.with_context(|| format!("cannot run `{program}`"))?;
    let said = [output.stdout, output.stderr].concat();
    print!("{}", String::from_utf8_lossy(&said));
    ensure!(output.status.success() && said.is_empty(), "`{}` failed or warned", words.join(" "));
    Ok(())
}

/// Whether a command runs and succeeds; what it prints is not shown.
pub(crate) fn works(words: &[&str]) -> bool {
    let Some((program, arguments)) = words.split_first() else { return false };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(top()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// What a command says when it succeeds, without the end of its line.
pub(crate) fn said(words: &[&str]) -> Option<String> {
    let (program, arguments) = words.split_first()?;
    let output = Command::new(program).args(arguments).current_dir(top()).output().ok()?;
    let said = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    Some(said.trim_end().to_owned())
}

/// The program of a package, given as `name@version`, which is installed where it is missing.
pub(crate) fn cargo_tool(package: &str) -> anyhow::Result<String> {
    let (name, _version) = package.split_once('@').context("a tool has a version")?;
    let program = format!("target/tools/bin/{name}");
    if !works(&[&program, "--help"]) {
        // Unoptimised: it is built in a quarter of the time, and does little itself.
        let flags = ["--locked", "--debug", "--quiet", "--root", "target/tools", "--target-dir", "target/tools/build"];
        run(&[&["cargo", "install", package], &flags[..]].concat())?;
    }
    Ok(program)
}

/// Installs Debian packages, where this machine lets us.
pub(crate) fn apt_install(packages: &[&str]) -> anyhow::Result<()> {
    ensure!(
        works(&["apt-get", "--version"]) && works(&["test", "-w", "/var/lib/dpkg"]),
        "install {} and run this again: this machine does not let us",
        packages.join(", ")
    );
    run(&["apt-get", "update", "-qq"])?;
    run(&[&["apt-get", "install", "-y", "-qq", "--no-install-recommends"], packages].concat())
}

/// Unpacks a Debian package into a folder without installing it.
pub(crate) fn apt_unpack(package: &str, folder: &str) -> anyhow::Result<()> {
    ensure!(works(&["apt-get", "--version"]), "install {package} and run this again: this machine has no apt");
    if works(&["test", "-w", "/var/lib/apt/lists"]) {
        run(&["apt-get", "update", "-qq"])?;
    }
    let unpack =
        format!("mkdir -p {folder} && cd {folder} && apt-get download -qq {package} && dpkg-deb -x {package}_*.deb .");
    run(&["sh", "-ec", &unpack])
}
