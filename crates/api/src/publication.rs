//! `PublicationService`: a stream of items, published in the batches in which they come.

mod batch;

use futures::Stream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use tracing::Instrument;
use unefois_broker::{
    Acknowledgement, AcknowledgementKind, Failure, Finding, FindingKind, Hub, PublicationChange, PublicationProof,
    PublishItem,
};
use unefois_core::{Caller, Reason};
use unefois_proto::{
    identifier_from_wire, pb::publication::v1 as wire,
    server::publication::v1::publication_service_server::PublicationService, timestamp_from_wire,
};

use unefois_telemetry::Trace;

use self::batch::{Arrived, Then, next_batch, without_repeats};
use crate::{
    exchange::receipt_to_wire,
    request::{caller, trace},
    status::{of_codec, status_of},
};

/// `PublicationService`.
#[derive(Debug, Clone)]
pub(crate) struct Publications {
    pub(crate) hub: Hub,
    /// How many answers may wait for a slow publisher.
    pub(crate) answers_max: usize,
}

type Answers = ReceiverStream<Result<wire::PublishResponse, Status>>;

#[tonic::async_trait]
impl PublicationService for Publications {
    type PublishStream = Answers;

    async fn publish(&self, request: Request<Streaming<wire::PublishRequest>>) -> Result<Response<Answers>, Status> {
        let caller = caller(request.extensions())?;
        let (answers, stream) = mpsc::channel(self.answers_max);
        let hub = self.hub.clone();
        // Ends with the stream of the publisher, or when nobody listens to the answers any more.
        let trace = trace(request.extensions());
        let publishing = async move { publish(&hub, (&caller, &trace), request.into_inner(), &answers).await };
        tokio::spawn(publishing.in_current_span());
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

async fn publish(
    hub: &Hub,
    call: (&Caller, &Trace),
    mut items: impl Stream<Item = Result<wire::PublishRequest, Status>> + Unpin,
    answers: &mpsc::Sender<Result<wire::PublishResponse, Status>>,
) {
    loop {
        let Arrived { items, then } = next_batch(&mut items, hub.limits()).await;
        for part in without_repeats(items).into_iter().filter(|part| !part.is_empty()) {
            for answer in publish_batch(hub, call, part).await {
                if answers.send(answer).await.is_err() {
                    return;
                }
            }
        }
        match then {
            Then::More => {}
            Then::End => return,
            Then::Broken(status) => {
                // The publisher may be gone; what was acknowledged stands.
                let _gone = answers.send(Err(of_codec(status))).await;
                return;
            }
        }
    }
}

async fn publish_batch(
    hub: &Hub,
    (caller, trace): (&Caller, &Trace),
    items: Vec<wire::PublishRequest>,
) -> Vec<Result<wire::PublishResponse, Status>> {
    let ids: Vec<String> = items.iter().map(|item| item.publication_id.clone()).collect();
    let mut understood = Vec::with_capacity(items.len());
    let mut fates: Vec<Option<Failure>> = Vec::with_capacity(items.len());
    for item in items {
        match item_of(hub, item) {
            Ok(item) => {
                understood.push(item);
                fates.push(None);
            }
            Err(failure) => fates.push(Some(failure)),
        }
    }
    let published = if understood.is_empty() { Ok(Vec::new()) } else { hub.publish(caller, understood, trace).await };
    let mut published = match published {
        Ok(results) => results.into_iter(),
        // Nothing of the batch is durable: the publisher sends it again under the same identifiers.
        Err(failure) => return vec![Err(status_of(&failure))],
    };
    ids.into_iter()
        .zip(fates)
        .map(|(publication_id, fate)| {
            let result = match fate {
                Some(failure) => Err(failure),
                None => published.next().unwrap_or_else(|| Err(Failure::new(Reason::Internal))),
            };
            let result = match result {
                Ok(acknowledgement) => wire::publish_response::Result::Acknowledged(acknowledged(acknowledgement)),
                Err(failure) => wire::publish_response::Result::Rejected(rejected(&failure)),
            };
            Ok(wire::PublishResponse { publication_id, result: Some(result) })
        })
        .collect()
}

fn item_of(hub: &Hub, item: wire::PublishRequest) -> Result<PublishItem, Failure> {
    let wire::PublishRequest { publication_id, dataset, subjects, data, recorded_at, dataset_major, change } = item;
    let invalid = |field: &str, rule: String| Failure::field(Reason::ArgumentInvalid, field, rule);
    let change = match wire::PublicationChange::try_from(change) {
        Ok(wire::PublicationChange::Unspecified) => PublicationChange::Value,
        Ok(wire::PublicationChange::Correction) => PublicationChange::Correction,
        Ok(wire::PublicationChange::End) => PublicationChange::End,
        // Of a later contract: taken for a new value, nobody would be told what it is.
        Err(_unknown) => return Err(invalid("change", "it is not one of the changes".to_owned())),
    };
    let recorded_at = recorded_at.ok_or_else(|| invalid("recorded_at", "it is required".to_owned()))?;
    let subjects = subjects
        .into_iter()
        .enumerate()
        .map(|(position, subject)| {
            identifier_from_wire(subject, hub.sandbox()).map_err(|broken| {
                Failure::field(Reason::IdentifierInvalid, format!("subjects[{position}]"), broken.rule())
            })
        })
        .collect::<Result<_, _>>()?;
    let recorded_at = timestamp_from_wire(recorded_at).map_err(|broken| invalid("recorded_at", broken.to_string()))?;
    // What programs of before the second major leave out.
    let dataset_major = dataset_major.max(1);
    Ok(PublishItem { publication_id, dataset, dataset_major, subjects, data, recorded_at, change })
}

fn acknowledged(acknowledgement: Acknowledgement) -> wire::Acknowledgement {
    let Acknowledgement { record, revision, kind, proof, findings } = acknowledgement;
    let kind = match kind {
        AcknowledgementKind::Created => wire::AcknowledgementKind::Created,
        AcknowledgementKind::Revised => wire::AcknowledgementKind::Revised,
        AcknowledgementKind::Unchanged => wire::AcknowledgementKind::Unchanged,
    };
    let mut answer = wire::Acknowledgement {
        record_id: record.to_string(),
        revision,
        kind: kind.into(),
        receipt: None,
        item_index: 0,
        item_path: Vec::new(),
        blind: Vec::new(),
        findings: findings.into_iter().map(finding).collect(),
    };
    if let Some(PublicationProof { receipt, item_index, item_path, blind }) = proof {
        answer.receipt = Some(receipt_to_wire(receipt));
        answer.item_index = item_index;
        answer.item_path = item_path.into_iter().map(|hash| hash.to_vec()).collect();
        answer.blind = blind.to_vec();
    }
    answer
}

fn finding(finding: Finding) -> wire::Finding {
    let Finding { kind, path } = finding;
    let kind = match kind {
        FindingKind::Duplicate => wire::FindingKind::Duplicate,
        FindingKind::Homonym => wire::FindingKind::Homonym,
    };
    wire::Finding { kind: kind.into(), path }
}

fn rejected(failure: &Failure) -> wire::Rejection {
    wire::Rejection {
        reason: failure.reason.code().to_owned(),
        message: failure.message.to_string(),
        field: failure.violations.first().map(|violation| violation.field.clone()).unwrap_or_default(),
    }
}
