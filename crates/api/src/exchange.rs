//! The generic exchange, and what every typed one shares with it.

use prost::Message;
use tonic::{Request, Response, Status};
use unefois_broker::{Answer, Context, Failure, Freshness, Hub, Question};
use unefois_core::{AgreementId, ConsentId, Reason};
use unefois_ledger::Receipt;
use unefois_proto::{
    event_kind_to_wire, identifier_from_wire, pb,
    pb::exchange::v1::{ExchangeContext, PullRequest, PullResponse},
    purpose_from_wire,
    server::exchange::v1::exchange_service_server::ExchangeService,
    timestamp_from_micros,
};
use uuid::Uuid;

use crate::{
    request::{caller, deadline, reference, trace},
    status::status_of,
};

/// How long a `request_id` may be (AIP-155).
const REQUEST_ID_LENGTH_MAX: usize = 36;

/// `ExchangeService`.
#[derive(Debug, Clone)]
pub(crate) struct Exchanges {
    pub(crate) hub: Hub,
}

#[tonic::async_trait]
impl ExchangeService for Exchanges {
    async fn pull(&self, request: Request<PullRequest>) -> Result<Response<PullResponse>, Status> {
        answer(&self.hub, request, None).await
    }
}

/// A typed question in the generic form: the same request with its key as a message of the dataset.
pub(crate) fn typed(
    dataset: &str,
    context: Option<ExchangeContext>,
    subject: Option<pb::subject::v1::Subject>,
    key: &impl Message,
    field_mask: Option<prost_types::FieldMask>,
) -> PullRequest {
    PullRequest { context, dataset: dataset.to_owned(), subject, key: key.encode_to_vec(), field_mask }
}

/// Asks the broker. A typed call fixes the major version of the dataset: its response can hold no other.
pub(crate) async fn answer(
    hub: &Hub,
    request: Request<PullRequest>,
    dataset_major: Option<u32>,
) -> Result<Response<PullResponse>, Status> {
    let (metadata, extensions, message) = request.into_parts();
    let PullRequest { context, dataset, subject, key, field_mask } = message;
    let invalid = |failure: Failure| status_of(&failure);
    let missing = |field: &str| invalid(Failure::field(Reason::ContextIncomplete, field, "it is required"));
    let question = Question {
        caller: caller(&extensions)?,
        context: context_of(hub, context.ok_or_else(|| missing("context"))?)?,
        dataset,
        dataset_major,
        subject: identity(hub, subject, "subject")?,
        key,
        fields: field_mask.map(|mask| mask.paths).unwrap_or_default(),
        trace: trace(&extensions),
        deadline: deadline(&metadata),
    };
    let answer = hub.pull(question).await.map_err(invalid)?;
    Ok(Response::new(answer_to_wire(answer)))
}

/// The subject that a field of a request names.
pub(crate) fn identity(
    hub: &Hub,
    subject: Option<pb::subject::v1::Subject>,
    field: &str,
) -> Result<unefois_core::Identifier, Status> {
    let Some(subject) = subject else {
        return Err(status_of(&Failure::field(Reason::ContextIncomplete, field, "it is required")));
    };
    identifier_from_wire(subject, hub.sandbox())
        .map_err(|invalid| status_of(&Failure::field(Reason::IdentifierInvalid, field, invalid.rule())))
}

fn context_of(hub: &Hub, wire: ExchangeContext) -> Result<Context, Status> {
    let ExchangeContext { agreement, purpose, case_reference, agent_reference, local_body, request_id, consent_id } =
        wire;
    let invalid = |field: &str, rule: &str| status_of(&Failure::field(Reason::ArgumentInvalid, field, rule));
    let length_max = hub.limits().reference_length_max;
    let agreement = reference(agreement, "context.agreement", length_max)?;
    let request_id = request_id.filter(|id| !id.is_empty());
    if let Some(id) = &request_id
        && (id.len() > REQUEST_ID_LENGTH_MAX || !id.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        return Err(invalid("context.request_id", "at most 36 visible ASCII characters"));
    }
    let consent = match consent_id.filter(|id| !id.is_empty()) {
        Some(id) => {
            Some(ConsentId(Uuid::parse_str(&id).map_err(|_not_a_uuid| invalid("context.consent_id", "it is a UUID"))?))
        }
        None => None,
    };
    let local_body = match local_body.filter(|body| !body.is_empty()) {
        Some(body) => Some(reference(body, "context.local_body", length_max)?),
        None => None,
    };
    Ok(Context {
        agreement: AgreementId::parse(&agreement).map_err(|code| invalid("context.agreement", &code.to_string()))?,
        purpose: purpose_from_wire(purpose).map_err(|unknown| {
            status_of(&Failure::field(Reason::ContextIncomplete, "context.purpose", unknown.to_string()))
        })?,
        case_reference: reference(case_reference, "context.case_reference", length_max)?,
        agent_reference: reference(agent_reference, "context.agent_reference", length_max)?,
        local_body,
        request_id,
        consent,
    })
}

fn answer_to_wire(answer: Answer) -> PullResponse {
    let Answer { data, receipt, freshness, withheld } = answer;
    PullResponse {
        data: Some(data),
        receipt: Some(receipt_to_wire(receipt)),
        freshness: Some(freshness_to_wire(freshness)),
        withheld_fields: withheld,
    }
}

fn freshness_to_wire(freshness: Freshness) -> pb::exchange::v1::Freshness {
    let Freshness { source, provider_recorded_at, learned_at, revision, change } = freshness;
    let change = change.map_or(pb::subscription::v1::EventKind::Unspecified, event_kind_to_wire);
    pb::exchange::v1::Freshness {
        source: source.into(),
        provider_recorded_at: provider_recorded_at.map(timestamp_from_micros),
        learned_at: Some(timestamp_from_micros(learned_at)),
        revision,
        change: change.into(),
    }
}

/// A receipt, to the wire.
pub(crate) fn receipt_to_wire(receipt: Receipt) -> pb::ledger::v1::ExchangeReceipt {
    let Receipt { entry, index, personal_blind, personal_part, inclusion_path, checkpoint } = receipt;
    pb::ledger::v1::ExchangeReceipt {
        entry,
        index,
        personal_blind,
        personal_part,
        inclusion_path: inclusion_path.into_iter().map(|hash| hash.0.to_vec()).collect(),
        checkpoint,
    }
}
