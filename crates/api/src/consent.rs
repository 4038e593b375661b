//! `ConsentService`.

use tonic::{Request, Response, Status};
use unefois_broker::{ConsentAsked, Failure, Hub};
use unefois_core::{AgencyCode, ConsentId, DatasetId, Reason};
use unefois_proto::{
    consent_to_wire, pb::consent::v1 as wire, purpose_from_wire,
    server::consent::v1::consent_service_server::ConsentService, timestamp_from_wire,
};
use uuid::Uuid;

use crate::{
    exchange::identity,
    request::{caller, reference},
    status::status_of,
};

/// `ConsentService`.
#[derive(Debug, Clone)]
pub(crate) struct Consents {
    pub(crate) hub: Hub,
}

#[tonic::async_trait]
impl ConsentService for Consents {
    async fn grant(&self, request: Request<wire::GrantRequest>) -> Result<Response<wire::GrantResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::GrantRequest { subject, consumer, dataset, purpose, expires_at, evidence_digest } =
            request.into_inner();
        let expires_at = match expires_at {
            Some(at) => Some(timestamp_from_wire(at).map_err(|broken| invalid("expires_at", broken.to_string()))?),
            None => None,
        };
        let asked = ConsentAsked {
            subject: identity(&self.hub, subject, "subject")?,
            consumer: AgencyCode::parse(&consumer).map_err(|code| invalid("consumer", code.to_string()))?,
            dataset: DatasetId::parse(&dataset).map_err(|code| invalid("dataset", code.to_string()))?,
            purpose: purpose_from_wire(purpose).map_err(|unknown| invalid("purpose", unknown.to_string()))?,
            expires_at,
            evidence_digest: evidence_digest
                .try_into()
                .map_err(|_wrong_length| invalid("evidence_digest", "a SHA-256 digest has 32 bytes".to_owned()))?,
        };
        let (consent, id) = self.hub.consent_grant(&caller, asked).await.map_err(|failure| status_of(&failure))?;
        let consent = Some(consent_to_wire(consent));
        Ok(Response::new(wire::GrantResponse { consent, exchange_id: id.to_string() }))
    }

    async fn withdraw(
        &self,
        request: Request<wire::WithdrawRequest>,
    ) -> Result<Response<wire::WithdrawResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::WithdrawRequest { consent_id } = request.into_inner();
        let id =
            Uuid::parse_str(&consent_id).map_err(|_not_a_uuid| invalid("consent_id", "it is a UUID".to_owned()))?;
        let (consent, entry) =
            self.hub.consent_withdraw(&caller, ConsentId(id)).await.map_err(|failure| status_of(&failure))?;
        Ok(Response::new(wire::WithdrawResponse {
            consent: Some(consent_to_wire(consent)),
            exchange_id: entry.map(|id| id.to_string()).unwrap_or_default(),
        }))
    }

    async fn list(&self, request: Request<wire::ListRequest>) -> Result<Response<wire::ListResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::ListRequest { subject, case_reference } = request.into_inner();
        let subject = identity(&self.hub, subject, "subject")?;
        let case_reference = reference(case_reference, "case_reference", self.hub.limits().reference_length_max)?;
        let consents =
            self.hub.consent_list(&caller, &subject, &case_reference).await.map_err(|failure| status_of(&failure))?;
        let consents = consents.into_iter().map(consent_to_wire).collect();
        Ok(Response::new(wire::ListResponse { consents }))
    }
}

fn invalid(field: &str, rule: String) -> Status {
    status_of(&Failure::field(Reason::ArgumentInvalid, field, rule))
}
