//! The bytes of Marie's record in the database, and a search for what must not be readable anywhere.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use prost::Message;
use unefois_proto::pb::income::v1::TurnoverAmounts;

use super::{ask, audit, declare::Declared, people::MARIE, show, stage::Stage};

use crate::output;

/// How many bytes are shown, and how many on a line.
const SHOWN: usize = 160;
const LINE: usize = 32;

/// Words of the publication's other traces; the sealed record stands where they are not near.
const NEAR_OTHER_TRACES: [&[u8]; 2] = [b"urssaf", b"declared-turnover"];

/// A file of the hub as it lies on the disk.
struct Lying {
    name: String,
    bytes: Vec<u8>,
}

pub(crate) fn tell(stage: &Stage, declared: &Declared) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for path in paths(&stage.data())?.into_iter().chain([stage.log()]) {
        files.push(read(&path, stage.folder())?);
    }
    let (file, at) = sealed_record(&files, declared)?;
    show::say(&format!("Record {}, in {} from byte {at} on:", declared.record, file.name));
    for line in file.bytes[at..].chunks(LINE).take(SHOWN / LINE) {
        output::print_line!("      {}", hexadecimal(line));
    }
    output::print_line!("");

    let mut table = show::table(&["searched for", "in clear in the hub's files"]);
    for (what, forms) in secrets(declared) {
        let found = files.iter().find(|file| forms.iter().any(|form| holds(&file.bytes, form)));
        ensure!(found.is_none(), "{what} can be read in {}", found.map(|file| file.name.as_str()).unwrap_or_default());
        table.add_row([what.as_str(), "nowhere"]);
    }
    // A search that finds nothing proves something only if it finds what is there.
    let public = files.iter().find(|file| holds(&file.bytes, b"declared-turnover"));
    let public = public.context("the search does not even find the name of the dataset, which is public")?;
    table.add_row(["`declared-turnover`, which is public", &format!("in {}, as it should be", public.name)]);
    show::print(&table);
    let bytes: usize = files.iter().map(|file| file.bytes.len()).sum();
    show::checked(&format!("{} files, {bytes} bytes: all of the data directory, and the hub's log", files.len()));
    Ok(())
}

/// Where the record is: after its identifier, which is random, and away from the publication's other traces.
fn sealed_record<'a>(files: &'a [Lying], declared: &Declared) -> anyhow::Result<(&'a Lying, usize)> {
    let id = declared.record.as_bytes();
    let of_file = |file: &'a Lying| {
        file.bytes.windows(id.len()).enumerate().filter(|(_, window)| window == id).map(move |(at, _)| (file, at))
    };
    let candidates = files.iter().flat_map(of_file).filter(|(file, at)| {
        file.bytes.get(*at..at + SHOWN).is_some_and(|shown| !NEAR_OTHER_TRACES.iter().any(|word| holds(shown, word)))
    });
    let most_varied = candidates.max_by_key(|(file, at)| distinct(&file.bytes[*at..at + SHOWN]));
    most_varied.context("the record is not in the database")
}

/// What must not be readable, in each form that it could have.
fn secrets(declared: &Declared) -> Vec<(String, Vec<Vec<u8>>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let amount = MARIE.turnover_cents.to_string();
    let only = TurnoverAmounts { bnc_cents: Some(MARIE.turnover_cents), ..TurnoverAmounts::default() };
    vec![
        (format!("Marie's NIR {}", MARIE.nir), vec![text(&MARIE.nir[..13])]),
        (format!("her SIREN {}, and SIRET", MARIE.siren), vec![text(MARIE.siren)]),
        (
            format!("her turnover, {}", show::euros(MARIE.turnover_cents)),
            vec![text(&amount), declared.amounts.clone(), only.encode_to_vec()],
        ),
        ("the references of case and agent".to_owned(), vec![text(ask::CASE), text(ask::AGENT), text(audit::ENQUIRY)]),
    ]
}

/// The files under a folder.
fn paths(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot list `{}`", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(paths(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn read(path: &Path, folder: &Path) -> anyhow::Result<Lying> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Lying { name: path.strip_prefix(folder).unwrap_or(path).display().to_string(), bytes })
}

fn holds(bytes: &[u8], form: &[u8]) -> bool {
    bytes.windows(form.len()).any(|window| window == form)
}

fn distinct(bytes: &[u8]) -> usize {
    let mut sorted = bytes.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len()
}

fn hexadecimal(bytes: &[u8]) -> String {
    let hexadecimal: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    hexadecimal.join(" ")
}
