//! `unefois subject`: what was done with a person's data; joining two files of one person; erasing one.

use anyhow::bail;
use unefois_client::ClientSettings;
use unefois_proto::pb::subject::v1::{EraseRequest, ErasureScope, ListExchangesRequest, MergeRequest, SubjectExchange};

use crate::{
    arguments::{ErasureScopeArgument, SubjectCommand},
    client, output,
};

pub(crate) async fn run(command: SubjectCommand, settings: &ClientSettings) -> anyhow::Result<()> {
    match command {
        SubjectCommand::Exchanges { subject, case, json } => {
            let subject = client::subject(&subject)?;
            let mut service = client::connect(settings).await?.subject();
            let mut page_token = String::new();
            loop {
                let request = ListExchangesRequest {
                    subject: Some(subject.clone()),
                    case_reference: case.clone(),
                    page_size: 0,
                    page_token,
                };
                let page =
                    service.list_exchanges(request).await.map_err(|status| client::refused(&status))?.into_inner();
                page.exchanges.iter().for_each(|exchange| print(exchange, json));
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    return Ok(());
                }
            }
        }
        SubjectCommand::Merge { subject, case } => {
            let mut subjects = client::subjects(&subject)?.into_iter();
            let (Some(kept), Some(merged), None) = (subjects.next(), subjects.next(), subjects.next()) else {
                bail!("two lines are expected: the identifier that is kept, then the one that is merged");
            };
            let request = MergeRequest { kept: Some(kept), merged: Some(merged), case_reference: case };
            let mut service = client::connect(settings).await?.subject();
            let done = service.merge(request).await.map_err(|status| client::refused(&status))?.into_inner();
            output::print_line!("merged; recorded as {}", done.exchange_id);
            Ok(())
        }
        SubjectCommand::Erase { subject, scope, case } => {
            let scope = match scope {
                ErasureScopeArgument::Payload => ErasureScope::Payload,
                ErasureScopeArgument::PayloadAndTrace => ErasureScope::PayloadAndTrace,
            };
            let request =
                EraseRequest { subject: Some(client::subject(&subject)?), scope: scope.into(), case_reference: case };
            let mut service = client::connect(settings).await?.subject();
            let done = service.erase(request).await.map_err(|status| client::refused(&status))?.into_inner();
            output::print_line!(
                "erased {} records and {} traces; recorded as {}",
                done.records,
                done.traces,
                done.exchange_id
            );
            Ok(())
        }
    }
}

fn print(exchange: &SubjectExchange, json: bool) {
    if json {
        output::json(&serde_json::json!({
            "exchange_id": exchange.exchange_id, "consumer": exchange.consumer, "provider": exchange.provider,
            "dataset": exchange.dataset, "outcome": exchange.outcome().as_str_name(), "reason": exchange.reason,
            "released_fields": exchange.released_fields, "sentence": exchange.sentence,
        }));
    } else {
        output::print_line!("{}", exchange.sentence);
    }
}
