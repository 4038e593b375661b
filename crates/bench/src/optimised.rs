//! Whether a server is worth measuring: an unoptimised one is not.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use crate::arguments::ServerOptions;

/// Printed before and after figures that say nothing.
const WARNING: &str = "\
!!! UNOPTIMISED: a server of this run was built without optimisation.
!!! Its figures say nothing about the hub. Measure with: cargo run --release -p unefois-bench
";

/// The binary to measure, and what must be said of it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) binary: PathBuf,
    pub(crate) is_optimised: bool,
}

impl Server {
    /// Finds the binary, or builds it as it is shipped. Refuses one that is not optimised, unless that was asked for.
    pub(crate) fn find(options: &ServerOptions) -> anyhow::Result<Self> {
        let binary = match &options.server {
            Some(binary) => binary.clone(),
            None => build()?,
        };
        let binary = binary.canonicalize().with_context(|| format!("there is no `{}`", binary.display()))?;
        // The bare servers are this program.
        let is_optimised = !cfg!(debug_assertions) && says_optimised(&binary)?;
        let server = Self { binary, is_optimised };
        ensure!(
            is_optimised || options.unoptimised,
            "`{}` or this program is not optimised, and would be measured for nothing: run it with \
             `cargo run --release -p unefois-bench`, or say --unoptimised",
            server.binary.display()
        );
        Ok(server)
    }

    /// Where the binary is, as text.
    pub(crate) fn path(&self) -> anyhow::Result<&str> {
        self.binary.to_str().context("the path of the server is not UTF-8")
    }

    /// Says so loudly.
    pub(crate) fn warn(&self) {
        if !self.is_optimised {
            println!("{WARNING}");
        }
    }
}

fn says_optimised(binary: &Path) -> anyhow::Result<bool> {
    let name = binary.display();
    let output = Command::new(binary).arg("--version").output().with_context(|| format!("cannot run `{name}`"))?;
    ensure!(output.status.success(), "`{name} --version` failed");
    Ok(!String::from_utf8_lossy(&output.stdout).contains("unoptimised"))
}

/// Builds `unefois` where this program was built.
fn build() -> anyhow::Result<PathBuf> {
    let folder = std::env::current_exe().context("where this program lies is not known")?;
    let folder = folder.parent().context("this program lies in no folder")?;
    let target = folder.parent().context("this program lies in no target folder")?;
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("the crate lies in a repository")?;
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked", "--package", "unefois-cli", "--target-dir"])
        .arg(target)
        .current_dir(top)
        .status()
        .context("cannot run `cargo`")?;
    ensure!(status.success(), "the server could not be built");
    Ok(target.join("release").join("unefois"))
}
