//! What the chores need of this machine beside Rust, installed where it is missing.

use anyhow::Context;

use crate::shell::{self, apt_install, top, works};

const VENV: &str = "target/venv";
const REQUIREMENTS: &str = "tests/clients/python/requirements.txt";

/// What the Java client is generated, compiled and run with, beside a JDK.
const JAVA_PACKAGES: [&str; 11] = [
    "libgeronimo-annotation-1.3-spec-java",
    "libgoogle-common-protos-java",
    "libgrpc-java",
    "libguava-java",
    "libnetty-java",
    "libnetty-tcnative-java",
    "libnetty-tcnative-jni",
    "libperfmark-java",
    "libprotobuf-java",
    "protobuf-compiler",
    "protobuf-compiler-grpc-java-plugin",
];

/// A Python of our own with what the tests import; gives its path.
pub(crate) fn python() -> anyhow::Result<String> {
    let python = venv()?;
    pip(&python, &["--requirement", REQUIREMENTS])?;
    Ok(python)
}

/// A program that a Python package, given as `name==version`, brings with it; gives its path.
pub(crate) fn python_tool(package: &str, program: &str) -> anyhow::Result<String> {
    pip(&venv()?, &[package])?;
    Ok(format!("{VENV}/bin/{program}"))
}

/// What checks units of systemd. It does not have to run.
pub(crate) fn systemd_analyze() -> anyhow::Result<()> {
    if works(&["systemd-analyze", "--version"]) { Ok(()) } else { apt_install(&["systemd"]) }
}

fn venv() -> anyhow::Result<String> {
    let python = top().join(VENV).join("bin/python");
    let python = python.to_str().context("the path of the repository is not UTF-8")?.to_owned();
    if !works(&[&python, "-m", "pip", "--version"]) {
        if !works(&["python3", "-m", "venv", "--without-pip", "target/venv-probe"])
            || !works(&["python3", "-m", "ensurepip", "--version"])
        {
            apt_install(&["python3", "python3-venv"])?;
        }
        shell::run(&["python3", "-m", "venv", VENV])?;
    }
    Ok(python)
}

fn pip(python: &str, what: &[&str]) -> anyhow::Result<()> {
    let install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    shell::run(&[&install[..], what].concat())
}

/// The JDK, the libraries and compilers of the Java client, and the tools that judge what we write for it.
pub(crate) fn java() -> anyhow::Result<()> {
    if !works(&["javac", "-version"]) || !works(&["keytool", "-help"]) {
        apt_install(&["default-jdk-headless"])?;
    }
    // It fails when one of them is not installed.
    if !works(&[&["dpkg", "--status"], &JAVA_PACKAGES[..]].concat()) {
        apt_install(&JAVA_PACKAGES)?;
    }
    if !works(&["openssl", "version"]) {
        apt_install(&["openssl"])?;
    }
    Ok(())
}

/// What makes system calls of the hub fail, stall or kill it.
pub(crate) fn strace() -> anyhow::Result<()> {
    if works(&["strace", "--version"]) { Ok(()) } else { apt_install(&["strace"]) }
}

/// What gives a hub another clock.
pub(crate) fn faketime() -> anyhow::Result<()> {
    if works(&["faketime", "--version"]) { Ok(()) } else { apt_install(&["faketime"]) }
}

/// The programs of PostgreSQL; the tests start clusters of their own with them.
pub(crate) fn postgres() -> anyhow::Result<()> {
    // Where the tests look too.
    const FINDS: &str = r#"
        for folder in "$(pg_config --bindir)" /usr/lib/postgresql/*/bin "$(dirname "$(command -v initdb)")"; do
            test -x "$folder/initdb" && test -x "$folder/postgres" && test -x "$folder/psql" && exit
        done
        exit 1"#;
    if !works(&["sh", "-c", FINDS]) {
        if works(&["test", "-w", "/etc"]) {
            // Debian's package would make a cluster of the system and start it.
            shell::run(&["mkdir", "-p", "/etc/postgresql-common/createcluster.d"])?;
            let file = "/etc/postgresql-common/createcluster.d/no-main-cluster.conf";
            std::fs::write(file, "create_main_cluster = false\n").with_context(|| format!("cannot write {file}"))?;
        }
        apt_install(&["postgresql"])?;
    }
    if works(&["setpriv", "--version"]) { Ok(()) } else { apt_install(&["util-linux"]) }
}

/// The packages of `package.json`, in its versions: the contract's linter, and what the Node client calls with.
pub(crate) fn node() -> anyhow::Result<()> {
    if !works(&["npm", "--version"]) {
        apt_install(&["nodejs", "npm"])?;
    }
    // It fails when a package is missing or has another version.
    if !works(&["npm", "ls"]) {
        shell::run(&["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel", "error"])?;
    }
    Ok(())
}
