//! `unefois audit verify`: exports against the public key and the checkpoints that an auditor kept, without a hub.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use unefois_ledger::{Checkpoint, VerifyingKey, verify_export_of_hub};

use crate::{client, output};

/// Verifies each file. An earlier checkpoint that no file was compared with is an error: nothing would be said of it.
pub(super) fn run(files: &[PathBuf], public_key: &str, since: &[PathBuf]) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(public_key).unwrap_or_else(|_not_a_file| public_key.to_owned());
    let key: VerifyingKey = text.trim().parse().context("--public-key is neither a public key nor a file with one")?;
    let earlier = since.iter().map(|file| earlier(file, &key)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut compared = Vec::new();
    for file in files {
        compared.push(verify(file, &key, &earlier)?);
    }
    match earlier.iter().find(|earlier| !compared.contains(&earlier.origin)) {
        Some(left) => bail!("the earlier checkpoint is about `{}`, and none of the exports is", left.origin),
        None => Ok(()),
    }
}

fn earlier(file: &PathBuf, key: &VerifyingKey) -> anyhow::Result<Checkpoint> {
    let text = client::read(file)?;
    Checkpoint::open_of_hub(&text, key).with_context(|| format!("the earlier checkpoint in `{}`", file.display()))
}

/// Verifies one export. Gives the origin of its shard.
fn verify(file: &Path, key: &VerifyingKey, earlier: &[Checkpoint]) -> anyhow::Result<String> {
    let from = File::open(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let report = verify_export_of_hub(BufReader::new(from), key, earlier)
        .with_context(|| format!("`{}` does not verify", file.display()))?;
    let Checkpoint { origin, head } = report.checkpoint;
    output::print_line!("verified: {} entries of {origin}, root {}", head.size, head.root);
    Ok(origin)
}
