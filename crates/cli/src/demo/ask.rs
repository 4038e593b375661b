//! Asking for a turnover: released with a receipt that verifies offline, or refused with the reason that is due.

use anyhow::{Context, bail, ensure};
use prost_types::FieldMask;
use tokio::time::Instant;
use unefois_client::{PullError, Refused, RetryPolicy, Typed, declared_turnover};
use unefois_ledger::{Verified, VerifyingKey};
use unefois_proto::pb::{
    calendar::v1::{Month, Period, period::Length},
    exchange::v1::ExchangeContext,
    income::v1::{DeclaredTurnover, GetDeclaredTurnoverRequest},
    ledger::v1::Purpose,
};
use uuid::Uuid;

use super::{people::Person, stage::Stage, tally::Tally};

/// The reference of the case in every question of the story: one of the words that the database must not show.
pub(crate) const CASE: &str = "DOSSIER-DEMO-31-4711";

/// The reference of the agent who is looking: another of them.
pub(crate) const AGENT: &str = "AGENT-DEMO-0815";

/// The month that everybody declared.
pub(crate) const YEAR: i32 = 2026;
pub(crate) const MONTH: i32 = 3;

/// An answer whose receipt verified.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) answer: Typed<DeclaredTurnover>,
    pub(crate) verified: Verified,
}

pub(crate) fn period() -> Period {
    Period { length: Some(Length::Month(Month { year: Some(YEAR), month: Some(MONTH) })) }
}

/// The question for a person's turnover, under an agreement; a `request_id` makes it repeatable.
pub(crate) fn question(agreement: &str, person: &Person, fields: &[&str]) -> GetDeclaredTurnoverRequest {
    let paths: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
    GetDeclaredTurnoverRequest {
        context: Some(ExchangeContext {
            agreement: agreement.to_owned(),
            purpose: Purpose::Simplification.into(),
            case_reference: CASE.to_owned(),
            agent_reference: AGENT.to_owned(),
            local_body: None,
            request_id: Some(Uuid::now_v7().to_string()),
            consent_id: None,
        }),
        subject: Some(person.by_nir()),
        period: Some(period()),
        field_mask: (!paths.is_empty()).then_some(FieldMask { paths }),
    }
}

/// Asks as an agency; the answer must come, and its receipt must verify.
pub(crate) async fn released(
    stage: &Stage,
    tally: &mut Tally,
    agency: &str,
    question: GetDeclaredTurnoverRequest,
) -> anyhow::Result<Answer> {
    let key = stage.public_key().await?;
    let connection = stage.agency(agency).await?;
    let asked = Instant::now();
    let answer = declared_turnover(&connection, question, &RetryPolicy::never()).await;
    let answer = answer.with_context(|| format!("`{agency}` should have been answered"))?;
    tally.released(asked.elapsed());
    verified(answer, &key)
}

/// Verifies an answer offline: what the agency received, and the hub's public key, are all that is needed.
pub(crate) fn verified(answer: Typed<DeclaredTurnover>, key: &VerifyingKey) -> anyhow::Result<Answer> {
    let verified = answer.pulled.verify(key)?;
    Ok(Answer { answer, verified })
}

/// Asks as an agency; the hub must refuse, for that reason.
pub(crate) async fn refused(
    stage: &Stage,
    tally: &mut Tally,
    agency: &str,
    question: GetDeclaredTurnoverRequest,
    reason: &str,
) -> anyhow::Result<Refused> {
    let connection = stage.agency(agency).await?;
    match declared_turnover(&connection, question, &RetryPolicy::never()).await {
        Ok(_released) => bail!("`{agency}` was answered, and should have been refused with {reason}"),
        Err(PullError::Refused(refused)) => {
            ensure!(refused.reason == reason, "`{agency}` was refused with {}, not with {reason}", refused.reason);
            ensure!(refused.exchange_id.is_some(), "the refusal names no entry of the ledger");
            tally.refused();
            Ok(refused)
        }
        Err(other) => Err(other).with_context(|| format!("`{agency}` should have been refused with {reason}")),
    }
}
