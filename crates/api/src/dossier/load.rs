//! Loading dossiers: a stream of declarations, opened message by message.

use tonic::{Status, Streaming};
use unefois_broker::{Declared, Failure, Hub};
use unefois_core::{Caller, Reason};
use unefois_proto::pb::dossier::v1 as wire;

use super::declaration_of;
use crate::{
    request::reference,
    status::{of_codec, status_of},
};

/// How many declarations a message holds, and how many rejections the answer, as the contract says.
const DECLARATIONS_MAX: usize = 1_000;
const REJECTIONS_MAX: usize = 1_000;

/// Opens what the stream declares. It takes the next message when the one before it is durable.
pub(super) async fn load(
    hub: &Hub,
    caller: &Caller,
    mut messages: Streaming<wire::LoadRequest>,
) -> Result<wire::LoadResponse, Status> {
    let mut answer = wire::LoadResponse::default();
    let mut of_load: Option<String> = None;
    let mut index = 0;
    while let Some(message) = messages.message().await.map_err(of_codec)? {
        let wire::LoadRequest { declarations, case_reference } = message;
        let case_reference = match of_load.take() {
            None => reference(case_reference, "case_reference", hub.limits().reference_length_max)?,
            Some(first) if case_reference.is_empty() || case_reference == first => first,
            Some(_) => return Err(refused("case_reference", "the first message has that of the whole load")),
        };
        if declarations.len() > DECLARATIONS_MAX {
            return Err(refused("declarations", "a message holds at most 1,000"));
        }
        for declared in open(hub, caller, declarations, &case_reference).await.map_err(|failure| status_of(&failure))? {
            count(&mut answer, index, declared);
            index += 1;
        }
        of_load = Some(case_reference);
    }
    Ok(answer)
}

fn refused(field: &str, rule: &str) -> Status {
    status_of(&Failure::field(Reason::ArgumentInvalid, field, rule))
}

/// What became of each declaration of a message, in their order.
async fn open(
    hub: &Hub,
    caller: &Caller,
    declarations: Vec<wire::Declaration>,
    case_reference: &str,
) -> Result<Vec<Declared>, Failure> {
    let mut understood = Vec::with_capacity(declarations.len());
    let mut refused = Vec::with_capacity(declarations.len());
    for declaration in declarations {
        match declaration_of(hub, declaration) {
            Ok(declaration) => {
                understood.push(declaration);
                refused.push(None);
            }
            Err(failure) => refused.push(Some(failure)),
        }
    }
    let mut declared = hub.dossiers_open(caller, understood, case_reference).await?.into_iter();
    let next = |refused: Option<Failure>| match refused {
        Some(failure) => Err(failure),
        None => declared.next().unwrap_or_else(|| Err(Failure::new(Reason::Internal))),
    };
    Ok(refused.into_iter().map(next).collect())
}

fn count(answer: &mut wire::LoadResponse, index: u64, declared: Declared) {
    match declared {
        Ok(Some(_entry)) => answer.opened += 1,
        Ok(None) => answer.unchanged += 1,
        Err(failure) => {
            answer.rejected += 1;
            if answer.rejections.len() < REJECTIONS_MAX {
                answer.rejections.push(wire::LoadRejection {
                    index,
                    reason: failure.reason.code().to_owned(),
                    message: failure.message.to_string(),
                    field: failure.violations.into_iter().next().map(|violation| violation.field).unwrap_or_default(),
                });
            }
        }
    }
}
