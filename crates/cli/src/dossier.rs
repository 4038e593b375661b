//! `unefois dossiers`: open, close, list, load.

mod lines;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use unefois_client::{ClientSettings, Loaded, RetryPolicy, load_dossiers};
use unefois_proto::{
    last_day_to_wire,
    pb::{
        calendar::v1::Date,
        dossier::v1::{CloseRequest, Declaration, Dossier, ListRequest, OpenRequest},
    },
    timestamp_from_wire,
};

use crate::{arguments::DossierCommand, client, output};

/// How many lines are read ahead of the hub.
const READ_AHEAD: usize = 1_000;

pub(crate) async fn run(command: DossierCommand, settings: &ClientSettings) -> anyhow::Result<()> {
    match command {
        DossierCommand::Open { subject, reason, last_day, case } => {
            let last_day = Some(last_day_to_wire(last_day));
            let declaration = Declaration { subject: Some(client::subject(&subject)?), reason, last_day };
            let request = OpenRequest { declaration: Some(declaration), case_reference: case };
            let mut service = client::connect(settings).await?.dossier();
            let opened = service.open(request).await.map_err(|status| client::refused(&status))?.into_inner();
            say("opened", "it was open with these terms", &opened.exchange_id);
        }
        DossierCommand::Close { subject, case } => {
            let request = CloseRequest { subject: Some(client::subject(&subject)?), case_reference: case };
            let mut service = client::connect(settings).await?.dossier();
            let closed = service.close(request).await.map_err(|status| client::refused(&status))?.into_inner();
            say("closed", "it was not open any more", &closed.exchange_id);
        }
        DossierCommand::List { json } => list(settings, json).await?,
        DossierCommand::Load { file, case, json } => load(settings, &file, &case, json).await?,
    }
    Ok(())
}

fn say(done: &str, unchanged: &str, exchange_id: &str) {
    if exchange_id.is_empty() {
        output::print_line!("{unchanged}");
    } else {
        output::print_line!("{done}; recorded as {exchange_id}");
    }
}

async fn list(settings: &ClientSettings, json: bool) -> anyhow::Result<()> {
    let mut service = client::connect(settings).await?.dossier();
    let mut table = output::table(&["subject (pseudonym)", "reason", "last day", "opened"]);
    let mut page_token = String::new();
    loop {
        let request = ListRequest { subject: None, page_size: 1_000, page_token };
        let page = service.list(request).await.map_err(|status| client::refused(&status))?.into_inner();
        for dossier in &page.dossiers {
            let [subject, reason, last_day, opened_at] = cells(dossier);
            if json {
                output::json(&serde_json::json!({
                    "subject_pseudonym": subject, "reason": reason, "last_day": last_day, "opened_at": opened_at,
                }));
            } else {
                table.add_row([subject, reason, last_day, opened_at]);
            }
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if !json {
        output::print_line!("{table}");
    }
    Ok(())
}

fn cells(dossier: &Dossier) -> [String; 4] {
    let Dossier { subject_pseudonym, reason, last_day, opened_at, closed_at: _ } = dossier;
    let Date { year, month, day } = last_day.unwrap_or_default();
    let number = |part: Option<i32>| part.unwrap_or_default();
    let [year, month, day] = [year, month, day].map(number);
    let opened_at = opened_at.and_then(|at| timestamp_from_wire(at).ok());
    let opened_at = opened_at.map(|at| output::instant(at.as_microsecond())).unwrap_or_default();
    [output::hexadecimal(subject_pseudonym), reason.clone(), format!("{year:04}-{month:02}-{day:02}"), opened_at]
}

async fn load(settings: &ClientSettings, file: &PathBuf, case: &str, json: bool) -> anyhow::Result<()> {
    let input: Box<dyn std::io::Read + Send> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).with_context(|| format!("cannot read `{}`", file.display()))?)
    };
    let connection = client::connect(settings).await?;
    let (declarations, stream) = mpsc::channel(READ_AHEAD);
    let reading = tokio::task::spawn_blocking(move || lines::read(input, &declarations));
    let loaded = load_dossiers(&connection, case, ReceiverStream::new(stream), &RetryPolicy::default()).await?;
    let lines = reading.await?;
    let Loaded { opened, unchanged, rejected, rejections } = loaded;
    for rejection in &rejections {
        // Blank lines are no declarations: its place in the load is not that in the file.
        let number = rejection.index + 1;
        output::error_line!("declaration {number}: {}: {}", rejection.reason, rejection.message);
    }
    if json {
        output::json(&serde_json::json!({"opened": opened, "unchanged": unchanged, "rejected": rejected}));
    } else {
        output::print_line!("{opened} opened, {unchanged} unchanged, {rejected} rejected");
    }
    // What came before a bad line is loaded, and was counted above.
    lines?;
    ensure!(rejected == 0, "{rejected} declarations were rejected; the others are open");
    Ok(())
}
