//! `unefois audit export`: the whole ledger, a file a shard.

use std::{
    fs::File,
    io::BufWriter,
    path::{Path, PathBuf},
};

use anyhow::Context;
use unefois_client::{Connection, Shard};

use crate::output;

/// Exports every shard that has entries.
pub(super) async fn run(connection: &Connection, file: &Path, case: &str) -> anyhow::Result<()> {
    for shard in unefois_client::shards(connection).await? {
        if shard.size == 0 {
            output::print_line!("{} has no entries", shard.origin());
            continue;
        }
        let file = file_of(file, &shard);
        let to = File::create(&file).with_context(|| format!("cannot write `{}`", file.display()))?;
        let summary = unefois_client::export_to(connection, &shard, case, BufWriter::new(to)).await?;
        output::print_line!("{} entries of {} exported to {}", summary.entries, shard.origin(), file.display());
    }
    Ok(())
}

/// The file of a shard. It depends on nothing but the slot: a second export overwrites the first, however many shards
/// there were then.
fn file_of(file: &Path, shard: &Shard) -> PathBuf {
    match shard.slot {
        0 => file.to_owned(),
        slot => {
            let mut name = file.as_os_str().to_owned();
            name.push(format!(".{slot}"));
            name.into()
        }
    }
}
