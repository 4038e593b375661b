//! France Travail is refused without Marie's consent, answered with it, and refused again once she withdraws it.

use anyhow::{Context, ensure};
use unefois_client::Connection;
use unefois_ledger::sha256;
use unefois_proto::pb::{
    consent::v1::{GrantRequest, WithdrawRequest},
    ledger::v1::Purpose,
};

use super::{ask, people::MARIE, show, stage::Stage, tally::Tally};
use crate::client;

/// What Marie confirmed; the portal keeps it, and the hub its digest.
const EVIDENCE: &[u8] = b"Marie Exemple ticked the box and confirmed with FranceConnect (invented)";

pub(crate) async fn tell(stage: &Stage, tally: &mut Tally) -> anyhow::Result<()> {
    let question = || ask::question("d13-unemployment", &MARIE, &[]);
    let portal = stage.agency("portail").await?;
    let mut table = show::table(&["what happens", "what the hub answers"]);

    let refused = ask::refused(stage, tally, "france-travail", question(), "CONSENT_REQUIRED").await?;
    let said = format!("{}: {}", refused.reason, show::refusal(&refused));
    table.add_row(["France Travail asks for Marie's turnover", &said]);

    let consent = grant(&portal).await?;
    table.add_row(["Marie consents, on the portal", "recorded"]);

    let released = ask::released(stage, tally, "france-travail", question()).await?;
    let fields = released.verified.public.released_fields.join(", ");
    table.add_row(["France Travail asks again", &format!("released: {fields}")]);

    withdraw(&portal, &consent).await?;
    table.add_row(["Marie withdraws her consent, on the portal", "recorded"]);

    let refused = ask::refused(stage, tally, "france-travail", question(), "CONSENT_WITHDRAWN").await?;
    table.add_row(["France Travail asks a third time", &format!("{}: {}", refused.reason, show::refusal(&refused))]);

    show::print(&table);
    show::checked("the first exchange after the withdrawal was stopped");
    Ok(())
}

async fn grant(portal: &Connection) -> anyhow::Result<String> {
    let request = GrantRequest {
        subject: Some(MARIE.by_nir()),
        consumer: "france-travail".to_owned(),
        dataset: "declared-turnover".to_owned(),
        purpose: Purpose::Simplification.into(),
        expires_at: None,
        evidence_digest: sha256(EVIDENCE).to_vec(),
    };
    let granted = portal.consent().grant(request).await.map_err(|status| client::refused(&status))?;
    Ok(granted.into_inner().consent.context("the hub recorded no consent")?.consent_id)
}

async fn withdraw(portal: &Connection, consent_id: &str) -> anyhow::Result<()> {
    let request = WithdrawRequest { consent_id: consent_id.to_owned() };
    let withdrawn = portal.consent().withdraw(request).await.map_err(|status| client::refused(&status))?;
    let consent = withdrawn.into_inner().consent.context("the hub knows no such consent")?;
    ensure!(consent.withdrawn_at.is_some(), "the consent is still in force");
    Ok(())
}
