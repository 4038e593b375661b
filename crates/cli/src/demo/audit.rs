//! The auditor searches the ledger, exports it, verifies it offline, and finds one changed byte in a copy.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use unefois_client::{export_to, shards};
use unefois_ledger::{Checkpoint, Finding, VerifyingKey, verify_export};
use unefois_proto::pb::{
    audit::v1::{FoundEntry, SearchExchangesRequest, SearchExchangesResponse},
    ledger::v1::{EntryKind, Outcome},
    subject::v1::Subject,
};

use super::{show, stage::Stage};
use crate::client;

/// The reference of the enquiry.
pub(crate) const ENQUIRY: &str = "CONTROLE-DEMO-2026";

/// The most entries that a page holds.
const PAGE_SIZE: i32 = 500;

/// An export that verified.
#[derive(Debug)]
pub(crate) struct Audited {
    /// The public key, as the auditor keeps it.
    pub(crate) key: VerifyingKey,
    /// The checkpoint of the export.
    pub(crate) checkpoint: Checkpoint,
    /// The export.
    pub(crate) export: Vec<u8>,
}

pub(crate) async fn tell(stage: &Stage) -> anyhow::Result<Audited> {
    let found = search(stage, About::Turnovers).await?;
    let (released, refused) = (counted(&found, Outcome::Released), counted(&found, Outcome::Refused));
    ensure!((released, refused) == (2, 4), "the auditor finds {released} exchanges released and {refused} refused");
    print(&found.entries);
    show::say(&format!("{released} exchanges released, {refused} refused. The search itself is an entry too."));

    let audited = export(stage, None).await?;
    let file = stage.folder().join("ledger.export");
    std::fs::write(&file, &audited.export).with_context(|| format!("cannot write `{}`", file.display()))?;
    let head = audited.checkpoint.head;
    show::checked(&format!("{} entries verify offline, with the public key alone; root {}", head.size, head.root));

    let changed = released_entry(&found.entries)?;
    let finding = tampered(&audited, changed, &stage.folder().join("ledger.tampered"))?;
    show::checked(&format!("one byte changed in a copy is found and named: “{finding}”"));
    Ok(audited)
}

/// What the auditor looks for.
#[derive(Debug)]
pub(crate) enum About {
    /// Every question for a turnover, answered or refused.
    Turnovers,
    /// Everything that was told to a subscription.
    Deliveries,
    /// Everything about one subject.
    Subject(Subject),
}

/// What the auditor finds, newest first.
pub(crate) async fn search(stage: &Stage, about: About) -> anyhow::Result<SearchExchangesResponse> {
    let auditor = stage.agency("cour-des-comptes").await?;
    let (dataset, kind, subject) = match about {
        About::Turnovers => ("declared-turnover", EntryKind::Exchange, None),
        About::Deliveries => ("", EntryKind::Delivery, None),
        About::Subject(subject) => ("", EntryKind::Unspecified, Some(subject)),
    };
    let request = SearchExchangesRequest {
        recorded_from: None,
        recorded_before: None,
        consumer: String::new(),
        provider: String::new(),
        local_body: String::new(),
        dataset: dataset.to_owned(),
        purpose: 0,
        outcome: 0,
        reason: String::new(),
        subject,
        kind: kind.into(),
        page_size: PAGE_SIZE,
        page_token: String::new(),
        case_reference: ENQUIRY.to_owned(),
    };
    let found = auditor.audit().search_exchanges(request).await.map_err(|status| client::refused(&status))?;
    Ok(found.into_inner())
}

/// How many of what was found had that outcome, whatever the reason.
pub(crate) fn counted(found: &SearchExchangesResponse, outcome: Outcome) -> u64 {
    found.counts.iter().filter(|count| count.outcome() == outcome).map(|count| count.count).sum()
}

/// Exports the whole ledger and verifies it: offline, and as the continuation of an earlier checkpoint if one is given.
pub(crate) async fn export(stage: &Stage, earlier: Option<&Audited>) -> anyhow::Result<Audited> {
    let auditor = stage.agency("cour-des-comptes").await?;
    let key = match earlier {
        Some(earlier) => earlier.key.clone(),
        None => stage.public_key().await?,
    };
    let mut export = Vec::new();
    let shards = shards(&auditor).await?;
    let [shard] = shards.as_slice() else { bail!("the hub of the story has one shard, and not {}", shards.len()) };
    let summary = export_to(&auditor, shard, ENQUIRY, &mut export).await?;
    let report = verify_export(export.as_slice(), &key, earlier.map(|earlier| &earlier.checkpoint))?;
    ensure!(summary.entries == report.checkpoint.head.size, "the export holds more entries than its checkpoint");
    Ok(Audited { key, checkpoint: report.checkpoint, export })
}

/// The entry that the story changes in a copy: the first release.
fn released_entry(entries: &[FoundEntry]) -> anyhow::Result<u64> {
    let released =
        |found: &&FoundEntry| found.public_part.as_ref().is_some_and(|public| public.outcome() == Outcome::Released);
    let oldest = entries.iter().rfind(released);
    Ok(oldest.context("the search finds no exchange that was released")?.index)
}

/// Changes one byte of that entry in a copy of the export; verification must name the entry.
fn tampered(audited: &Audited, index: u64, file: &Path) -> anyhow::Result<String> {
    let mut copy = audited.export.clone();
    let start = format!("\nentry {index} ");
    let line = copy.windows(start.len()).position(|window| window == start.as_bytes());
    let line = line.context("the export does not hold the entry")? + 1;
    let end = copy[line..].iter().position(|byte| *byte == b'\n').context("the entry has no end")? + line;
    // The middle of the line lies in the bytes of the entry, in base64.
    let middle = line + 3 * (end - line) / 4;
    copy[middle] = if copy[middle] == b'A' { b'B' } else { b'A' };
    std::fs::write(file, &copy).with_context(|| format!("cannot write `{}`", file.display()))?;
    match verify_export(copy.as_slice(), &audited.key, None) {
        Err(finding @ Finding::Changed { index: named }) if named == index => Ok(finding.to_string()),
        Err(other) => bail!("the changed byte of entry {index} was not named, but: {other}"),
        Ok(_report) => bail!("the changed byte of entry {index} was not found"),
    }
}

fn print(entries: &[FoundEntry]) {
    let mut table =
        show::table(&["entry", "consumer", "through", "agreement", "outcome", "fields released, or reason"]);
    for FoundEntry { index, public_part, .. } in entries {
        let public = public_part.clone().unwrap_or_default();
        table.add_row([
            index.to_string(),
            public.consumer.clone(),
            public.local_body.clone(),
            public.agreement.clone(),
            outcome(public.outcome()).to_owned(),
            if public.reason.is_empty() { public.released_fields.join(", ") } else { public.reason.clone() },
        ]);
    }
    show::print(&table);
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unspecified => "unspecified",
        Outcome::Released => "released",
        Outcome::Refused => "refused",
        Outcome::NotFound => "not found",
        Outcome::Failed => "failed",
        Outcome::Accepted => "accepted",
    }
}
