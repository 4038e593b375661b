//! `unefois audit search`: what was found, as a table or as JSON.

use anyhow::Context;
use unefois_client::Connection;
use unefois_proto::{
    pb::{
        audit::v1::{FoundEntry, SearchExchangesRequest, SearchExchangesResponse},
        ledger::v1::Outcome,
    },
    timestamp_to_wire,
};

use crate::{
    arguments::{AuditSearchOptions, SubjectInput},
    client, output,
};

/// Searches, and prints the newest that match.
pub(super) async fn run(connection: &Connection, request: SearchExchangesRequest, json: bool) -> anyhow::Result<()> {
    let page = connection.audit().search_exchanges(request).await.map_err(|status| client::refused(&status))?;
    print(&page.into_inner(), json);
    Ok(())
}

pub(super) fn search_request(options: AuditSearchOptions) -> anyhow::Result<SearchExchangesRequest> {
    let subject = match options.subject_file {
        Some(file) => {
            let input = SubjectInput { subject_file: Some(file), subject: None };
            Some(client::subject(&input)?)
        }
        None => None,
    };
    let outcome = match options.outcome.as_deref() {
        None => Outcome::Unspecified,
        Some(name) => Outcome::from_str_name(&format!("OUTCOME_{}", name.to_uppercase().replace('-', "_")))
            .with_context(|| format!("`{name}` is not an outcome: released, refused, not-found, failed, accepted"))?,
    };
    Ok(SearchExchangesRequest {
        recorded_from: options.from.map(timestamp_to_wire),
        recorded_before: options.before.map(timestamp_to_wire),
        consumer: options.consumer.unwrap_or_default(),
        provider: options.provider.unwrap_or_default(),
        local_body: options.local_body.unwrap_or_default(),
        dataset: options.dataset.unwrap_or_default(),
        purpose: 0,
        outcome: outcome.into(),
        reason: options.reason.unwrap_or_default(),
        subject,
        kind: 0,
        page_size: options.limit,
        page_token: String::new(),
        case_reference: options.case,
    })
}

fn print(page: &SearchExchangesResponse, json: bool) {
    if json {
        page.entries.iter().for_each(print_json);
        return;
    }
    let columns =
        ["shard", "entry", "recorded", "kind", "consumer", "provider", "dataset", "outcome", "reason", "fields"];
    let mut table = output::table(&columns);
    for FoundEntry { index, public_part, origin, .. } in &page.entries {
        let public = public_part.clone().unwrap_or_default();
        let who = if public.consumer.is_empty() { &public.caller_agency } else { &public.consumer };
        table.add_row([
            origin.clone(),
            index.to_string(),
            output::instant(public.recorded_at_micros),
            short(public.kind().as_str_name(), "ENTRY_KIND_"),
            who.clone(),
            public.provider.clone(),
            public.dataset.clone(),
            short(public.outcome().as_str_name(), "OUTCOME_"),
            public.reason.clone(),
            public.released_fields.join(" "),
        ]);
    }
    output::print_line!("{table}");
    for count in &page.counts {
        output::print_line!(
            "{:>8}  {} {}",
            count.count,
            short(count.outcome().as_str_name(), "OUTCOME_"),
            count.reason
        );
    }
    if !page.next_page_token.is_empty() {
        output::print_line!("there are more: raise --limit or narrow the search");
    }
}

fn print_json(found: &FoundEntry) {
    let public = found.public_part.clone().unwrap_or_default();
    output::json(&serde_json::json!({
        "index": found.index, "origin": found.origin,
        "exchange_id": uuid::Uuid::from_slice(&public.entry_id).unwrap_or_default().to_string(),
        "recorded_at": output::instant(public.recorded_at_micros),
        "kind": public.kind().as_str_name(), "outcome": public.outcome().as_str_name(), "reason": public.reason,
        "caller": public.caller_agency, "consumer": public.consumer, "provider": public.provider,
        "local_body": public.local_body, "dataset": public.dataset, "agreement": public.agreement,
        "legal_basis": public.legal_basis, "released_fields": public.released_fields,
        "withheld_fields": public.withheld_fields, "method": public.method,
    }));
}

fn short(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_lowercase().replace('_', "-")
}
