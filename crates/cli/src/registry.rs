//! `unefois registry`: through the hub's RPC, or on the data directory itself while no hub runs.

use std::path::Path;

use anyhow::Context;
use unefois_broker::ApplyMode;
use unefois_client::Connection;
use unefois_core::{AgencyCode, RegistryFile};
use unefois_proto::pb::registry::v1::{ApplyRequest, ApplyResponse, DescribeRequest, RegistryChange};
use unefois_telemetry::{Metrics, Tracer};

use crate::{
    arguments::{HubArguments, RegistryCommand},
    client,
    config::Config,
    output, serve,
};

/// Whether a file is applied or only tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    DryRun,
    Apply,
}

pub(crate) async fn run(command: RegistryCommand, config: Option<&Path>, hub: HubArguments) -> anyhow::Result<()> {
    match command {
        RegistryCommand::Apply { file, dry_run, json } => {
            let text = client::read(&file)?;
            let parsed: RegistryFile =
                toml::from_str(&text).with_context(|| format!("`{}` is not a registry file", file.display()))?;
            let mode = if dry_run { Mode::DryRun } else { Mode::Apply };
            let applied = apply(&parsed, mode, config, hub).await?;
            if json {
                print_json(&applied)
            } else {
                print(&applied)
            }
            Ok(())
        }
        RegistryCommand::Show => {
            let connection = client::connect(&client::settings(config, hub)?).await?;
            let described =
                connection.registry().describe(DescribeRequest {}).await.map_err(|status| client::refused(&status))?;
            output::print_text!("{}", described.into_inner().registry_toml);
            Ok(())
        }
    }
}

/// Applies a file: by RPC when a certificate is given, otherwise on the data directory, which no hub may hold.
pub(crate) async fn apply(
    file: &RegistryFile,
    mode: Mode,
    config: Option<&Path>,
    hub: HubArguments,
) -> anyhow::Result<ApplyResponse> {
    let settings = client::settings(config, hub)?;
    if settings.certificate.is_some() {
        return apply_by_rpc(&client::connect(&settings).await?, file, mode).await;
    }
    let config = Config::load(config)?;
    let opened = serve::open(&config, &Metrics::new(), Tracer::off()).await.context(
        "without --certificate the registry is changed in the data directory itself, which needs that no hub runs on it",
    )?;
    let operator = AgencyCode::parse(&config.hub.operator).context("hub.operator")?;
    let caller = opened.hub.local_operator(&operator);
    let mode = match mode {
        Mode::DryRun => ApplyMode::DryRun,
        Mode::Apply => ApplyMode::Apply,
    };
    let applied = opened.hub.registry_apply(&caller, file.clone(), mode).await;
    let response = applied.map(|applied| ApplyResponse {
        version: applied.version,
        changes: applied
            .changes
            .into_iter()
            .map(|(change, id)| RegistryChange {
                noun: change.noun.code().to_owned(),
                id: change.id,
                verb: change.verb.code().to_owned(),
                lines: change.lines,
                exchange_id: id.map(|id| id.to_string()).unwrap_or_default(),
            })
            .collect(),
    });
    opened.close().await?;
    response.map_err(|failure| {
        let rules: Vec<String> =
            failure.violations.iter().map(|broken| format!("{}: {}", broken.field, broken.rule)).collect();
        anyhow::anyhow!("{}: {failure}\n  {}", failure.reason, rules.join("\n  "))
    })
}

async fn apply_by_rpc(connection: &Connection, file: &RegistryFile, mode: Mode) -> anyhow::Result<ApplyResponse> {
    let request = ApplyRequest { registry_toml: toml::to_string(file)?, dry_run: mode == Mode::DryRun };
    Ok(connection.registry().apply(request).await.map_err(|status| client::refused(&status))?.into_inner())
}

/// Prints what changed, as a person reads it.
pub(crate) fn print(applied: &ApplyResponse) {
    if applied.changes.is_empty() {
        output::print_line!("nothing to change; the registry is at version {}", applied.version);
        return;
    }
    let mut table = output::table(&["", "what", "which", "differences"]);
    for RegistryChange { noun, id, verb, lines, exchange_id: _ } in &applied.changes {
        table.add_row([verb.clone(), noun.clone(), id.clone(), lines.join("\n")]);
    }
    output::print_line!("{table}");
    let recorded = applied.changes.iter().filter(|change| !change.exchange_id.is_empty()).count();
    match recorded {
        0 => output::print_line!("a dry run: nothing was changed; the registry is at version {}", applied.version),
        count => output::print_line!(
            "{count} changes are in force and recorded; the registry is at version {}",
            applied.version
        ),
    }
}

fn print_json(applied: &ApplyResponse) {
    let changes: Vec<_> = applied
        .changes
        .iter()
        .map(|change| {
            serde_json::json!({
                "noun": change.noun, "id": change.id, "verb": change.verb, "lines": change.lines,
                "exchange_id": change.exchange_id,
            })
        })
        .collect();
    output::json(&serde_json::json!({ "version": applied.version, "changes": changes }));
}
