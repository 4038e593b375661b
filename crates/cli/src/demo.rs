//! `unefois demo`.

use std::path::PathBuf;

/// How the demonstration runs.
#[derive(Debug)]
pub(crate) struct DemoOptions {
    pub(crate) exit: bool,
    pub(crate) stay: bool,
    pub(crate) data_directory: Option<PathBuf>,
}

pub(crate) async fn run(options: DemoOptions) -> anyhow::Result<()> {
    anyhow::bail!("not written yet {options:?}")
}
