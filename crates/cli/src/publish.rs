//! `unefois publish`: JSON lines into the publication stream.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
};

use anyhow::{Context, anyhow, ensure};
use futures::StreamExt;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use unefois_catalog::Catalog;
use unefois_proto::pb::{
    publication::v1::{
        AcknowledgementKind, Finding, FindingKind, PublishRequest, PublishResponse, publish_response::Result as Fate,
    },
    subject::v1::{LocalIdentifier, Subject, subject::Identifier},
};

use crate::{
    arguments::{HubArguments, PublishOptions},
    client,
    config::Config,
    contract, output,
};

/// How many items are read ahead of the hub; few, because each may hold a document.
const READ_AHEAD: usize = 64;
/// How long a line may be: a document of 8 MiB in base64, and the rest of its record.
const LINE_BYTES_MAX: u64 = 12 * 1024 * 1024;

/// One line. Names are those of the contract, in either case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(alias = "publicationId")]
    publication_id: String,
    dataset: String,
    #[serde(default = "Line::first_major", alias = "datasetMajor")]
    dataset_major: u32,
    subjects: Vec<SubjectLine>,
    data: serde_json::Value,
    #[serde(alias = "recordedAt")]
    recorded_at: jiff::Timestamp,
}

impl Line {
    /// What a line means that names none.
    fn first_major() -> u32 {
        1
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum SubjectLine {
    Nir(String),
    Siren(String),
    Siret(String),
    Spi(String),
    Local { agency: String, value: String },
}

pub(crate) async fn run(options: PublishOptions, config: Option<&Path>, hub: HubArguments) -> anyhow::Result<()> {
    let catalog = contract::load(&Config::load(config)?.catalog)?;
    let input: Box<dyn Read + Send> = if options.file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let file = std::fs::File::open(&options.file);
        Box::new(file.with_context(|| format!("cannot read `{}`", options.file.display()))?)
    };
    let connection = client::connect(&client::settings(config, hub)?).await?;
    let (items, stream) = mpsc::channel(READ_AHEAD);
    let reading = tokio::task::spawn_blocking(move || read_lines(input, &catalog, &items));
    let mut answers = unefois_client::publish(&connection, ReceiverStream::new(stream))
        .await
        .map_err(|status| client::refused(&status))?;
    let mut counts = Counts::default();
    while let Some(answer) = answers.next().await {
        counts.add(&answer.map_err(|status| client::refused(&status))?, options.json);
    }
    let read = reading.await?;
    output::print_line!(
        "{} created, {} revised, {} unchanged, {} rejected",
        counts.created,
        counts.revised,
        counts.unchanged,
        counts.rejected
    );
    // What came before a bad line is published, and was acknowledged above.
    read?;
    ensure!(counts.rejected == 0, "{} items were rejected; the others are durable", counts.rejected);
    Ok(())
}

#[derive(Debug, Default)]
struct Counts {
    created: u64,
    revised: u64,
    unchanged: u64,
    rejected: u64,
}

impl Counts {
    fn add(&mut self, answer: &PublishResponse, json: bool) {
        let PublishResponse { publication_id, result } = answer;
        match result {
            Some(Fate::Acknowledged(acknowledged)) => {
                let (count, verb) = match acknowledged.kind() {
                    AcknowledgementKind::Created => (&mut self.created, "created"),
                    AcknowledgementKind::Revised => (&mut self.revised, "revised"),
                    AcknowledgementKind::Unchanged | AcknowledgementKind::Unspecified => {
                        (&mut self.unchanged, "unchanged")
                    }
                };
                *count += 1;
                if json {
                    output::json(&serde_json::json!({
                        "publication_id": publication_id, "result": verb, "record_id": acknowledged.record_id,
                        "revision": acknowledged.revision, "findings": findings_json(&acknowledged.findings),
                    }));
                } else {
                    for finding in &acknowledged.findings {
                        output::error_line!("{publication_id}: {}: `{}`", called(finding.kind()), finding.path);
                    }
                }
            }
            Some(Fate::Rejected(rejected)) => {
                self.rejected += 1;
                if json {
                    output::json(&serde_json::json!({
                        "publication_id": publication_id, "result": "rejected", "reason": rejected.reason,
                        "message": rejected.message, "field": rejected.field,
                    }));
                } else {
                    output::error_line!("{publication_id}: {}: {}", rejected.reason, rejected.message);
                }
            }
            None => {}
        }
    }
}

fn findings_json(findings: &[Finding]) -> serde_json::Value {
    let one = |finding: &Finding| serde_json::json!({"kind": called(finding.kind()), "path": finding.path});
    findings.iter().map(one).collect()
}

/// What a finding is called.
fn called(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Duplicate => "DUPLICATE",
        FindingKind::Homonym => "HOMONYM",
        FindingKind::Unspecified => "UNKNOWN",
    }
}

/// Reads lines until the end, or the first that is not an item. Nothing of a line is quoted: it names people.
fn read_lines(input: impl Read, catalog: &Catalog, items: &mpsc::Sender<PublishRequest>) -> anyhow::Result<()> {
    let mut reader = BufReader::new(input);
    for number in 1.. {
        let mut line = Vec::new();
        let read = reader.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        ensure!(read as u64 <= LINE_BYTES_MAX, "line {number} is longer than {LINE_BYTES_MAX} bytes");
        let text = std::str::from_utf8(&line).map_err(|_broken| anyhow!("line {number} is not UTF-8"))?;
        if text.trim().is_empty() {
            continue;
        }
        let item = item_of(text, catalog).with_context(|| format!("line {number} is not an item"))?;
        if items.blocking_send(item).is_err() {
            // The stream has ended; its status says why.
            return Ok(());
        }
    }
    Ok(())
}

fn item_of(text: &str, catalog: &Catalog) -> anyhow::Result<PublishRequest> {
    let line: Line = serde_json::from_str(text).map_err(|error| {
        anyhow!("it is not the JSON of an item: {:?} at column {}", error.classify(), error.column())
    })?;
    let Line { publication_id, dataset, dataset_major, subjects, data, recorded_at } = line;
    let known = catalog.version(&dataset, dataset_major);
    let known =
        known.with_context(|| format!("there is no dataset `{dataset}` of the major version {dataset_major}"))?;
    let data = known.from_json(&data).map_err(|error| anyhow!("`data`: {error}"))?;
    let subjects = subjects.into_iter().map(subject).collect();
    let recorded_at = Some(unefois_proto::timestamp_to_wire(recorded_at));
    Ok(PublishRequest { publication_id, dataset, subjects, data, recorded_at, dataset_major, change: 0 })
}

fn subject(line: SubjectLine) -> Subject {
    let identifier = match line {
        SubjectLine::Nir(text) => Identifier::Nir(text),
        SubjectLine::Siren(text) => Identifier::Siren(text),
        SubjectLine::Siret(text) => Identifier::Siret(text),
        SubjectLine::Spi(text) => Identifier::Spi(text),
        SubjectLine::Local { agency, value } => Identifier::Local(LocalIdentifier { agency, value }),
    };
    Subject { identifier: Some(identifier) }
}
