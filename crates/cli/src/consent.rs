//! `unefois consent`: grant, withdraw, list.

use anyhow::Context;
use unefois_client::ClientSettings;
use unefois_proto::{
    pb::consent::v1::{Consent, GrantRequest, ListRequest, WithdrawRequest},
    timestamp_from_wire, timestamp_to_wire,
};

use crate::{arguments::ConsentCommand, client, output};

pub(crate) async fn run(command: ConsentCommand, settings: &ClientSettings) -> anyhow::Result<()> {
    match command {
        ConsentCommand::Grant { subject, consumer, dataset, purpose, expires_at, evidence } => {
            let evidence = std::fs::read(&evidence)
                .with_context(|| format!("cannot read the evidence `{}`", evidence.display()))?;
            let request = GrantRequest {
                subject: Some(client::subject(&subject)?),
                consumer,
                dataset,
                purpose: client::purpose(&purpose)?,
                expires_at: expires_at.map(timestamp_to_wire),
                evidence_digest: unefois_ledger::sha256(&evidence).to_vec(),
            };
            let connection = client::connect(settings).await?;
            let granted =
                connection.consent().grant(request).await.map_err(|status| client::refused(&status))?.into_inner();
            print(&granted.consent.into_iter().collect::<Vec<_>>());
            Ok(())
        }
        ConsentCommand::Withdraw { id } => {
            let connection = client::connect(settings).await?;
            let request = WithdrawRequest { consent_id: id };
            let withdrawn =
                connection.consent().withdraw(request).await.map_err(|status| client::refused(&status))?.into_inner();
            print(&withdrawn.consent.into_iter().collect::<Vec<_>>());
            Ok(())
        }
        ConsentCommand::List { subject, case, json } => {
            let request = ListRequest { subject: Some(client::subject(&subject)?), case_reference: case };
            let connection = client::connect(settings).await?;
            let listed =
                connection.consent().list(request).await.map_err(|status| client::refused(&status))?.into_inner();
            if json {
                print_json(&listed.consents)
            } else {
                print(&listed.consents)
            }
            Ok(())
        }
    }
}

fn print(consents: &[Consent]) {
    let mut table = output::table(&["consent", "consumer", "dataset", "purpose", "granted", "withdrawn"]);
    for consent in consents {
        table.add_row([
            consent.consent_id.clone(),
            consent.consumer.clone(),
            consent.dataset.clone(),
            consent.purpose().as_str_name().trim_start_matches("PURPOSE_").to_lowercase(),
            instant(consent.granted_at),
            instant(consent.withdrawn_at),
        ]);
    }
    output::print_line!("{table}");
}

fn print_json(consents: &[Consent]) {
    for consent in consents {
        output::json(&serde_json::json!({
            "consent_id": consent.consent_id, "consumer": consent.consumer, "dataset": consent.dataset,
            "purpose": consent.purpose().as_str_name(), "granted_by": consent.granted_by,
            "granted_at": instant(consent.granted_at), "withdrawn_at": instant(consent.withdrawn_at),
        }));
    }
}

fn instant(at: Option<prost_types::Timestamp>) -> String {
    let at = at.and_then(|at| timestamp_from_wire(at).ok());
    at.map(|at| output::instant(at.as_microsecond())).unwrap_or_default()
}
