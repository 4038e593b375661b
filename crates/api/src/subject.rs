//! `SubjectService`.

use tonic::{Request, Response, Status};
use unefois_broker::{Erased, Failure, Hub, SubjectExchange};
use unefois_core::{ErasureScope, Reason};
use unefois_proto::{
    pb::subject::v1 as wire, server::subject::v1::subject_service_server::SubjectService, timestamp_from_micros,
};

use crate::{
    exchange::identity,
    request::{caller, page_size, reference},
    status::status_of,
};

/// How many exchanges a page holds when the portal does not say, and at most.
const PAGE: (u32, u32) = (50, 100);

/// `SubjectService`.
#[derive(Debug, Clone)]
pub(crate) struct Subjects {
    pub(crate) hub: Hub,
}

#[tonic::async_trait]
impl SubjectService for Subjects {
    async fn list_exchanges(
        &self,
        request: Request<wire::ListExchangesRequest>,
    ) -> Result<Response<wire::ListExchangesResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::ListExchangesRequest { subject, case_reference, page_size: asked, page_token } = request.into_inner();
        let subject = identity(&self.hub, subject, "subject")?;
        let case_reference = reference(case_reference, "case_reference", self.hub.limits().reference_length_max)?;
        let count = page_size(asked, PAGE)?;
        let (found, next_page_token) = self
            .hub
            .subject_exchanges(&caller, &subject, &case_reference, count, &page_token)
            .await
            .map_err(|failure| status_of(&failure))?;
        let exchanges = found.into_iter().map(exchange_to_wire).collect();
        Ok(Response::new(wire::ListExchangesResponse { exchanges, next_page_token }))
    }

    async fn merge(&self, request: Request<wire::MergeRequest>) -> Result<Response<wire::MergeResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::MergeRequest { kept, merged, case_reference } = request.into_inner();
        let kept = identity(&self.hub, kept, "kept")?;
        let merged = identity(&self.hub, merged, "merged")?;
        let case_reference = reference(case_reference, "case_reference", self.hub.limits().reference_length_max)?;
        let id =
            self.hub.merge(&caller, &kept, &merged, &case_reference).await.map_err(|failure| status_of(&failure))?;
        Ok(Response::new(wire::MergeResponse { exchange_id: id.to_string() }))
    }

    async fn erase(&self, request: Request<wire::EraseRequest>) -> Result<Response<wire::EraseResponse>, Status> {
        let caller = caller(request.extensions())?;
        let scope = erasure_scope(request.get_ref().scope())?;
        let wire::EraseRequest { subject, scope: _, case_reference } = request.into_inner();
        let subject = identity(&self.hub, subject, "subject")?;
        let case_reference = reference(case_reference, "case_reference", self.hub.limits().reference_length_max)?;
        let erased = self.hub.erase(&caller, &subject, scope, &case_reference).await;
        let Erased { exchange_id, records, traces } = erased.map_err(|failure| status_of(&failure))?;
        Ok(Response::new(wire::EraseResponse { exchange_id: exchange_id.to_string(), records, traces }))
    }
}

fn erasure_scope(scope: wire::ErasureScope) -> Result<ErasureScope, Status> {
    match scope {
        wire::ErasureScope::Payload => Ok(ErasureScope::Payload),
        wire::ErasureScope::PayloadAndTrace => Ok(ErasureScope::PayloadAndTrace),
        wire::ErasureScope::Unspecified => {
            Err(status_of(&Failure::field(Reason::ArgumentInvalid, "scope", "it says what is erased")))
        }
    }
}

fn exchange_to_wire(exchange: SubjectExchange) -> wire::SubjectExchange {
    let SubjectExchange { id, public, consumer, local_body, provider, dataset, legal_basis, sentence } = exchange;
    wire::SubjectExchange {
        exchange_id: id.to_string(),
        recorded_at: Some(timestamp_from_micros(public.recorded_at_micros)),
        consumer,
        local_body,
        provider,
        dataset,
        purpose: public.purpose,
        legal_basis,
        outcome: public.outcome,
        reason: public.reason,
        released_fields: public.released_fields,
        sentence,
    }
}
