//! `unefois pull`: one record, with its receipt verified.

use std::path::Path;

use anyhow::{Context, anyhow};
use prost::Message;
use unefois_catalog::{Catalog, Dataset};
use unefois_client::{Pulled, RetryPolicy};
use unefois_ledger::{Verified, VerifyingKey};
use unefois_proto::pb::{
    audit::v1::GetCheckpointRequest,
    exchange::v1::{ExchangeContext, PullRequest},
    ledger::v1::Source,
};

use crate::{
    arguments::{HubArguments, PullOptions},
    client,
    config::Config,
    contract, output,
};

pub(crate) async fn run(options: PullOptions, config: Option<&Path>, hub: HubArguments) -> anyhow::Result<()> {
    let catalog = contract::load(&Config::load(config)?.catalog)?;
    let dataset = catalog
        .dataset(&options.dataset)
        .with_context(|| format!("there is no dataset `{}`; there are: {}", options.dataset, names(&catalog)))?;
    let key = serde_json::from_str(&options.key_fields).map_err(|_broken| anyhow!("--key-fields is not JSON"))?;
    let request = PullRequest {
        context: Some(ExchangeContext {
            agreement: options.agreement.clone(),
            purpose: client::purpose(&options.purpose)?,
            case_reference: options.case.clone(),
            agent_reference: options.agent.clone(),
            local_body: options.local_body.clone(),
            request_id: options.request_id.clone(),
            consent_id: options.consent.clone(),
        }),
        dataset: options.dataset.clone(),
        subject: Some(client::subject(&options.subject)?),
        key: dataset.from_json(&key).map_err(|error| anyhow!("--key-fields: {error}"))?,
        field_mask: (!options.fields.is_empty()).then(|| prost_types::FieldMask { paths: options.fields.clone() }),
    };
    let connection = client::connect(&client::settings(config, hub)?).await?;
    let pulled = unefois_client::pull(&connection, request, &RetryPolicy::default()).await?;
    let checkpoint = connection
        .audit()
        .get_checkpoint(GetCheckpointRequest::default())
        .await
        .map_err(|status| client::refused(&status))?;
    let public_key: VerifyingKey = checkpoint.into_inner().public_key.parse()?;
    let verified = pulled.verify(&public_key).context("do not use this answer")?;
    if let Some(file) = &options.save_receipt {
        let receipt = pulled.response.receipt.clone().unwrap_or_default();
        std::fs::write(file, receipt.encode_to_vec())
            .with_context(|| format!("cannot write the receipt to `{}`", file.display()))?;
    }
    let major = verified.public.dataset_major;
    let dataset = catalog.version(&options.dataset, major);
    let dataset = dataset.with_context(|| format!("this program does not know the major version {major}"))?;
    print(&pulled, &verified, dataset, options.json)
}

fn names(catalog: &Catalog) -> String {
    catalog.datasets().map(Dataset::id).collect::<Vec<_>>().join(", ")
}

fn print(pulled: &Pulled, verified: &Verified, dataset: &Dataset, json: bool) -> anyhow::Result<()> {
    let record = dataset.to_json(pulled.response.data.as_deref().unwrap_or_default())?;
    let public = &verified.public;
    let freshness = pulled.response.freshness.unwrap_or_default();
    let source = if freshness.source() == Source::Live { "live" } else { "held" };
    let exchange_id = uuid::Uuid::from_slice(&public.entry_id)?.to_string();
    if json {
        output::json(&serde_json::json!({
            "data": record,
            "withheld_fields": pulled.response.withheld_fields,
            "exchange_id": exchange_id,
            "index": pulled.receipt.index,
            "origin": verified.checkpoint.origin,
            "source": source,
            "revision": freshness.revision,
            "receipt": "verified",
        }));
        return Ok(());
    }
    let mut table = output::table(&["field", "value"]);
    for (field, value) in record.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        table.add_row([field.clone(), text]);
    }
    output::print_line!("{table}");
    let (given, all) = (public.released_fields.len(), dataset.fields().len());
    output::print_line!("{given} of {all} fields, {source}, under {} ({})", public.agreement, public.legal_basis);
    if !pulled.response.withheld_fields.is_empty() {
        output::print_line!("withheld: {}", pulled.response.withheld_fields.join(", "));
    }
    let (index, shard) = (pulled.receipt.index, &verified.checkpoint.origin);
    output::print_line!("receipt verified: entry {index} of {shard}, exchange {exchange_id}");
    Ok(())
}
