//! CNAF gets the two fields that it asks for; a training fund without an agreement gets none.

use anyhow::{Context, ensure};
use unefois_catalog::Catalog;
use unefois_proto::pb::income::v1::{DeclarationStatus, DeclaredTurnover};

use super::{
    ask::{self, Answer},
    people::MARIE,
    show,
    stage::Stage,
    tally::Tally,
};

/// The mask of CNAF.
const ASKED: [&str; 2] = ["amounts", "status"];

pub(crate) async fn tell(stage: &Stage, tally: &mut Tally) -> anyhow::Result<()> {
    let mut question = ask::question("d14-benefits", &MARIE, &ASKED);
    if let Some(context) = &mut question.context {
        context.local_body = Some("caf-31".to_owned());
    }
    let Answer { answer, verified } = ask::released(stage, tally, "cnaf", question).await?;
    let DeclaredTurnover { siren, period, amounts, status: _, declared_on, declared_with_doubt, final_withholding } =
        &answer.data;
    let bnc_cents = amounts.as_ref().and_then(|amounts| amounts.bnc_cents).context("no amount was released")?;
    ensure!(bnc_cents == MARIE.turnover_cents, "another amount was released than the one that Marie declared");
    ensure!(answer.data.status() == DeclarationStatus::Declared, "another status was released than declared");
    ensure!(
        siren.is_none()
            && period.is_none()
            && declared_on.is_none()
            && declared_with_doubt.is_none()
            && final_withholding.is_none(),
        "a field was released that CNAF did not ask for"
    );
    ensure!(verified.public.released_fields == ASKED, "the ledger names other fields than those released");

    let catalog = Catalog::load(unefois_proto::FILE_DESCRIPTOR_SET)?;
    let dataset = catalog.dataset("declared-turnover").context("the dataset is not in the catalogue")?;
    let mut table = show::table(&["field", "what the CAF of Haute-Garonne receives"]);
    for field in dataset.fields() {
        let value = match field.name.as_str() {
            "amounts" => format!("services (BNC) {}, other services €0.00, goods €0.00", show::euros(bnc_cents)),
            "status" => "declared".to_owned(),
            _other => "—".to_owned(),
        };
        table.add_row([&field.name, &value]);
    }
    show::print(&table);
    let public = &verified.public;
    show::say(&format!(
        "{} of {} fields, under the agreement {} ({}).",
        public.released_fields.len(),
        dataset.fields().len(),
        public.agreement,
        public.legal_basis
    ));
    show::checked(&format!(
        "the receipt verifies offline: entry {} of the ledger, and exactly the bytes that CNAF received",
        answer.pulled.receipt.index
    ));
    Ok(())
}

pub(crate) async fn tell_of_the_fund(stage: &Stage, tally: &mut Tally) -> anyhow::Result<()> {
    let attempts = [
        ("an agreement that does not exist", "fafcea-turnover", "AGREEMENT_UNKNOWN"),
        ("the agreement of CNAF", "d14-benefits", "AGREEMENT_OF_ANOTHER_CONSUMER"),
    ];
    let mut table = show::table(&["the fund (fafcea) invokes", "the hub answers", "which says"]);
    for (what, agreement, reason) in attempts {
        let question = ask::question(agreement, &MARIE, &[]);
        let refused = ask::refused(stage, tally, "fafcea", question, reason).await?;
        table.add_row([&format!("{what} ({agreement})"), &refused.reason, &show::refusal(&refused)]);
    }
    show::print(&table);
    show::checked("both refusals name their reason, and the entry of the ledger that records them");
    Ok(())
}
