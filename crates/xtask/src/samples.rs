//! A stored sample of each revision of each dataset: what a record was when it was stored must be readable for good.

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};
use unefois_catalog::Dataset;

use crate::{catalog, shell::top};

const FOLDER: &str = "tests/vectors/datasets";
const HEADER: &str = "# Canonical bytes of the example, in each revision of the message, and what they say: `major.revision`.\n\
                      # Never changed: `cargo xtask docs` adds one when the example changes.\n";

/// Adds a sample of every dataset whose example is not the last one.
pub(crate) fn write() -> anyhow::Result<()> {
    for dataset in catalog::of_the_repository()?.datasets() {
        let (file, text) = (file_of(dataset), kept(dataset)?);
        if let Some(added) = missing(dataset, &text)? {
            let folder = top().join(FOLDER);
            fs::create_dir_all(&folder).with_context(|| format!("cannot make `{FOLDER}`"))?;
            fs::write(&file, text + &added).with_context(|| format!("cannot write `{}`", file.display()))?;
        }
    }
    Ok(())
}

/// Fails when a dataset has a revision without a sample.
pub(crate) fn check() -> anyhow::Result<()> {
    for dataset in catalog::of_the_repository()?.datasets() {
        let is_there = missing(dataset, &kept(dataset)?)?.is_none();
        ensure!(is_there, "`{FOLDER}` has no sample of `{}` as it is now: run `cargo xtask docs`", dataset.id());
    }
    Ok(())
}

fn file_of(dataset: &Dataset) -> PathBuf {
    top().join(FOLDER).join(format!("{}.txt", dataset.id()))
}

fn kept(dataset: &Dataset) -> anyhow::Result<String> {
    let file = file_of(dataset);
    if !file.exists() {
        return Ok(HEADER.to_owned());
    }
    fs::read_to_string(&file).with_context(|| format!("cannot read `{}`", file.display()))
}

/// The lines of a sample that is not there yet. A field that is added belongs to the example, and so changes it.
fn missing(dataset: &Dataset, text: &str) -> anyhow::Result<Option<String>> {
    let example = dataset.example().with_context(|| format!("`{}` has no example", dataset.id()))?;
    let canonical = dataset.canonicalise(&dataset.from_json(&example)?)?;
    let hex: String = canonical.iter().map(|byte| format!("{byte:02x}")).collect();
    let of_major = format!("{}.", dataset.major());
    let samples: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix(&of_major)?.split_once(' '))
        .filter(|(revision, _)| revision.parse::<u32>().is_ok())
        .map(|(_, hex)| hex)
        .collect();
    if samples.last() == Some(&hex.as_str()) {
        return Ok(None);
    }
    let name = format!("{of_major}{}", samples.len() + 1);
    Ok(Some(format!("{name} {hex}\n{name}.json {}\n", dataset.to_json(&canonical)?)))
}
