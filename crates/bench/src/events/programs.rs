//! The programs of the other servers, installed where they are missing.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

/// Where Debian keeps what its wrapper in the path runs as another user.
const DEBIANS_RABBITMQ: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
/// The first Debian whose NATS can write to the disk before it confirms.
const DEBIAN: &str = "trixie";

/// A `nats-server` that accepts that configuration: the installed one, or one that is installed, or else, where the machine
/// is an older Debian, the package of a newer one, unpacked into the folder and nowhere else.
pub(crate) fn nats(configuration: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    if let Some(installed) = on_path("nats-server").filter(|program| accepts(program, configuration)) {
        return Ok(installed);
    }
    if on_path("nats-server").is_none() {
        apt_install("nats-server")?;
    }
    let installed = on_path("nats-server").filter(|program| accepts(program, configuration));
    if let Some(installed) = installed {
        return Ok(installed);
    }
    println!("The installed nats-server has no `sync_interval: always`; unpacking the one of Debian {DEBIAN}");
    let unpacked = apt_unpack("nats-server", folder)?.join("usr/sbin/nats-server");
    ensure!(accepts(&unpacked, configuration), "`{}` does not accept its configuration", unpacked.display());
    Ok(unpacked)
}

/// The script that starts RabbitMQ as whoever runs it.
pub(crate) fn rabbitmq() -> anyhow::Result<PathBuf> {
    let found =
        || Some(PathBuf::from(DEBIANS_RABBITMQ)).filter(|file| file.exists()).or_else(|| on_path("rabbitmq-server"));
    if found().is_none() {
        apt_install("rabbitmq-server")?;
    }
    found().context("RabbitMQ is not installed")
}

/// What a program says of its version, in one line.
pub(crate) fn version(program: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.with_context(|| format!("cannot run `{}`", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn accepts(program: &Path, configuration: &Path) -> bool {
    works(Command::new(program).arg("-t").arg("-c").arg(configuration))
}

fn on_path(program: &str) -> Option<PathBuf> {
    let output = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().ok()?;
    let found = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(found.trim()))
}

fn apt_install(package: &str) -> anyhow::Result<()> {
    println!("Installing the package {package}");
    let may =
        works(Command::new("apt-get").arg("--version")) && works(Command::new("test").args(["-w", "/var/lib/dpkg"]));
    ensure!(may, "install {package} and run this again: this machine does not let us");
    runs(Command::new("apt-get").args(["update", "-qq"]))?;
    runs(Command::new("apt-get").args(["install", "-y", "-qq", "--no-install-recommends", package]))
}

/// Unpacks a package of [`DEBIAN`], verified by Debian's keys, without a change to what is installed.
fn apt_unpack(package: &str, folder: &Path) -> anyhow::Result<PathBuf> {
    let apt = folder.join("apt");
    for name in ["lists/partial", "cache/archives/partial", "unpacked"] {
        fs::create_dir_all(apt.join(name)).context("cannot make a folder for apt")?;
    }
    let source = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian";
    fs::write(apt.join("sources.list"), format!("{source} {DEBIAN} main\n"))?;
    let at = |name: &str, place: &str| format!("{name}={}", apt.join(place).display());
    let options = [
        at("Dir::Etc::sourcelist", "sources.list"),
        "Dir::Etc::sourceparts=-".to_owned(),
        at("Dir::State::lists", "lists"),
        at("Dir::Cache", "cache"),
        // The folder is nobody else's.
        "APT::Sandbox::User=root".to_owned(),
    ];
    let apt_get = || {
        let mut command = Command::new("apt-get");
        command.args(options.iter().flat_map(|option| ["-o", option])).current_dir(&apt);
        command
    };
    runs(apt_get().args(["update", "-qq"]))?;
    runs(apt_get().args(["download", "-qq", package]))?;
    runs(Command::new("sh").args(["-ec", &format!("dpkg-deb -x {package}_*.deb unpacked")]).current_dir(&apt))?;
    Ok(apt.join("unpacked"))
}

fn runs(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}

fn works(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
