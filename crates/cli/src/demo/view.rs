//! Marie's own view: she declared once; who received what; who was refused; the proof. And what the story measured.

use std::collections::HashMap;

use anyhow::{Context, ensure};
use unefois_client::Connection;
use unefois_ledger::{Checkpoint, Hash, VerifyingKey, check_inclusion, leaf_hash};
use unefois_proto::pb::{
    audit::v1::{FoundEntry, GetInclusionProofRequest},
    ledger::v1::Outcome,
    subject::v1::{ListExchangesRequest, SubjectExchange},
};
use uuid::Uuid;

use super::{
    audit::{self, About},
    people::MARIE,
    show,
    stage::Stage,
    tally::Tally,
};
use crate::{client, output};

/// More than the story makes of Marie.
const PAGE_SIZE: i32 = 100;

pub(crate) async fn tell(stage: &Stage, tally: &Tally) -> anyhow::Result<()> {
    let mut seen = list(stage).await?;
    // Newest first; a story is told from its beginning.
    seen.reverse();
    let of = |outcome| seen.iter().filter(|exchange| exchange.outcome() == outcome).count();
    let (released, refused) = (of(Outcome::Released), of(Outcome::Refused));
    ensure!(released == 3, "Marie should see that her data left the hub 3 times, and sees {released}");
    ensure!(
        refused == tally.refused_count(),
        "Marie should see {} refusals, and sees {refused}",
        tally.refused_count()
    );
    show::say("She declared once, to Urssaf. Her portal shows, in French, everything that became of it:");
    output::print_line!("");

    let indexes = proven(stage).await?;
    let mut table = show::table(&["entry", "ce qui a été fait de vos données", "champs"]);
    for exchange in &seen {
        let index = indexes.get(&exchange.exchange_id).context("a line of Marie's view is not in the ledger")?;
        table.add_row([index.to_string(), exchange.sentence.clone(), exchange.released_fields.join(", ")]);
    }
    show::print(&table);
    let readers: Vec<String> =
        seen.iter().filter(|exchange| exchange.outcome() == Outcome::Released).map(reader).collect();
    show::say(&format!("Who received what: {}.", readers.join("; ")));
    let mut refused: Vec<&str> = seen
        .iter()
        .filter(|exchange| exchange.outcome() == Outcome::Refused)
        .map(|exchange| exchange.consumer.as_str())
        .collect();
    refused.dedup();
    show::say(&format!("Who was refused: {}.", refused.join("; ")));
    show::checked(&format!(
        "the proof: each of these {} lines is an entry of the ledger, by an inclusion proof verified here",
        seen.len()
    ));
    measured(stage, tally).await
}

fn reader(exchange: &SubjectExchange) -> String {
    let who = if exchange.local_body.is_empty() { &exchange.consumer } else { &exchange.local_body };
    format!("{who} ({})", exchange.released_fields.join(", "))
}

async fn list(stage: &Stage) -> anyhow::Result<Vec<SubjectExchange>> {
    let portal = stage.agency("portail").await?;
    let request = ListExchangesRequest {
        subject: Some(MARIE.by_nir()),
        case_reference: "SESSION-DEMO-1".to_owned(),
        page_size: PAGE_SIZE,
        page_token: String::new(),
    };
    let listed = portal.subject().list_exchanges(request).await.map_err(|status| client::refused(&status))?;
    Ok(listed.into_inner().exchanges)
}

/// The entries about Marie: their places in the ledger by their identifiers, each place proven.
async fn proven(stage: &Stage) -> anyhow::Result<HashMap<String, u64>> {
    let key = stage.public_key().await?;
    let found = audit::search(stage, About::Subject(MARIE.by_siren())).await?;
    let auditor = stage.agency("cour-des-comptes").await?;
    let mut proven = HashMap::new();
    for entry in &found.entries {
        prove(&auditor, entry, &key).await.with_context(|| format!("entry {} is not proven", entry.index))?;
        let public = entry.public_part.as_ref().context("an entry has no public part")?;
        proven.insert(Uuid::from_slice(&public.entry_id)?.to_string(), entry.index);
    }
    Ok(proven)
}

async fn prove(auditor: &Connection, entry: &FoundEntry, key: &VerifyingKey) -> anyhow::Result<()> {
    let request = GetInclusionProofRequest { index: entry.index, tree_size: 0, origin: entry.origin.clone() };
    let proof = auditor.audit().get_inclusion_proof(request).await.map_err(|status| client::refused(&status))?;
    let proof = proof.into_inner();
    let path: Vec<Hash> = proof.path.iter().map(|hash| Hash::try_from(hash.as_slice())).collect::<Result<_, _>>()?;
    let checkpoint = Checkpoint::open(&proof.checkpoint, key)?;
    ensure!(proof.entry == entry.entry, "the ledger holds other bytes");
    Ok(check_inclusion(checkpoint.head, entry.index, leaf_hash(&entry.entry), &path)?)
}

/// The one measured line, compared with what the ledger says.
async fn measured(stage: &Stage, tally: &Tally) -> anyhow::Result<()> {
    let found = audit::search(stage, About::Turnovers).await?;
    let (released, refused) = (audit::counted(&found, Outcome::Released), audit::counted(&found, Outcome::Refused));
    ensure!(released >= u64::try_from(tally.released_count())?, "an answer was received that the ledger does not hold");
    ensure!(refused == u64::try_from(tally.refused_count())?, "the ledger counts {refused} refusals");
    let median = tally.median().context("nothing was measured")?;
    let build = if cfg!(debug_assertions) { "an unoptimised build" } else { "a release build" };
    output::print_line!(
        "\nMeasured: {} exchanges answered, median {:.1} ms ({build}, TLS and receipt included), {} refused.",
        tally.released_count(),
        median.as_secs_f64() * 1000.0,
        tally.refused_count()
    );
    Ok(())
}
